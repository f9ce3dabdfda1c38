"""A part's locked dependencies as one cached zip: installed for the target, pruned, compiled."""

import hashlib
import py_compile
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode

from cloud.archive import add_files
from cloud.locks import Report, Target, local_target
from menagerie.errors import Unavailable

# Nothing here is imported at run time: tests, headers, stubs, command-line tools, the parts of onnxruntime and onnx
# that convert, quantise or benchmark models, and libonnxruntime.so, which is for C programs (28 MiB; the Python
# module has the same code linked in).
PRUNED = (
    "**/tests", "**/*.pyi", "**/*.pxd", "**/*.pyx", "**/*.h", "**/*.hpp", "**/*.c", "**/*.cpp", "**/*.cc", "**/*.a",
    "**/__pycache__", "bin", "share", "include",
    "onnx/backend/test", "onnx/examples",
    "onnxruntime/tools", "onnxruntime/transformers", "onnxruntime/quantization", "onnxruntime/datasets",
    "onnxruntime/capi/libonnxruntime.so*",
    "sklearn/datasets/data", "sklearn/datasets/images", "sklearn/datasets/descr",
)  # fmt: skip

# Only the training job imports these; it takes seconds anyway, and their bytecode would take 30 MiB of the limit.
NOT_COMPILED = re.compile(r"^(joblib|narwhals|onnx|scipy|skl2onnx|sklearn)/")


def dependencies_zip(part: str, requirements: str, target: Target, cache: Path, report: Report) -> Path:
    """Return a zip of the pinned requirements for the target, built on first use; raise Unavailable if pip fails."""
    recipe = "\n".join((requirements, repr(target), *PRUNED, NOT_COMPILED.pattern, Path(__file__).read_text()))
    path = cache / f"{part}-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}.zip"
    if path.exists():
        return path
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        tree = Path(folder, "tree")
        report(f"installing the dependencies of {part}")
        _install(requirements, target, tree, Path(folder, "requirements.txt"))
        _prune(tree)
        if target == local_target():
            compile_tree(tree)
        report(f"compressing the dependencies of {part}")
        temporary = Path(folder, "dependencies.zip")
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            add_files(archive, tree)
        temporary.replace(path)
    return path


def compile_tree(tree: Path) -> None:
    """Compile a tree's modules in place.

    Lambda's code folder cannot be written to, so without this every cold start would compile anew. The bytecode is
    not checked against its source, since a zip keeps no times worth comparing.
    """
    for path in sorted(tree.rglob("*.py")):
        name = path.relative_to(tree).as_posix()
        if not NOT_COMPILED.match(name):
            py_compile.compile(str(path), dfile=name, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)


def _install(requirements: str, target: Target, tree: Path, file: Path) -> None:
    file.write_text(requirements)
    installer = _uv(target) if shutil.which("uv") else _pip(target)
    wanted = ["--target", str(tree), "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(file)]
    done = subprocess.run([*installer, *wanted], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise Unavailable(f"the dependencies could not be installed: {reason[-1]}")


def _uv(target: Target) -> list[str]:
    command = ["uv", "pip", "install", "--quiet", "--link-mode", "copy"]
    if target == local_target():
        return [*command, "--python", sys.executable]
    return [*command, "--python-version", target.python_version, "--python-platform", "x86_64-manylinux_2_28"]


def _pip(target: Target) -> list[str]:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    if target == local_target():
        return command
    platforms = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
    command += ["--implementation", "cp", "--python-version", target.python_version]
    return command + [word for platform in platforms for word in ("--platform", platform)]


def _prune(tree: Path) -> None:
    for pattern in PRUNED:
        for path in sorted(tree.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
