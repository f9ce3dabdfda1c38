"""Where the API is and how to ask it: the only reader of the environment in the dashboard."""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

URL_VARIABLE = "MENAGERIE_API_URL"
KEY_VARIABLE = "MENAGERIE_API_KEY"
TIMEOUT_VARIABLE = "MENAGERIE_API_TIMEOUT"
DATA_SERVICE_VARIABLE = "MENAGERIE_DATA_SERVICE_URL"
"""Optional: without it the page that looks at the data says how to set it."""
HOSTS_VARIABLE = "MENAGERIE_ALLOWED_HOSTS"
"""Optional: names, with spaces or commas between them, by which browsers reach the dashboard beside loopback's."""
STACK_VARIABLE = "MENAGERIE_STACK_FILE"
"""Path of the stack.json that a deployment writes; what it says counts where the other variables are not set."""

# The gateway itself gives up after 29 s, so there is nothing to wait for beyond that.
DEFAULT_TIMEOUT_S = 30.0


class SettingsMissing(Exception):
    """A setting is absent or cannot be right; the text names it."""


class NotDeployed(SettingsMissing):
    """The file that a deployment writes does not exist: the application is not deployed yet, or no longer."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The address of the API's stage without a slash at the end, the key for it, and how long to wait."""

    api_url: str
    api_key: str = field(repr=False)
    timeout_s: float = DEFAULT_TIMEOUT_S
    data_service_url: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the variables; raise SettingsMissing when one is absent or cannot be what it should be."""
        environment = {**_stack_file(environment.get(STACK_VARIABLE)), **environment}
        url = environment.get(URL_VARIABLE, "").strip().rstrip("/")
        key = environment.get(KEY_VARIABLE, "").strip()
        absent = [name for name, value in ((URL_VARIABLE, url), (KEY_VARIABLE, key)) if not value]
        if absent:
            raise SettingsMissing(f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} not set.")
        if not _is_web_address(url):
            raise SettingsMissing(f"{URL_VARIABLE} is not a web address that starts with http:// or https://.")
        data = environment.get(DATA_SERVICE_VARIABLE, "").strip().rstrip("/") or None
        if data and not _is_web_address(data):
            raise SettingsMissing(f"{DATA_SERVICE_VARIABLE} is not a web address that starts with http:// or https://.")
        if not (key.isascii() and key.isprintable()):
            raise SettingsMissing(f"{KEY_VARIABLE} holds characters that cannot be part of a key.")
        return cls(url, key, _seconds(environment.get(TIMEOUT_VARIABLE)), data)


def allowed_hosts(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names in `Host` that the dashboard answers to beside those of loopback."""
    return environment.get(HOSTS_VARIABLE, "").replace(",", " ").split()


def _stack_file(path: str | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        stack = json.loads(Path(path).read_text(encoding="utf-8"))
        return {
            URL_VARIABLE: str(stack["api_url"]),
            KEY_VARIABLE: str(stack["api_key"]),
            DATA_SERVICE_VARIABLE: str(stack.get("data_service_url") or ""),
        }
    except FileNotFoundError as error:
        raise NotDeployed(f"There is no {path}, which {STACK_VARIABLE} names and a deployment writes.") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsMissing(f"{STACK_VARIABLE} names a file that cannot be read as a stack.json.") from error


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _seconds(text: str | None) -> float:
    if text is None:
        return DEFAULT_TIMEOUT_S
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise SettingsMissing(f"{TIMEOUT_VARIABLE} is not a number of seconds.")
    return seconds
