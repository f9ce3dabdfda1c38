"""Make a cached zip of locked dependencies: installed for the target, pruned and compiled."""

import hashlib
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from cloud.installer import COMPLETE_LOCK, SetupError, pip_environment, run, uv_environment
from cloud.packaging import bytecode
from cloud.packaging.bytecode import Compiler, compile_tree
from cloud.packaging.lockfile import Target, local_target
from menagerie.errors import Unavailable

if TYPE_CHECKING:
    from cloud.console import Update

# Nothing here is imported at run time: tests, headers, stubs, command-line tools, the parts of onnxruntime and onnx
# that convert, quantise or benchmark models, the parts of numpy and scipy that build, test, read files or process
# signals, and libonnxruntime.so, which is for C programs (28 MiB; the Python module links the same code statically).
# Of powertools only the logger is used. FastAPI imports pydantic.v1 where it exists, which takes 20 ms of a start.
PRUNED = (
    "**/tests", "**/*.pyi", "**/*.pxd", "**/*.pyx", "**/*.h", "**/*.hpp", "**/*.c", "**/*.cpp", "**/*.cc", "**/*.a",
    "**/__pycache__", "bin", "share", "include",
    "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED", ".lock", # pip and uv differ in these
    "aws_lambda_powertools/event_handler", "aws_lambda_powertools/middleware_factory",
    "aws_lambda_powertools/utilities/[!_j]*", "pydantic/v1",
    "numpy/distutils", "numpy/_core/_simd.*", "numpy/_core/*_tests.*",
    "scipy/cluster", "scipy/datasets", "scipy/fftpack", "scipy/io", "scipy/misc", "scipy/odr", "scipy/signal",
    "joblib/test", "onnx/backend", "onnx/examples", "onnx/reference",
    "onnxruntime/tools", "onnxruntime/transformers", "onnxruntime/quantization", "onnxruntime/datasets",
    "onnxruntime/capi/libonnxruntime.so*",
    "sklearn/datasets/data", "sklearn/datasets/images", "sklearn/datasets/descr",
)  # fmt: skip

# Only training needs these: scipy imports numpy.f2py, and onnx imports protobuf, which onnxruntime only declares.
PRUNED_FROM_PART = {"predict": ("numpy/f2py", "google", "protobuf-*.dist-info")}

# The oldest time that a zip file can hold. Any fixed time would do.
EPOCH = (1980, 1, 1, 0, 0, 0)
REGULAR = 0o100644
EXECUTABLE = 0o100755


def dependencies_zip(
    part: str, requirements: str, target: Target, compiler: Compiler | None, cache: Path, progress: "Update"
) -> Path:
    """Return the path of a zip with the pinned requirements, built for the target on first use.

    Without a compiler it contains no bytecode. Raises Unavailable if the installation fails.
    """
    compiled_by = compiler.version if compiler else "nothing"
    sources = (Path(module).read_text(encoding="utf-8") for module in (__file__, bytecode.__file__))
    recipe = "\n".join((requirements, repr(target), compiled_by, *sources))
    path = cache / f"{part}-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}.zip"
    if path.exists():
        return path
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        tree = Path(folder, "tree")
        progress(f"installing the dependencies of {part}")
        install(requirements, target, tree)
        _prune(tree, (*PRUNED, *PRUNED_FROM_PART.get(part, ())))
        if compiler:
            compile_tree(tree, compiler)
        progress(f"compressing the dependencies of {part}")
        temporary = Path(folder, "dependencies.zip")
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            add_files(archive, tree)
        temporary.replace(path)
    return path


def install(requirements: str, target: Target, tree: Path) -> None:
    """Install pinned requirements for the target into an empty folder, with uv if it is there, else with pip.

    Raises Unavailable if that fails, or if there is neither.
    """
    uv = shutil.which("uv")
    has_pip = find_spec("pip") is not None
    if not uv and not has_pip:
        raise Unavailable(f"packaging needs pip or uv; add pip to this Python with `{sys.executable} -m ensurepip`")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(requirements)
        file.flush()
        wanted = ["--target", str(tree), *COMPLETE_LOCK, "-r", file.name]
        if uv:
            completed = run([*_uv(target), *wanted], uv_environment())
            if not completed.status:
                return
            shutil.rmtree(tree, ignore_errors=True)
        if has_pip:
            try:
                completed = run([*_pip(target), *wanted], pip_environment(sys.executable))
            except SetupError as error:
                raise Unavailable(f"the dependencies could not be installed: {error}") from error
    if completed.status:
        raise Unavailable(f"the dependencies could not be installed: {completed.reason}")


def _uv(target: Target) -> list[str]:
    command = ["uv", "pip", "install", "--quiet", "--link-mode", "copy", "--python", sys.executable]
    if target == local_target():
        return command
    return [*command, "--python-version", target.python_version, "--python-platform", "x86_64-manylinux_2_28"]


def _pip(target: Target) -> list[str]:
    command = [sys.executable, "-m", "pip", "install", "--no-compile"]
    if target == local_target():
        return command
    platforms = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
    # pip checks Requires-Python against this interpreter too. The lock file has checked it for the target.
    command += ["--implementation", "cp", "--python-version", target.python_version, "--ignore-requires-python"]
    return command + [word for platform in platforms for word in ("--platform", platform)]


def _prune(tree: Path, patterns: Iterable[str]) -> None:
    for pattern in patterns:
        for path in sorted(tree.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def add_files(archive: zipfile.ZipFile, root: Path) -> None:
    """Add every file below root in sorted order, under its path relative to root."""
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        info = zipfile.ZipInfo(path.relative_to(root).as_posix(), EPOCH)
        mode = EXECUTABLE if path.suffix == ".so" or ".so." in path.name else REGULAR
        info.external_attr = mode << 16
        info.create_system = 3  # Unix: readers then apply the mode
        info.compress_type = archive.compression
        # Level 1 takes a third of the time of the default and makes the file an eighth larger.
        archive.writestr(info, path.read_bytes(), compresslevel=1)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
