"""The journal: what changed in the tables since their state was last saved, one line a change."""

import base64
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cloud.state.durable_files import flush

Item = Mapping[str, Mapping[str, Any]]
"""An item or a key as DynamoDB's API has it: {"pk": {"S": "…"}}."""


@dataclass(frozen=True, slots=True)
class Change:
    """An item as it is since a change, or that it is no more."""

    table: str
    """The table's name in the template, which a new deployment does not change."""
    key: Item
    item: Item | None
    """None for an item that was deleted."""

    @property
    def identity(self) -> str:
        """What two changes of one item have in common."""
        return json.dumps([self.table, self.key], sort_keys=True)

    def to_line(self) -> bytes:
        """Return a line of JSON."""
        document = {"table": self.table, "key": self.key, "item": self.item}
        return json.dumps(document, default=_encode_bytes, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Read a line; raise ValueError or KeyError if it is none."""
        document = json.loads(line, object_hook=_decode_bytes)
        return cls(document["table"], document["key"], document["item"])


class Journal:
    """A file of changes. A last line that was cut off by a crash is passed over."""

    def __init__(self, path: Path, reserve: Path | None = None) -> None:
        """Take where it is, and a file to delete when the disk is full, for its space."""
        self.path = path
        self._reserve = reserve
        self._size: int | None = None
        """How much of the file is known to be whole; None before the first write."""

    def append(self, changes: Iterable[Change]) -> int:
        """Add changes, so that no end of a process loses them, and return how many bytes that were.

        Raises OSError, and keeps none of them, if the disk is full.
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
            # What an earlier attempt wrote in part, on a full disk, is not part of the journal.
            file.truncate(self._size)
            file.seek(self._size)
            view = memoryview(lines)
            while view:
                view = view[os.write(file.fileno(), view) :]
        self._size += len(lines)
        if new:
            flush(self.path.parent)

    def flush(self) -> None:
        """Return once what was appended is on the disk, so that no loss of power loses it."""
        if self.path.exists():
            flush(self.path)

    def last(self) -> dict[str, Change]:
        """Return the last change of each item, by its identity; lines that cannot be read are passed over."""
        found: dict[str, Change] = {}
        for change in self.changes():
            found.pop(change.identity, None)
            found[change.identity] = change
        return found

    def changes(self) -> Iterator[Change]:
        """Return the changes, oldest first."""
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
        """Hold these changes and no others, or stay as it is if the disk does not take them."""
        beside = Journal(self.path.with_suffix(".new"))
        beside.path.unlink(missing_ok=True)
        beside.append(changes)
        beside.flush()
        if beside.path.exists():
            beside.path.replace(self.path)
        else:
            self.path.unlink(missing_ok=True)
        flush(self.path.parent)
        self._size = None


class Journals:
    """The journals of a state folder: for each saved state, what changed after it."""

    def __init__(self, folder: Path, reserve: Path | None = None) -> None:
        self._folder = folder
        self._reserve = reserve

    def since(self, generation: int) -> Journal:
        """Return the journal of what changed after a saved state; those of later states become part of it."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        journal = Journal(self._folder / f"{generation}.jsonl", self._reserve)
        later = [Journal(path) for number, path in self._found() if number > generation]
        if later:
            merged = journal.last()
            for each in later:
                for identity, change in each.last().items():
                    merged.pop(identity, None)
                    merged[identity] = change
            journal.replace(merged.values())
            for each in later:
                each.path.unlink()
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
    raise TypeError(f"{type(value).__name__} is no part of an item")


def _holds_bytes(value: dict[str, Any]) -> bool:
    return value.keys() == {"base64"} and isinstance(value["base64"], str)  # an attribute of that name is a dict


def _decode_bytes(value: dict[str, Any]) -> Any:  # noqa: ANN401  # whatever the JSON holds
    return base64.b64decode(value["base64"]) if _holds_bytes(value) else value
