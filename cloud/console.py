"""Tables on standard output."""

from rich.console import Console
from typing_extensions import override


class OutputConsole(Console):
    """A console whose reader may end early: that is an error like any other, where rich would exit without a word."""

    @override
    def on_broken_pipe(self) -> None:
        raise  # rich calls this while it handles the error
