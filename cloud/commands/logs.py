"""`menagerie logs`."""

import time
from typing import Annotated

import typer

from cloud.commands.options import DEFAULT_STACK, Stack, StateDir, clients_for, finite
from cloud.state.directory import DEFAULT_STATE_DIR
from menagerie.errors import NotFound


def logs(
    function: Annotated[str, typer.Argument(help="predict, retrain or train.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Continue with new lines until Ctrl-C.")] = False,
    since: Annotated[float, typer.Option(callback=finite, help="Start this many minutes ago.")] = 60.0,
    stack: Stack = DEFAULT_STACK,
    state_dir: StateDir = DEFAULT_STATE_DIR,
) -> None:
    """Print a function's log lines, oldest first."""
    client = clients_for(state_dir).logs
    group = f"/aws/lambda/{stack}-{function}"
    start = max(0, int((time.time() - since * 60) * 1000))
    seen: set[tuple[str, int, str]] = set()
    while True:
        try:
            pages = client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=start)
            events = [event for page in pages for event in page["events"]]
        except client.exceptions.ResourceNotFoundException:
            raise NotFound(f"there is no log group {group}; the functions are predict, retrain and train") from None
        for event in sorted(events, key=lambda event: event["timestamp"]):
            # Not eventId, which the emulator does not return.
            identity = (event["logStreamName"], event["timestamp"], event["message"])
            if identity not in seen:
                seen.add(identity)
                typer.echo(event["message"].rstrip("\n"))
        if not follow:
            return
        time.sleep(1.0)
