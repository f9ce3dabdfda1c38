"""HTTP clients that connect to loopback directly, and to other addresses through the proxy in the environment."""

import ipaddress
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from menagerie.errors import InvalidInput

Client = TypeVar("Client", httpx2.Client, httpx2.AsyncClient)


def http_client(url: str, *, timeout: httpx2.Timeout | float, **options: Any) -> httpx2.Client:  # noqa: ANN401
    """Return a client for the server at an address; `options` are those of httpx2.

    Requests to loopback use no proxy, even if the environment names one. Raises InvalidInput if the environment names
    a proxy or certificates that cannot be used.
    """
    return _create(httpx2.Client, url, timeout=timeout, **options)


def async_http_client(url: str, *, timeout: httpx2.Timeout | float, **options: Any) -> httpx2.AsyncClient:  # noqa: ANN401
    """Return an asynchronous client, which can limit the time of a whole request; see `http_client`."""
    return _create(httpx2.AsyncClient, url, timeout=timeout, **options)


def _create(kind: type[Client], url: str, **options: Any) -> Client:  # noqa: ANN401
    # Without TLS there is no certificate to verify, and loading the authorities takes 0.3 s.
    uses_tls = not url.startswith("http:") or options.get("follow_redirects", False)
    try:
        return kind(trust_env=not is_loopback(url), verify=uses_tls, **options)
    except (ImportError, OSError, ValueError, httpx2.InvalidURL) as error:
        raise InvalidInput(f"the proxy or the certificates in the environment cannot be used: {error}") from error


def is_loopback(url: str) -> bool:
    """Return whether the host of an address is this machine's loopback interface."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
        return host == "localhost" or host.endswith(".localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
