"""Signals that end the program in order."""

import signal
from types import FrameType
from typing import Self


class StopOnSignals:
    """SIGTERM and SIGHUP end `up` as Ctrl-C does; once it is stopping, more of them change nothing."""

    _NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __enter__(self) -> Self:
        self._previous = {number: signal.signal(number, self._interrupt) for number in self._NUMBERS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def ignore(self) -> None:
        """Let nothing interrupt what follows."""
        for number in self._NUMBERS:
            signal.signal(number, signal.SIG_IGN)

    @staticmethod
    def _interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt
