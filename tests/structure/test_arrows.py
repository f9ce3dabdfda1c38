"""Imports run one way: cloud -> functions -> training -> menagerie, and the frontend knows menagerie alone."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("cloud", "functions", "training", "menagerie", "frontend", "data_service")
MAY_IMPORT = {
    "cloud": {"functions", "training", "menagerie", "data_service"},
    "functions": {"training", "menagerie"},
    "training": {"menagerie"},
    "menagerie": set(),
    "frontend": {"menagerie"},
    "data_service": set(),
}


def imports(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def reads_the_environment(module: Path) -> bool:
    nodes = list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))
    named = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    imported = {a.name for node in nodes if isinstance(node, ast.ImportFrom) for a in node.names}
    return bool((named | imported) & {"environ", "getenv"})


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_stands_before_it(package: str) -> None:
    modules = list((ROOT / package).rglob("*.py"))
    assert modules
    wrong = {
        f"{module.relative_to(ROOT)} imports {name}"
        for module in modules
        for name in imports(module)
        if name.split(".")[0] in set(PACKAGES) - MAY_IMPORT[package] - {package}
    }
    assert not wrong


def test_only_settings_and_the_command_line_read_the_environment() -> None:
    readers = {
        str(module.relative_to(ROOT))
        for package in ("menagerie", "functions", "training", "frontend")
        for module in (ROOT / package).rglob("*.py")
        if reads_the_environment(module)
    }
    # classifier.py writes one variable (onnxruntime's telemetry) and reads none.
    assert readers <= {"menagerie/settings.py", "frontend/api/settings.py", "menagerie/classifier.py"} | DOORS


# A door hands the environment to Settings; it reads nothing of it itself.
DOORS = {"functions/predict/handler.py", "functions/retrain/handler.py", "functions/train/handler.py"}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_opens_with_a_line_that_says_its_job(package: str) -> None:
    silent = [
        str(module.relative_to(ROOT))
        for module in (ROOT / package).rglob("*.py")
        if not ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
    ]
    assert not silent
