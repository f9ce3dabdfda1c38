"""The notebooks run from top to bottom on the current training code and define nothing themselves."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import altair as alt
import pytest

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
UNITS = {"height": "(m)", "weight": "(kg)"}

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def sources(path: Path, kind: str = "code") -> list[str]:
    return ["".join(cell["source"]) for cell in cells(path, kind)]


def displayed(source: str, namespace: dict[str, Any], name: str) -> object:
    """Run a cell; return the value of its last expression, which Jupyter displays."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), namespace)
    return eval(compile(ast.Expression(last.value), name, "eval"), namespace) if isinstance(last, ast.Expr) else None


def axis_titles(specification: object) -> Iterator[str]:
    """Yield the axis titles of a Vega-Lite specification."""
    if isinstance(specification, dict):
        for channel, value in specification.items():
            if channel in ("x", "y") and isinstance(value, dict) and "type" in value:
                yield str(value.get("title") or value.get("field") or "")
            yield from axis_titles(value)
    elif isinstance(specification, list):
        for value in specification:
            yield from axis_titles(value)


def test_there_are_two_notebooks() -> None:
    assert [path.name for path in NOTEBOOKS] == ["01-exploration.ipynb", "02-model.ipynb"]


@each_notebook
def test_a_notebook_runs_with_units_on_its_axes(path: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    charts = 0
    for number, source in enumerate(sources(path), start=1):
        value = displayed(source, namespace, f"{path.name}, code cell {number}")
        if isinstance(value, alt.TopLevelMixin):
            charts += 1
            # Altair validates the specification against the schema of Vega-Lite here.
            titles = list(axis_titles(value.to_dict()))
            bare = [t for t in titles for word, unit in UNITS.items() if word in t and unit not in t]
            assert not bare, f"{path.name}, code cell {number}: {bare}"
    assert charts >= 5


@each_notebook
def test_a_notebook_defines_nothing(path: Path) -> None:
    nodes = [node for source in sources(path) for node in ast.walk(ast.parse(source))]
    assert not [ast.unparse(node) for node in nodes if isinstance(node, DEFINITIONS)]


@each_notebook
def test_a_notebook_explains_training(path: Path) -> None:
    imported = {
        node.module.split(".")[0]
        for source in sources(path)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module
    }
    assert "training" in imported
    assert not imported & {"tests", "functions", "cloud", "frontend", "benchmarks"}
    texts = sources(path, "markdown")
    assert texts[0].startswith("# ")
    assert sum(len(text.split()) for text in texts) > 500


@each_notebook
def test_a_notebook_is_committed_without_outputs(path: Path) -> None:
    assert not [cell for cell in cells(path, "code") if cell["outputs"] or cell["execution_count"] is not None]
    assert path.stat().st_size < 40_000
