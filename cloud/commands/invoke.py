"""`menagerie invoke`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cloud.commands.options import DEFAULT_STACK, Stack, StateDir, clients_for
from cloud.state.directory import DEFAULT_STATE_DIR
from menagerie.errors import InvalidInput, NotFound, Unavailable


def invoke(
    function: Annotated[str, typer.Argument(help="predict, retrain or train.")],
    event: Annotated[
        Path,
        typer.Argument(help="JSON file with the event, or a sample such as events/predict.json.", dir_okay=False),
    ],
    stack: Stack = DEFAULT_STACK,
    state_dir: StateDir = DEFAULT_STATE_DIR,
) -> None:
    """Invoke a function with an event and print its response."""
    from cloud.resources import EVENTS
    from cloud.resources import event as event_file

    try:
        payload = json.dumps(json.loads(event_file(event).read_bytes())).encode()
    except FileNotFoundError:
        samples = ", ".join(sorted(path.name for path in EVENTS.glob("*.json")))
        raise NotFound(f"there is no file {event}; the samples are {samples}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{event} is not JSON: {error}") from error
    client = clients_for(state_dir).functions
    name = f"{stack}-{function}"
    try:
        response = client.invoke(FunctionName=name, Payload=payload)
    except client.exceptions.ResourceNotFoundException:
        raise NotFound(f"there is no function {name}; the functions are predict, retrain and train") from None
    body = response["Payload"].read().decode()
    typer.echo(json.dumps(json.loads(body), indent=2) if body else "null")
    if "FunctionError" in response:
        raise Unavailable(f"{name} failed with the error above")
