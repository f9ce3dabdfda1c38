"""Counts what a boto3 client sends."""

from typing import Any


def count_calls(client: Any) -> list[str]:
    """Return a list that grows by the name of each operation that the client sends, retries included."""
    sent: list[str] = []
    client.meta.events.register("before-send.*.*", lambda event_name, **_: sent.append(event_name.split(".")[-1]))
    return sent
