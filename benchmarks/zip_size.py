"""The predict zip for Lambda, unpacked, beside numpy and onnxruntime alone."""

import zipfile

from benchmarks.comparison import Comparison, Figure, tell
from cloud.packaging.lockfile import LAMBDA
from cloud.packaging.package import MIB, build
from cloud.resources import builds

LIBRARIES = ("numpy/", "numpy.libs/", "onnxruntime/")


def main() -> None:
    """Build the zip, or take it from the cache, and add up what is in it."""
    package = build("predict", LAMBDA, builds() / "cache")
    with zipfile.ZipFile(package.path) as archive:
        # As they are in the zip: without their tests, headers and tools, which is the harder comparison.
        alone = sum(info.file_size for info in archive.infolist() if info.filename.startswith(LIBRARIES))
    tell(
        "zip_size",
        [
            Comparison(
                "predict zip for Lambda, unpacked",
                "numpy and onnxruntime alone, pruned alike",
                "MiB",
                Figure.of([package.unzipped / MIB]),
                Figure.of([alone / MIB]),
                reach=1.25,
            )
        ],
    )


if __name__ == "__main__":
    main()
