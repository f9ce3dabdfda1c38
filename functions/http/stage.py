"""The part of the address that API Gateway puts before every path: the stage, or a custom domain's base path."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class StagePrefix:
    """ASGI middleware that moves the prefix into `root_path`, where ASGI expects it.

    A REST API's event has the matched resource (/predictions/{id}) and the path that was asked for
    (/v1/predictions/42): as many last segments as the resource has are the route, what stands before is the prefix.
    """

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve a request as if the prefix were the application's own address."""
        event = scope.get("aws.event")
        if event:
            depth = event["resource"].count("/")
            segments = event["requestContext"].get("path", event["path"]).rstrip("/").split("/")
            scope["root_path"] = "/".join(segments[:-depth])
            scope["path"] = scope["root_path"] + "/" + "/".join(scope["path"].rstrip("/").split("/")[-depth:])
        await self._app(scope, receive, send)
