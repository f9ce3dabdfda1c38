"""Progress of a command on standard error: animated on a terminal, plain lines anywhere else."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

Tell = Callable[[str], None]
ReportStage = Callable[[str, float], None]
"""Takes the name of the stage that runs and the share of all the work that is done, 0 to 1."""

SECONDS_BETWEEN_LINES = 10.0
SILENT_LINES = 3
"""What has not changed is printed again after so many times that."""


class Steps:
    """Prints when each step begins and ends, and now and then what a long one is doing."""

    def __init__(
        self,
        console: Console | None = None,
        *,
        animated: bool = True,
        seconds_between_lines: float = SECONDS_BETWEEN_LINES,
    ) -> None:
        """Take `animated=False` for steps that print something of their own, such as other programs."""
        self._console = console or Console(stderr=True, highlight=False)
        # FORCE_COLOR makes rich take any stream for a terminal, but it asks for color, not for a spinner in a file.
        self._animated = animated and self._console.is_interactive and self._console.file.isatty()
        self._seconds_between_lines = seconds_between_lines

    @contextmanager
    def step(self, title: str) -> Iterator[Tell]:
        """Run a step; the last text that it tells is its result, those before it are its progress."""
        started = time.perf_counter()
        said = ""

        def elapsed() -> str:
            return f"({time.perf_counter() - started:.1f} s)"

        with self._spinner(title) if self._animated else self._lines(title, elapsed) as show:

            def tell(text: str) -> None:
                nonlocal said
                said = text
                show(text)

            try:
                yield tell
            except BaseException:
                self._print(("✗ ", "red"), title, (f" {elapsed()}", "dim"))
                raise
        self._print(("✓ ", "green"), _with(title, said), (f" {elapsed()}", "dim"))

    @contextmanager
    def stages(self) -> Iterator[ReportStage]:
        """Follow work that reports its stage and progress: one bar on a terminal, a step for each stage elsewhere."""
        if self._animated:
            columns = (TextColumn("{task.description:<12}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
            with Progress(*columns, TimeElapsedColumn(), console=self._console) as progress:
                bar = progress.add_task("starting", total=1.0)
                yield lambda stage, done: progress.update(bar, description=stage, completed=done)
                progress.update(bar, description="done", completed=1.0)
            return
        running = ""
        tell: Tell = _silent
        with ExitStack() as step:

            def report(stage: str, done: float) -> None:
                nonlocal running, tell
                if stage != running:
                    tell("")
                    step.close()
                    running, tell = stage, step.enter_context(self.step(stage))
                tell(f"{done:.0%} of all")

            yield report
            tell("")

    def note(self, text: str) -> None:
        """Print something between two steps."""
        self._print((text, "yellow"))

    @contextmanager
    def _spinner(self, title: str) -> Iterator[Tell]:
        with self._console.status(Text(title)) as status:
            yield lambda text: status.update(Text(_with(title, text)))

    @contextmanager
    def _lines(self, title: str, elapsed: Callable[[], str]) -> Iterator[Tell]:
        said = ""
        ended = threading.Event()

        def tell(text: str) -> None:
            nonlocal said
            said = text

        def repeat() -> None:
            printed, silent_for = "", 0
            while not ended.wait(self._seconds_between_lines):
                silent_for += 1
                if said == printed and silent_for < SILENT_LINES:
                    continue
                printed, silent_for = said, 0
                self._print("  ", _with(title, said), (f" {elapsed()}", "dim"))

        self._print("  ", title, " …")
        thread = threading.Thread(target=repeat, daemon=True)
        thread.start()
        try:
            yield tell
        finally:
            ended.set()
            thread.join()

    def _print(self, *parts: str | tuple[str, str]) -> None:
        """Print a line as it is: no markup, no line breaks of rich's; rich flushes its stream after each."""
        self._console.print(Text.assemble(*parts), soft_wrap=True)


def _silent(_: str) -> None:
    """Drop a text."""


def _with(title: str, text: str) -> str:
    return f"{title}: {text}" if text else title
