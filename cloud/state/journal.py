"""The journal of changes in the tables since the last saved state, one JSON line for each change."""

import base64
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cloud.state.durable_files import flush

Item = Mapping[str, Mapping[str, Any]]
"""An item or a key in the format of DynamoDB's API: {"pk": {"S": "…"}}."""


@dataclass(frozen=True, slots=True)
class Change:
    """The new content of an item, or its deletion."""

    table: str
    """The table's logical name in the template, which is the same in every deployment."""
    key: Item
    item: Item | None
    """None for a deletion."""

    @property
    def identity(self) -> str:
        """A string that is equal for all changes of one item."""
        return json.dumps([self.table, self.key], sort_keys=True)

    def to_line(self) -> bytes:
        """Return the change as a line of JSON."""
        document = {"table": self.table, "key": self.key, "item": self.item}
        return json.dumps(document, default=_encode_bytes, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Parse a line; raise ValueError or KeyError if it is invalid."""
        document = json.loads(line, object_hook=_decode_bytes)
        return cls(document["table"], document["key"], document["item"])


class Journal:
    """A file of changes. An incomplete last line, left by a crash, is ignored."""

    def __init__(self, path: Path, reserve: Path | None = None) -> None:
        """Take the path, and a reserve file to delete for its space when the disk is full."""
        self.path = path
        self._reserve = reserve
        self._size: int | None = None
        """Length of the complete lines in bytes; None before the first write."""

    def append(self, changes: Iterable[Change]) -> int:
        """Append changes and return the number of bytes. They survive the end of this process.

        Raises OSError, and keeps none of the changes, if the disk is full.
        """
        lines = b"".join(change.to_line() for change in changes)
        if not lines:
            return 0
        try:
            self._write(lines)
        except OSError:
            if self._reserve is None or not self._reserve.exists():
                raise
            self._reserve.unlink()
            self._write(lines)
        return len(lines)

    def _write(self, lines: bytes) -> None:
        new = not self.path.exists()
        with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as file:
            if self._size is None:
                self._size = _whole_lines(file.read())
            # Remove an incomplete write of an earlier attempt on a full disk.
            file.truncate(self._size)
            file.seek(self._size)
            view = memoryview(lines)
            while view:
                view = view[os.write(file.fileno(), view) :]
        self._size += len(lines)
        if new:
            flush(self.path.parent)

    def flush(self) -> None:
        """Flush appended changes to disk, so that they survive a loss of power."""
        if self.path.exists():
            flush(self.path)

    def last(self) -> dict[str, Change]:
        """Return the last change of each item by its identity. Invalid lines are ignored."""
        found: dict[str, Change] = {}
        for change in self.changes():
            found.pop(change.identity, None)
            found[change.identity] = change
        return found

    def changes(self) -> Iterator[Change]:
        """Yield the changes, oldest first."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    return
                try:
                    yield Change.from_line(line)
                except (ValueError, KeyError, TypeError):
                    continue

    def replace(self, changes: Iterable[Change]) -> None:
        """Replace the content by these changes atomically."""
        replacement = Journal(self.path.with_suffix(".new"))
        replacement.path.unlink(missing_ok=True)
        replacement.append(changes)
        replacement.flush()
        if replacement.path.exists():
            replacement.path.replace(self.path)
        else:
            self.path.unlink(missing_ok=True)
        flush(self.path.parent)
        self._size = None


class Journals:
    """The journals of a state folder: one for each saved state, with the changes after it."""

    def __init__(self, folder: Path, reserve: Path | None = None) -> None:
        self._folder = folder
        self._reserve = reserve

    def since(self, generation: int) -> Journal:
        """Return the journal of the changes after a saved state; the journals of later states are merged into it."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        journal = Journal(self._folder / f"{generation}.jsonl", self._reserve)
        later = [Journal(path) for number, path in self._found() if number > generation]
        if later:
            merged = journal.last()
            for other in later:
                for identity, change in other.last().items():
                    merged.pop(identity, None)
                    merged[identity] = change
            journal.replace(merged.values())
            for other in later:
                other.path.unlink()
        return journal

    def delete_before(self, generation: int) -> None:
        """Delete the journals of older saved states."""
        for number, path in self._found():
            if number < generation:
                path.unlink(missing_ok=True)

    def _found(self) -> list[tuple[int, Path]]:
        paths = [path for path in self._folder.glob("*.jsonl") if path.stem.isdigit()]
        return sorted((int(path.stem), path) for path in paths)


def _whole_lines(content: bytes) -> int:
    return content.rfind(b"\n") + 1


def _encode_bytes(value: object) -> object:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be part of an item")


def _holds_bytes(value: dict[str, Any]) -> bool:
    return value.keys() == {"base64"} and isinstance(value["base64"], str)  # an attribute called base64 is a dict


def _decode_bytes(value: dict[str, Any]) -> Any:  # noqa: ANN401  # any JSON value
    return base64.b64decode(value["base64"]) if _holds_bytes(value) else value
