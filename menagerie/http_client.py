"""HTTP clients: loopback is asked directly, any other address through the proxy that the environment names."""

import ipaddress
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from menagerie.errors import InvalidInput

Client = TypeVar("Client", httpx2.Client, httpx2.AsyncClient)


def http_client(url: str, *, timeout: httpx2.Timeout | float, **options: Any) -> httpx2.Client:  # noqa: ANN401
    """Return a client for what answers at an address; `options` are httpx2's.

    Requests to loopback go through no proxy, whatever the environment says. Raises InvalidInput if the environment
    names a proxy or certificates that cannot be used.
    """
    return _made(httpx2.Client, url, timeout=timeout, **options)


def async_http_client(url: str, *, timeout: httpx2.Timeout | float, **options: Any) -> httpx2.AsyncClient:  # noqa: ANN401
    """Return such a client for code that limits the time of a whole request, which only an asynchronous one can."""
    return _made(httpx2.AsyncClient, url, timeout=timeout, **options)


def _made(kind: type[Client], url: str, **options: Any) -> Client:  # noqa: ANN401
    direct = is_loopback(url)
    # Without TLS there is no certificate to check, and loading the authorities takes 0.3 s.
    plain = direct and not url.startswith("https:") and not options.get("follow_redirects")
    try:
        return kind(trust_env=not direct, verify=not plain, **options)
    except (ImportError, OSError, ValueError, httpx2.InvalidURL) as error:
        raise InvalidInput(f"the proxy or the certificates in the environment cannot be used: {error}") from error


def is_loopback(url: str) -> bool:
    """Tell whether an address is one that only this machine itself can reach."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
        return host == "localhost" or host.endswith(".localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
