"""Documents are true: the paths that they name exist, and their links lead to pages and headings that exist."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What a command writes, or what a wheel has.
GENERATED = ("build/", "dist/", "models/", "model/", "datasets/", "uploads/", "cloud/bundled", ".menagerie/", ".venv/")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


@cache
def tracked() -> frozenset[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True, encoding="utf-8",
    )  # fmt: skip
    files = [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]
    return frozenset(files) | {str(parent) for name in files for parent in Path(name).parents}


PAGES = sorted(name for name in tracked() if name.endswith(".md"))


def named_paths(page: str) -> set[str]:
    """Return what a page has in backticks and looks like a path of this repository."""
    top = {name.split("/")[0] for name in tracked()}
    words = (word for code in CODE.findall(FENCE.sub("", text(page))) for word in code.split())
    paths = {word.rstrip("/") for word in words if re.fullmatch(r"[\w.-]+(/[\w.*-]+)+/?", word)}
    return {path for path in paths if path.split("/")[0] in top and not f"{path}/".startswith(GENERATED)}


def named_modules(page: str) -> set[str]:
    """Return the modules that a package's page names, also in code blocks, by paths or by their names alone."""
    return set(re.findall(r"(?<![\w*/.-])((?:[\w-]+/)*\w+\.py)\b", text(page)))


@cache
def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text(page)), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_the_paths_that_a_page_names_exist(page: str) -> None:
    missing = {path for path in named_paths(page) if path not in tracked() and not any(ROOT.glob(path))}
    assert not missing


@pytest.mark.parametrize("page", [page for page in PAGES if page.endswith("/README.md")])
def test_the_modules_that_the_page_of_a_package_names_exist(page: str) -> None:
    package = (ROOT / page).parent
    names = named_modules(page)
    assert not {name for name in names if name not in tracked() and not any(package.rglob(name))}


@pytest.mark.parametrize("page", PAGES)
def test_the_links_of_a_page_lead_to_pages_and_headings(page: str) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text(page)):
        path, _, anchor = target.partition("#")
        linked = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(str(linked.relative_to(ROOT))), target


def test_the_pages_that_everybody_reads_name_paths() -> None:
    assert named_paths("README.md")
    assert named_paths("CONTRIBUTING.md")
