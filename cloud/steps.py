"""What a person sees while something takes a while: one line for each step, with its time, on standard error."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

Tell = Callable[[str], None]


class Steps:
    """Shows a spinner on a terminal, and plain lines where the output is kept."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)

    @contextmanager
    def step(self, title: str) -> Iterator[Tell]:
        """Run a step; what is told while it runs stands beside its title."""
        started = time.perf_counter()
        said = ""
        with self._console.status(title) as status:

            def tell(text: str) -> None:
                nonlocal said
                said = text
                status.update(f"{title}: {text}")

            try:
                yield tell
            except BaseException:
                self._console.print(f"[red]✗[/red] {title}")
                raise
        seconds = time.perf_counter() - started
        self._console.print(
            f"[green]✓[/green] {title}{f': {said}' if said else ''} [dim]({seconds:.1f} s)[/dim]", soft_wrap=True
        )

    def note(self, text: str) -> None:
        """Say something between two steps."""
        self._console.print(text, style="yellow", soft_wrap=True)
