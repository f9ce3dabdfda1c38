"""`menagerie bench`."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cloud.console import Steps

from menagerie.errors import InvalidInput

# The comparisons, in the order of the summary. The other benchmarks take longer and run only by name.
COMPARISONS = (
    "warm_handler", "cold_start", "zip_size", "gateway", "load", "storage", "history",
    "training_growth", "bulk_scoring", "cost", "startup",
)  # fmt: skip


def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Names of benchmarks; all comparisons if omitted.")] = None,
    list_only: Annotated[bool, typer.Option("--list", help="Print the names and exit.")] = False,
) -> None:
    """Compare this project with its limits and with alternatives. Results go to build/benchmarks/ as JSON files."""
    from cloud.console import Steps
    from cloud.resources import checkout

    root = checkout("menagerie bench")
    folder = root / "benchmarks"
    measuring = {path.stem for path in folder.glob("*.py") if "\ndef main(" in path.read_text(encoding="utf-8")}
    known = sorted(measuring - {"summary"})
    unknown = sorted(set(names or []) - set(known))
    if unknown:
        raise InvalidInput(f"there is no benchmark called {', '.join(unknown)}; the benchmarks are {', '.join(known)}")
    if list_only:
        typer.echo("\n".join(known))
        return
    chosen = names or COMPARISONS
    steps = Steps(animated=False)  # each benchmark prints its own output
    statuses = [run(root, steps, name) for name in chosen]
    if set(chosen) & set(COMPARISONS):
        statuses.append(run(root, steps, "summary", *(name for name in chosen if name in COMPARISONS)))
    raise typer.Exit(1 if any(statuses) else 0)


def run(root: Path, steps: "Steps", name: str, *arguments: str) -> int:
    """Run a module of root/benchmarks as a step and return its exit status."""
    try:
        with steps.step(name):
            subprocess.run([sys.executable, "-u", "-m", f"benchmarks.{name}", *arguments], cwd=root, check=True)
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0
