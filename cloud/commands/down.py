"""`menagerie down`."""

import os
import signal
import time
from typing import Annotated

import typer

from cloud.commands.options import StateDir, finite
from cloud.local.processes import LIMIT_SECONDS
from cloud.state.directory import DEFAULT_STATE_DIR, StateDirectory
from cloud.state.saved_state import SavedState, unsaved_reason
from menagerie.errors import NotFound, Unavailable


def down(
    state_dir: StateDir = DEFAULT_STATE_DIR,
    timeout: Annotated[
        float, typer.Option(callback=finite, help="Seconds to wait until the state is saved.")
    ] = LIMIT_SECONDS,
) -> None:
    """Stop a running `menagerie up` and wait until its state is saved."""
    from cloud.console import Steps

    state = StateDirectory.existing(state_dir)
    pid = state.running_pid() if state else None
    if state is None or pid is None:
        raise NotFound(f"nothing is up with {state_dir}")
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    with Steps().step("Waiting until the state is saved"):
        while state.running_pid() is not None:
            if time.monotonic() > deadline:
                raise Unavailable(f"`menagerie up` (process {pid}) has not ended after {timeout:.0f} s")
            time.sleep(0.1)
        if not SavedState(state.root).ended_in_order:
            raise Unavailable(f"down, but {unsaved_reason(state.root)}")
    typer.echo("down; models, predictions and keys are kept")
