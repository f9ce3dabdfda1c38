"""`menagerie bench`."""

import subprocess
import sys
from typing import Annotated

import typer

from menagerie.errors import InvalidInput

# Those that compare, in the order of their table; the others take longer and are run by their names.
COMPARISONS = (
    "warm_handler", "cold_start", "zip_size", "gateway", "load", "storage", "history",
    "training_growth", "bulk_scoring", "cost", "startup",
)  # fmt: skip


def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Which ones; all comparisons if left out.")] = None,
    list_only: Annotated[bool, typer.Option("--list", help="Only name them.")] = False,
) -> None:
    """Measure this project beside its limits and rivals; figures stay in build/benchmarks/, one JSON file each."""
    from cloud.packaging import PROJECT

    folder = PROJECT / "benchmarks"
    measuring = {path.stem for path in folder.glob("*.py") if "\ndef main(" in path.read_text()}
    known = sorted(measuring - {"summary"})
    unknown = sorted(set(names or []) - set(known))
    if unknown:
        raise InvalidInput(f"there is no benchmark called {', '.join(unknown)}; there are {', '.join(known)}")
    if list_only:
        typer.echo("\n".join(known))
        return
    chosen = names or COMPARISONS
    statuses = [_run("benchmarks." + name) for name in chosen]
    if set(chosen) & set(COMPARISONS):
        statuses.append(_run("benchmarks.summary", *(name for name in chosen if name in COMPARISONS)))
    raise typer.Exit(1 if any(statuses) else 0)


def _run(module: str, *arguments: str) -> int:
    from cloud.packaging import PROJECT

    typer.echo(f"{module.removeprefix('benchmarks.')} …", err=True)
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=PROJECT, check=False).returncode
