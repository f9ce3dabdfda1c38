"""Counts the requests of a boto3 client."""

from typing import Any


def count_calls(client: Any) -> list[str]:
    """Return a list to which the name of each operation that the client sends is added, retries included."""
    sent: list[str] = []
    client.meta.events.register("before-send.*.*", lambda event_name, **_: sent.append(event_name.split(".")[-1]))
    return sent
