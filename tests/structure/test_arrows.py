"""Imports run one way: cloud -> functions -> training -> menagerie, and the dashboard imports menagerie alone."""

import ast
import graphlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.mermaid import flowcharts

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
MOST_MODULES = 15
# A handler passes the environment to the settings and reads none of it itself.
HANDLERS = {f"functions/{name}/handler.py" for name in ("predict", "retrain", "train")}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def package_of(name: str) -> str:
    """Return the innermost package of a dotted module or name of ours."""
    parts = name.split(".")
    while not (ROOT.joinpath(*parts) / "__init__.py").is_file():
        parts.pop()
    return ".".join(parts)


@cache
def imports(module: Path) -> frozenset[str]:
    """Return the dotted names of ours that a module imports, wherever in the module it does."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{module.relative_to(ROOT)} has a relative import"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(name for name in names if name.split(".")[0] in PACKAGES)


def package_arrows() -> Iterator[tuple[str, str]]:
    """Yield which package imports which other, between packages of which neither contains the other."""
    for package in PACKAGES:
        for module in modules(package):
            importer = ".".join(module.relative_to(ROOT).parent.parts)
            for imported in map(package_of, imports(module)):
                if not f"{importer}.".startswith(f"{imported}.") and not f"{imported}.".startswith(f"{importer}."):
                    yield importer, imported


def reads_the_environment(module: Path) -> bool:
    nodes = list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))
    named = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    imported = {a.name for node in nodes if isinstance(node, ast.ImportFrom) for a in node.names}
    return bool((named | imported) & {"environ", "getenv"})


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_inner_packages(package: str) -> None:
    assert modules(package)
    wrong = {
        f"{module.relative_to(ROOT)} imports {name}"
        for module in modules(package)
        for name in imports(module)
        if name.split(".")[0] not in MAY_IMPORT[package] | {package}
    }
    assert not wrong


def test_no_packages_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for importer, imported in package_arrows():
        graph.setdefault(importer, set()).add(imported)
    graphlib.TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("package", ["menagerie", "training", "frontend"])
def test_a_package_that_defines_or_receives_ports_imports_no_adapter(package: str) -> None:
    assert not imports_from("menagerie.aws", modules(package), but=ROOT / "menagerie" / "aws")


def test_neither_the_domain_nor_the_dashboard_imports_a_port() -> None:
    assert not imports_from("menagerie.ports", [*(ROOT / "menagerie").glob("*.py"), *modules("frontend")])


def imports_from(package: str, importers: list[Path], *, but: Path | None = None) -> list[str]:
    """Return the imports of a package's names by some modules, without those in the folder `but`."""
    return [
        f"{module.relative_to(ROOT)} imports {name}"
        for module in importers
        for name in imports(module)
        if package_of(name) == package and module.parent != but
    ]


def test_the_picture_of_the_packages_has_the_arrows_of_the_imports() -> None:
    picture, _ = flowcharts(ROOT / "docs" / "architecture.md")
    arrows = {(importer.split(".")[0], imported.split(".")[0]) for importer, imported in package_arrows()}
    assert picture == {(importer, imported) for importer, imported in arrows if importer != imported}


def test_only_the_command_line_imports_the_report_of_a_training() -> None:
    importers = {
        str(module.relative_to(ROOT))
        for package in PACKAGES
        for module in (ROOT / package).rglob("*.py")
        if any(name.startswith("training.report") for name in imports(module))
    }
    assert {name for name in importers if not name.startswith("training/report/")} == {"cloud/commands/train.py"}


def test_only_settings_and_the_command_line_read_the_environment() -> None:
    readers = {
        str(module.relative_to(ROOT))
        for package in ("menagerie", "functions", "training", "frontend")
        for module in modules(package)
        if reads_the_environment(module)
    }
    # classifier.py sets one variable (onnxruntime's telemetry) and reads none.
    assert readers <= {"menagerie/settings.py", "frontend/api/settings.py", "menagerie/classifier.py"} | HANDLERS


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_has_too_many_modules(package: str) -> None:
    folders = Counter(str(module.relative_to(ROOT).parent) for module in modules(package) if module.stem != "__init__")
    assert {name: n for name, n in folders.items() if n > MOST_MODULES} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_has_a_docstring(package: str) -> None:
    assert not [
        str(module.relative_to(ROOT))
        for module in modules(package)
        if not ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
    ]
