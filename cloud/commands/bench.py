"""`menagerie bench`."""

import subprocess
import sys
from typing import Annotated

import typer

from menagerie.errors import InvalidInput


def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Which ones; all if left out.")] = None,
    list_only: Annotated[bool, typer.Option("--list", help="Only name them.")] = False,
) -> None:
    """Run the measurements in benchmarks/; each prints a table and leaves its figures in build/benchmarks/."""
    from cloud.packaging import PROJECT

    known = sorted(p.stem for p in (PROJECT / "benchmarks").glob("*.py") if p.stem not in ("__init__", "report"))
    unknown = sorted(set(names or []) - set(known))
    if unknown:
        raise InvalidInput(f"there is no benchmark called {', '.join(unknown)}; there are {', '.join(known)}")
    if list_only:
        typer.echo("\n".join(known))
        return
    statuses = [
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=PROJECT, check=False).returncode
        for name in names or known
    ]
    raise typer.Exit(1 if any(statuses) else 0)
