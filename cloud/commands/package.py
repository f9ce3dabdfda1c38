"""`menagerie package`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cloud.console import OutputConsole

if TYPE_CHECKING:
    from cloud.packaging.package import Package

PYTHON_VERSIONS = ("3.12", "3.13", "3.14")


def package(
    parts: Annotated[list[str] | None, typer.Argument(help="predict, train; both if omitted.")] = None,
    output: Annotated[Path, typer.Option(help="Folder for the zips.")] = Path("build"),
    python_version: Annotated[
        str, typer.Option(help="Python version of the functions; `local` for this interpreter on this platform.")
    ] = "3.13",
) -> None:
    """Build the Lambda zips and print their size and largest contents. Fails above Lambda's limit of 250 MiB."""
    from cloud.console import Steps
    from cloud.packaging.lockfile import target_named
    from cloud.packaging.package import MIB, PARTS, build, largest
    from menagerie.errors import InvalidInput

    if python_version != "local" and python_version not in PYTHON_VERSIONS:
        raise InvalidInput(f"--python-version must be local or one of {', '.join(PYTHON_VERSIONS)}")
    if output.exists() and not output.is_dir():
        raise InvalidInput(f"--output {output} is a file, not a folder")
    target = target_named(python_version)
    steps = Steps()
    console = OutputConsole()
    for part in parts or list(PARTS):
        with steps.step(f"Packaging {part}") as update:
            built = build(part, target, output, progress=update)
            update(str(built.path))
        # Not a title: a title wraps at the width of the table.
        summary = f"{part}: {built.unzipped / MIB:.1f} MiB unzipped, sha256 {built.sha256[:16]}…"
        console.print(summary, soft_wrap=True)
        table = Table("content", "MiB")
        for name, size in largest(built):
            table.add_row(name, f"{size / MIB:.1f}")
        console.print(table)
        console.print(bytecode_line(built, target.python_version), soft_wrap=True)


def bytecode_line(built: "Package", python_version: str) -> str:
    """Return which Python compiled the package, or the cost of missing bytecode."""
    if built.compiled_by:
        return f"{built.part}: bytecode by CPython {built.compiled_by}"
    return (
        f"{built.part}: no bytecode, because no python{python_version} was found; each cold start compiles its imports"
    )
