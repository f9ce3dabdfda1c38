"""Repeat a call in the background while a job's work goes on, so that others can tell a slow worker from a lost one."""

from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from menagerie.errors import Conflict, MenagerieError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta


@contextmanager
def heartbeat(beat: "Callable[[], None]", every: "timedelta") -> "Iterator[None]":
    """Call `beat` again and again, from another thread, until the block ends.

    A beat that raises Conflict is the last one, since the job no longer runs. Any other error of this application
    is ignored: the next beat may get through.
    """
    ended = Event()

    def repeat() -> None:
        while not ended.wait(every.total_seconds()):
            try:
                beat()
            except Conflict:
                return
            except MenagerieError:
                continue

    thread = Thread(target=repeat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
