"""Address, key and timeout of the API: the only reader of the environment in the dashboard."""

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
"""Optional; without it the page *Data* shows training rows only."""
HOSTS_VARIABLE = "MENAGERIE_ALLOWED_HOSTS"
"""Optional: host names of the dashboard beside those of loopback, separated by spaces or commas."""
STACK_VARIABLE = "MENAGERIE_STACK_FILE"
"""Optional: path of the stack.json that a deployment writes; the other variables take precedence."""

# The gateway's own timeout is 29 s.
DEFAULT_TIMEOUT_S = 30.0


class SettingsMissing(Exception):
    """A setting is missing or not valid; the text names it."""


class NotDeployed(SettingsMissing):
    """The stack.json of the deployment does not exist: the application is not deployed."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The URL of the API's stage without a slash at the end, its key, and the timeout in seconds."""

    api_url: str
    api_key: str = field(repr=False)
    timeout_s: float = DEFAULT_TIMEOUT_S
    data_service_url: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the variables; raise SettingsMissing if one is missing or not valid."""
        environment = {**_stack_file(environment.get(STACK_VARIABLE)), **environment}
        url = environment.get(URL_VARIABLE, "").strip().rstrip("/")
        key = environment.get(KEY_VARIABLE, "").strip()
        missing = [name for name, value in ((URL_VARIABLE, url), (KEY_VARIABLE, key)) if not value]
        if missing:
            raise SettingsMissing(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set.")
        if not _is_url(url):
            raise SettingsMissing(f"{URL_VARIABLE} is not a URL that starts with http:// or https://.")
        data = environment.get(DATA_SERVICE_VARIABLE, "").strip().rstrip("/") or None
        if data and not _is_url(data):
            raise SettingsMissing(f"{DATA_SERVICE_VARIABLE} is not a URL that starts with http:// or https://.")
        if not (key.isascii() and key.isprintable()):
            raise SettingsMissing(f"{KEY_VARIABLE} has characters that are not allowed in a key.")
        return cls(url, key, _seconds(environment.get(TIMEOUT_VARIABLE)), data)


def allowed_hosts(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the host names that the dashboard accepts beside those of loopback."""
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
        raise NotDeployed(f"{path}, named by {STACK_VARIABLE}, does not exist; a deployment writes it.") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsMissing(f"The file that {STACK_VARIABLE} names cannot be read as a stack.json.") from error


def _is_url(url: str) -> bool:
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
        raise SettingsMissing(f"{TIMEOUT_VARIABLE} is not a positive number of seconds.")
    return seconds
