"""`menagerie data-service`: the challenge's data service alone, in the foreground."""

from pathlib import Path
from typing import Annotated

import typer

from data_service.server import DEFAULT_HOST, DEFAULT_PORT, bind, serve
from menagerie.errors import Unavailable


def data_service(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = DEFAULT_HOST,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 for any free one.", min=0, max=65535)] = DEFAULT_PORT,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="Another name that it is reached by; can be given more than once.")
    ] = None,
    allowed_hosts_file: Annotated[Path | None, typer.Option(help="A file with more of them.", hidden=True)] = None,
) -> None:
    """Serve unlabelled animals over HTTP, the same rows for the same seed, until Ctrl-C.

    Raises Unavailable if the port is taken.
    """
    try:
        listener = bind(host, port)
    except OSError as error:
        raise Unavailable(str(error)) from error
    address, bound_port = listener.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    typer.echo(f"Data service on http://{shown}:{bound_port} (front page), /docs (try it). Ctrl-C ends it.")
    serve(listener, allowed_host or (), allowed_hosts_file)
