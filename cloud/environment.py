"""The environment of child processes: a list of allowed variables and explicit ones, nothing else."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.request import getproxies

# Variables for program lookup, locale, time zone and certificates. A Python that is linked against a library outside
# the system's folders needs the linker's path.
ALLOWED = frozenset(
    {
        "PATH", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TZDIR", "TMPDIR",
        "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
        "SSL_CERT_FILE", "SSL_CERT_DIR",
        "MENAGERIE_ALLOWED_HOSTS", "MENAGERIE_API_TIMEOUT",
        "COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START",  # coverage of child processes in tests
    }
)  # fmt: skip
ALLOWED_PREFIX = "LC_"
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


def child_environment(
    home: Path | None, explicit: Mapping[str, str] | None = None, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the environment of a child process: the allowed variables, then `explicit`.

    MiniStack, Streamlit, uvicorn, botocore and Python read several hundred variables, and files in the user's home
    folder. `home` replaces that folder unless it is None. Text files are UTF-8 in any locale.
    """
    allowed = {name: value for name, value in environment.items() if name in ALLOWED or name.startswith(ALLOWED_PREFIX)}
    if home is not None:
        home.mkdir(parents=True, exist_ok=True)
        allowed["HOME"] = str(home)
    elif "HOME" in environment:
        allowed["HOME"] = environment["HOME"]
    return {
        **allowed,
        **proxies_around_loopback(environment),
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",
        **(explicit or {}),
    }


def proxies_around_loopback(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the proxy variables of an environment, with loopback added to `no_proxy`.

    Returns an empty mapping without a proxy: `no_proxy` alone would hide the proxies in the system settings of macOS.
    """
    proxies = {f"{scheme}_proxy": url for scheme, url in getproxies().items() if scheme in ("http", "https", "all")}
    if not proxies:
        return {}
    named = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    hosts = [host.strip() for host in named.split(",") if host.strip()]
    around = "*" if "*" in hosts else ",".join(dict.fromkeys([*hosts, *LOOPBACK_NAMES]))
    return {**proxies, "no_proxy": around, "NO_PROXY": around}
