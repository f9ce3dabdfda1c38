"""Compare the unpacked predict zip for Lambda with numpy and onnxruntime alone."""

import zipfile

from benchmarks.comparison import Comparison, Figure, write_report
from cloud.packaging.lockfile import LAMBDA
from cloud.packaging.package import MIB, build
from cloud.resources import builds

LIBRARIES = ("numpy/", "numpy.libs/", "onnxruntime/")


def main() -> None:
    """Build the zip or use the cached one, and sum the sizes of its files."""
    package = build("predict", LAMBDA, builds() / "cache")
    with zipfile.ZipFile(package.path) as archive:
        # As in the zip, without tests, headers and tools, which makes the target harder.
        alone = sum(info.file_size for info in archive.infolist() if info.filename.startswith(LIBRARIES))
    write_report(
        "zip_size",
        [
            Comparison(
                "predict zip for Lambda, unpacked",
                "numpy and onnxruntime alone, pruned alike",
                "MiB",
                Figure.of([package.unzipped / MIB]),
                Figure.of([alone / MIB]),
                target=1.25,
            )
        ],
    )


if __name__ == "__main__":
    main()
