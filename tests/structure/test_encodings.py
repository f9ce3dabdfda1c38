"""Text files are opened as UTF-8 in any locale. ruff (PLW1514) checks this only where it infers the type."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("benchmarks", "cloud", "data_service", "frontend", "functions", "menagerie", "tests", "training")
OPENERS = {"open", "read_text", "write_text", "NamedTemporaryFile", "TemporaryFile"}
RUNNERS = {"run", "Popen", "check_output"}
# Objects whose methods of that name open no text file.
OTHERS = {"StateDirectory", "os", "tarfile"}


def calls_without_encoding(source: str) -> Iterator[int]:
    """Yield the lines of calls that open a text file, or read a program's output as text, in the locale's encoding."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner))) if owner in OTHERS:
                continue
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=args, keywords=keywords):
                named = {keyword.arg: keyword.value for keyword in keywords}
                modes = [value.value for value in (*args, named.get("mode")) if isinstance(value, ast.Constant)]
                binary = any(isinstance(mode, str) and mode in {"rb", "wb", "ab", "xb", "r+b"} for mode in modes)
                opens = (name in OPENERS and not binary) or (name in RUNNERS and "text" in named)
                if opens and "encoding" not in named:
                    yield node.lineno


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_opens_text_as_utf_8(package: str) -> None:
    modules = list((ROOT / package).rglob("*.py"))
    assert modules
    assert not [
        f"{module.relative_to(ROOT)}:{line}"
        for module in modules
        for line in calls_without_encoding(module.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("path.read_text()", True),
        ("open(name, 'w')", True),
        ("subprocess.run(command, text=True)", True),
        ("path.read_text(encoding='utf-8')", False),
        ("path.open('rb')", False),
        ("os.open(name, flags)", False),
    ],
)
def test_what_counts_as_opening_text(source: str, found: bool) -> None:
    assert bool(list(calls_without_encoding(source))) is found
