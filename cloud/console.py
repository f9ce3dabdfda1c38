"""Output of the command line: progress on standard error, tables on standard output.

Progress is animated on a terminal and consists of plain lines elsewhere.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console
from rich.text import Text
from typing_extensions import override

Update = Callable[[str], None]
"""Takes a short text: the progress of a step while it runs, its result at the end."""
ReportStage = Callable[[str, float], None]
"""Takes the name of the current stage and the fraction of all work that is done, 0 to 1."""

SECONDS_BETWEEN_LINES = 10.0
SILENT_LINES = 3
"""An unchanged text is printed again after this many intervals."""


class OutputConsole(Console):
    """A console for standard output that raises the error when the reader closes the pipe; rich would exit silently."""

    @override
    def on_broken_pipe(self) -> None:
        raise  # rich calls this in its except block


class Steps:
    """Prints the begin and the end of each step, and the progress of a long one at intervals."""

    def __init__(
        self,
        console: Console | None = None,
        *,
        animated: bool = True,
        seconds_between_lines: float = SECONDS_BETWEEN_LINES,
    ) -> None:
        """Use `animated=False` for steps that print something themselves, such as other programs."""
        self._console = console or Console(stderr=True, highlight=False)
        # With FORCE_COLOR rich treats any stream as a terminal; that asks for color, not for a spinner in a file.
        self._animated = animated and self._console.is_interactive and self._console.file.isatty()
        self._seconds_between_lines = seconds_between_lines

    @contextmanager
    def step(self, title: str) -> Iterator[Update]:
        """Run a step. Yields a function for its progress; the last text is its result."""
        started = time.perf_counter()
        text = ""

        def elapsed() -> str:
            return f"({time.perf_counter() - started:.1f} s)"

        with self._spinner(title) if self._animated else self._lines(title, elapsed) as show:

            def update(new: str) -> None:
                nonlocal text
                text = new
                show(new)

            try:
                yield update
            except BaseException:
                self._print(("✗ ", "red"), title, (f" {elapsed()}", "dim"))
                raise
        self._print(("✓ ", "green"), _with(title, text), (f" {elapsed()}", "dim"))

    @contextmanager
    def stages(self) -> Iterator[ReportStage]:
        """Show work that reports its stage and progress: one bar on a terminal, a step for each stage elsewhere."""
        if self._animated:
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description:<12}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
            with Progress(*columns, TimeElapsedColumn(), console=self._console) as progress:
                bar = progress.add_task("starting", total=1.0)
                yield lambda stage, done: progress.update(bar, description=stage, completed=done)
                progress.update(bar, description="done", completed=1.0)
            return
        running = ""
        update: Update = _ignore
        with ExitStack() as step:

            def report(stage: str, done: float) -> None:
                nonlocal running, update
                if stage != running:
                    update("")
                    step.close()
                    running, update = stage, step.enter_context(self.step(stage))
                update(f"{done:.0%} in total")

            yield report
            update("")

    def note(self, text: str) -> None:
        """Print a line between two steps."""
        self._print((text, "yellow"))

    @contextmanager
    def _spinner(self, title: str) -> Iterator[Update]:
        with self._console.status(Text(title)) as status:
            yield lambda text: status.update(Text(_with(title, text)))

    @contextmanager
    def _lines(self, title: str, elapsed: Callable[[], str]) -> Iterator[Update]:
        text = ""
        ended = threading.Event()

        def update(new: str) -> None:
            nonlocal text
            text = new

        def repeat() -> None:
            printed, silent_for = "", 0
            while not ended.wait(self._seconds_between_lines):
                silent_for += 1
                if text == printed and silent_for < SILENT_LINES:
                    continue
                printed, silent_for = text, 0
                self._print("  ", _with(title, text), (f" {elapsed()}", "dim"))

        self._print("  ", title, " …")
        thread = threading.Thread(target=repeat, daemon=True)
        thread.start()
        try:
            yield update
        finally:
            ended.set()
            thread.join()

    def _print(self, *parts: str | tuple[str, str]) -> None:
        """Print a line without markup or wrapping. Rich flushes the stream after each line."""
        self._console.print(Text.assemble(*parts), soft_wrap=True)


def _ignore(_: str) -> None:
    """Show nothing."""


def _with(title: str, text: str) -> str:
    return f"{title}: {text}" if text else title
