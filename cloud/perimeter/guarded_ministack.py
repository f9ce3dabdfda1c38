"""Serve MiniStack behind two checks: no pages of other origins, no AWS requests without a valid signature.

Hypercorn serves MiniStack's public ASGI application, as MiniStack's own command does. Nothing in MiniStack is patched.
"""

import asyncio
import os
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from cloud.perimeter.gateway_errors import GatewayErrorsMiddleware
from cloud.perimeter.signed_requests import SecretLookup, SignedRequestsMiddleware
from cloud.state.saved_state import sealing
from menagerie.same_origin import Application, SameOriginMiddleware

ALLOWED_HOSTS_FILE = "MENAGERIE_ALLOWED_HOSTS_FILE"


def guarded(app: Application, secret_of: SecretLookup, allowed_hosts_file: Path | None) -> Application:
    """Return the application with both checks, and with problem documents for the gateway's 5xx."""
    checked = SignedRequestsMiddleware(GatewayErrorsMiddleware(app), secret_of)
    return SameOriginMiddleware(checked, allowed_hosts_file=allowed_hosts_file)


def secret_lookup(root_key: str, root_secret: str, evaluator: Any) -> SecretLookup:  # noqa: ANN401  # untyped module
    """Return a lookup of the root user's key and of those that STS issued, through MiniStack's `iam_evaluator`."""

    def secret_of(access_key: str, token: str) -> str | None:
        if access_key == root_key:
            return None if token else root_secret
        if evaluator.is_root_access_key(access_key):  # MiniStack accepts other names of the root user
            return None
        credential = evaluator.resolve_credential(access_key, None, token)
        return getattr(credential, "secret_access_key", None)

    return secret_of


def main() -> None:
    """Serve until SIGTERM. MiniStack saves its state at the end of its lifespan; then it is sealed."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    _raise_limit_of_open_files()
    root_key, root_secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    lookup = secret_lookup(root_key, root_secret, import_module("ministack.core.iam_evaluator"))
    file = os.environ.get(ALLOWED_HOSTS_FILE)
    app = guarded(import_module("ministack.app").app, lookup, Path(file) if file else None)
    config = Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    config.loglevel = os.environ["LOG_LEVEL"]
    with sealing(Path(os.environ["STATE_DIR"])):
        asyncio.run(serve(app, config))  # type: ignore[arg-type]  # Hypercorn has its own types for ASGI


def _raise_limit_of_open_files() -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    main()
