"""Progress of commands: without a terminal, lines without control characters, flushed immediately."""

import io
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from rich.console import Console

from cloud.console import Steps
from tests.waiting import LIMIT_SECONDS

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


class Stream(io.StringIO):
    """Keeps what is written, and what had been flushed by then; says whether it is a terminal."""

    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__()
        self.flushed = ""
        self.line_flushed = threading.Condition()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def flush(self) -> None:
        super().flush()
        with self.line_flushed:
            self.flushed = self.getvalue()
            self.line_flushed.notify_all()

    def wait_for(self, text: str) -> None:
        self.wait_until(lambda: text in self.flushed)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        with self.line_flushed:
            assert self.line_flushed.wait_for(condition, timeout=LIMIT_SECONDS), self.flushed


def steps_on(stream: Stream, environment: dict[str, str] | None = None, seconds_between_lines: float = 3600.0) -> Steps:
    console = Console(file=stream, highlight=False, _environ={"TERM": "xterm-256color", **(environment or {})})
    return Steps(console, seconds_between_lines=seconds_between_lines)


def without_times(text: str) -> str:
    return re.sub(r"\(\d+\.\d s\)", "(… s)", text)


def test_a_step_prints_a_line_at_its_begin_and_its_end_flushed_immediately() -> None:
    stream = Stream()
    with steps_on(stream).step("Packaging") as update:
        assert stream.flushed == "  Packaging …\n"
        update("predict 88 MiB")
        assert stream.flushed == "  Packaging …\n"
    assert without_times(stream.flushed) == "  Packaging …\n✓ Packaging: predict 88 MiB (… s)\n"


def test_a_failed_step_prints_a_line_at_its_end_too() -> None:
    stream = Stream()
    with pytest.raises(KeyboardInterrupt), steps_on(stream).step("Packaging"):
        raise KeyboardInterrupt
    assert without_times(stream.flushed) == "  Packaging …\n✗ Packaging (… s)\n"


def test_a_long_step_prints_its_progress_at_intervals() -> None:
    stream = Stream()
    with steps_on(stream, seconds_between_lines=0.01).step("Deploying") as update:
        for number in range(1000):
            update(f"{number} of 1000")
        stream.wait_for("  Deploying: 999 of 1000 (")
        update("created")
    lines = len(stream.flushed.splitlines())
    assert lines < 500  # not one for each text
    assert without_times(stream.flushed).endswith("✓ Deploying: created (… s)\n")


def test_a_long_step_without_progress_prints_that_it_still_runs() -> None:
    stream = Stream()
    with steps_on(stream, seconds_between_lines=0.01).step("Packaging") as update:
        update("installing")
        stream.wait_until(lambda: stream.flushed.count("  Packaging: installing (") >= 2)


def test_an_ended_step_prints_nothing_more() -> None:
    stream = Stream()
    before = set(threading.enumerate())
    with steps_on(stream, seconds_between_lines=0.001).step("Deploying") as update:
        update("some")
        stream.wait_for("some")
    assert set(threading.enumerate()) <= before


def test_without_a_terminal_stages_are_steps() -> None:
    stream = Stream()
    with steps_on(stream).stages() as report:
        report("fetching", 0.0)
        report("fetching", 0.2)
        report("fitting", 0.6)
        assert without_times(stream.flushed) == "  fetching …\n✓ fetching (… s)\n  fitting …\n"
    assert without_times(stream.flushed).endswith("✓ fitting (… s)\n")


def test_the_failed_stage_is_marked() -> None:
    stream = Stream()

    def train() -> None:
        with steps_on(stream).stages() as report:
            report("fetching", 0.0)
            report("fitting", 0.6)
            raise ValueError("no rows")

    with pytest.raises(ValueError, match="no rows"):
        train()
    assert without_times(stream.flushed).endswith("✓ fetching (… s)\n  fitting …\n✗ fitting (… s)\n")


def test_markup_in_texts_is_printed_literally() -> None:
    stream = Stream()
    steps = steps_on(stream)
    with steps.step("Reading [/tmp/x] :smile:") as update:
        update("[red]" + "x" * 200)
    steps.note("[bold] is a folder")
    assert "Reading [/tmp/x] :smile:: [red]" + "x" * 200 + " (" in stream.flushed
    assert stream.flushed.endswith("\n[bold] is a folder\n")


@pytest.mark.parametrize(
    ("terminal", "environment"),
    [
        (False, {}),
        (False, {"NO_COLOR": "1"}),
        (False, {"TERM": "dumb"}),
        (True, {"TERM": "dumb"}),
    ],
    ids=["a file", "a file without color", "a file and a dumb terminal", "a dumb terminal"],
)
def test_there_are_no_control_characters(terminal: bool, environment: dict[str, str]) -> None:
    stream = Stream(terminal=terminal)
    steps = steps_on(stream, environment, seconds_between_lines=0.01)
    with steps.step("Packaging") as update:
        update("predict")
        stream.wait_for("Packaging: predict")
    with steps.stages() as report:
        report("fitting", 0.5)
    steps.note("careful")
    assert not CONTROL.search(stream.flushed)


def test_forced_color_does_not_animate_a_file() -> None:
    stream = Stream()
    with steps_on(stream, {"FORCE_COLOR": "1"}).step("Packaging"):
        pass
    assert "\x1b[32m✓" in stream.flushed
    assert not re.search(r"\x1b\[[^m]*[A-Za-ln-z]", stream.flushed)  # whatever moves the cursor or clears a line
    assert "\r" not in stream.flushed


def test_a_terminal_shows_a_spinner_without_colors_if_no_color_is_set() -> None:
    shown = {}
    for name, environment in (("colored", {}), ("plain", {"NO_COLOR": "1"})):
        stream = Stream(terminal=True)
        with steps_on(stream, environment).step("Packaging") as update:
            update("predict")
        assert "\x1b[?25l" in stream.flushed  # the cursor is hidden while the spinner turns
        assert "  Packaging …" not in stream.flushed
        shown[name] = stream.flushed
    assert "\x1b[32m" in shown["colored"]
    assert not re.search(r"\x1b\[(3|4|9|10)\d", shown["plain"])


def test_a_line_can_be_read_through_a_pipe_while_the_step_still_runs() -> None:
    program = """
import sys
from cloud.console import Steps
with Steps().step("Packaging"):
    sys.stdin.readline()
"""
    environment = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "TTY_COMPATIBLE")}
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdin
        assert process.stderr
        assert process.stderr.readline() == "  Packaging …\n"
        assert process.poll() is None
        process.stdin.write("\n")
        process.stdin.close()
        assert without_times(process.stderr.read()) == "✓ Packaging (… s)\n"
    assert process.returncode == 0
