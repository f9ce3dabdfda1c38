"""`menagerie data-service`: run the challenge's data service in the foreground."""

from pathlib import Path
from typing import Annotated

import typer

from data_service.server import DEFAULT_HOST, DEFAULT_PORT, bind, serve
from menagerie.errors import Unavailable


def data_service(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = DEFAULT_HOST,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 for any free one.", min=0, max=65535)] = DEFAULT_PORT,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="Another host name of the service; repeatable.")
    ] = None,
    allowed_hosts_file: Annotated[Path | None, typer.Option(help="A file with more host names.", hidden=True)] = None,
) -> None:
    """Serve unlabelled animals over HTTP until Ctrl-C. The same seed returns the same rows."""
    try:
        listener = bind(host, port)
    except OSError as error:
        raise Unavailable(str(error)) from error
    address, bound_port = listener.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    typer.echo(f"The data service is at http://{shown}:{bound_port}, its documentation at /docs. Ctrl-C stops it.")
    serve(listener, allowed_host or (), allowed_hosts_file)
