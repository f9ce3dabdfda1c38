"""The state that the emulator saves when it stops: sealed if complete, verified before use.

| folder      | content                                                                                          |
|-------------|--------------------------------------------------------------------------------------------------|
| `services/` | the last complete state, with `seal.json`: its generation and the SHA-256 of each file           |
| `previous/` | the state before it: with the changes since, it replaces a damaged `services/`                   |
| `running/`  | the folder of a running emulator: hard links to `services/`, sealed on an orderly stop           |

Only a sealed `running/` replaces `services/`, so a crash during the save is harmless.
"""

import hashlib
import json
import logging
import shutil
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cloud.state.durable_files import flush, link_tree, write_whole
from menagerie.errors import Conflict

SEAL = "seal.json"
SESSION = "session.json"
# Without one of these, a deployed stack would be missing or have empty tables.
ESSENTIAL = ("apigateway_v1.json", "cloudformation.json", "dynamodb.json", "iam.json", "lambda.json", "s3.json")
_OURS = (SEAL, SESSION)


class DamagedState(Conflict):
    """A file of a saved state is missing or has changed. The message names it."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The description of a complete saved state."""

    generation: int
    """The number of this state, counted from 1; 0 means that there is none."""
    saved_at: str
    files: Mapping[str, Mapping[str, Any]]
    """Size and SHA-256 of each file; no SHA-256 for zips, whose name is their digest."""


class SavedState:
    """The saved states in a state folder. The caller holds the folder's lock."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.services = root / "services"
        self.previous = root / "previous"
        self.running = root / "running"

    @property
    def generation(self) -> int:
        """The number of the current state; 0 for none."""
        seal = _read_seal(self.services)
        return seal.generation if seal else 0

    @property
    def saved_at(self) -> str:
        """The time at which the current state was saved."""
        seal = _read_seal(self.services)
        return seal.saved_at if seal else "the beginning"

    @property
    def sealed(self) -> bool:
        """Whether the last emulator saved a complete state that `settle` has not yet made the current one."""
        return _read_seal(self.running) is not None

    def holds(self, texts: Iterable[str]) -> bool:
        """Return whether the saved tables contain all of some texts."""
        saved = (self.running / "dynamodb.json").read_bytes()
        return all(json.dumps(text).encode() in saved for text in texts)

    def unseal(self) -> None:
        """Mark the state that the emulator saved last as incomplete, but keep it."""
        (self.running / SEAL).unlink()

    def discard(self) -> None:
        """Delete the state that the emulator saved last."""
        shutil.rmtree(self.running, ignore_errors=True)

    @property
    def ended_in_order(self) -> bool:
        """Whether the state of the last emulator has become the current one."""
        return not self.running.exists()

    def settle(self) -> bool:
        """Make a sealed state in `running/` the current one; return whether there was one."""
        if _read_seal(self.running) is None:
            return False
        if self.services.exists():
            shutil.rmtree(self.previous, ignore_errors=True)
            self.services.rename(self.previous)
        self.running.rename(self.services)
        flush(self._root)
        return True

    def check(self) -> None:
        """Raise DamagedState if a file of the current state is missing or has changed.

        A state without a seal was saved by a version before format 2. It is sealed if its files are readable.
        """
        if not self.services.exists():
            return
        seal = _read_seal(self.services)
        if seal is not None:
            _verify(self.services, seal)
        elif (self.services / SEAL).exists():
            raise DamagedState(f"{self.services / SEAL} cannot be read")
        elif files := _inventory(self.services):
            _write_seal(self.services, 1, files)
        else:
            shutil.rmtree(self.services)

    def begin(self) -> Path:
        """Create and return the folder of the next emulator from the current state; it replaces an unsealed one."""
        shutil.rmtree(self.running, ignore_errors=True)
        if self.services.exists():
            link_tree(self.services, self.running)
            (self.running / SEAL).unlink()
        else:
            self.running.mkdir(parents=True)
        session = {
            "generation": self.generation + 1,
            "deployment": None,
            "files": {name: (self.running / name).stat().st_ino for name in _documents(self.running)},
        }
        write_whole(self.running / SESSION, json.dumps(session))
        return self.running

    @contextmanager
    def deployment(self) -> Iterator[None]:
        """Context of a deployment. A state saved inside is incomplete; a later one must contain the stack."""
        self._note_deployment("begun")
        yield
        self._note_deployment("done")

    def _note_deployment(self, stage: str) -> None:
        path = self.running / SESSION
        write_whole(path, json.dumps({**json.loads(path.read_text(encoding="utf-8")), "deployment": stage}))

    def set_aside(self) -> Path:
        """Move a damaged current state to a new folder, which is returned, and restore the previous one if complete.

        The journals of both states have the changes since the previous one.
        """
        kept = self._root / f"damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        self.services.rename(kept)
        seal = _read_seal(self.previous)
        if seal is not None:
            with suppress(DamagedState):
                _verify(self.previous, seal)
                link_tree(self.previous, self.services)
        flush(self._root)
        return kept


def unsaved_note(root: Path) -> Path:
    """Return the path of the file with the reason why the last run did not save its state."""
    return root / "unsaved.txt"


def unsaved_reason(root: Path) -> str:
    """Return why the last run did not save its state."""
    try:
        return unsaved_note(root).read_text(encoding="utf-8").strip()
    except OSError:
        return "the state was not saved; the next `menagerie up` recovers what the journal has"


@contextmanager
def sealing(folder: Path) -> Iterator[None]:
    """Seal the state that the emulator saves when it stops in this context; raise SystemExit if it is incomplete.

    This runs in the emulator's process, so that it does not matter which process stops it. Does nothing in a folder
    that `begin` has not created.
    """
    if not (folder / SESSION).exists():
        yield
        return
    failures = _Failures()
    logging.getLogger("persistence").addHandler(failures)
    try:
        yield
    except SystemExit as end:
        if end.code:
            raise
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    problem = failures.first or seal(folder)
    if problem:
        raise SystemExit(f"the state was not saved: {problem}")


def seal(folder: Path) -> str | None:
    """Seal a state that has just been saved; return the reason if it is incomplete, else None."""
    try:
        session = json.loads((folder / SESSION).read_text(encoding="utf-8"))
        names = _documents(folder)
        if session["deployment"] == "begun":
            return "a deployment was in progress"
        expected = set(session["files"]) | (set(ESSENTIAL) if session["deployment"] else set())
        for name in sorted(expected):
            if name not in names:
                return f"{name} is missing"
            # A save replaces the file, so a file with the same inode was not saved.
            if (folder / name).stat().st_ino == session["files"].get(name):
                return f"{name} was not saved again"
        files = _inventory(folder)
        for name in files:
            flush(folder / name)
        (folder / SESSION).unlink()
        _write_seal(folder, session["generation"], files)
    except (DamagedState, OSError, ValueError, KeyError) as error:
        return str(error)
    return None


class _Failures(logging.Handler):
    """Keeps the first error that the emulator logs about its save, because it does not raise."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.first: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        self.first = self.first or record.getMessage()


def _verify(folder: Path, seal: Seal) -> None:
    """Raise DamagedState if a file of a sealed state is missing or has changed."""
    for name, entry in seal.files.items():
        path = folder / name
        if not path.is_file():
            raise DamagedState(f"{path} is missing")
        size = path.stat().st_size
        if size != entry["size"]:
            raise DamagedState(f"{path} has {size} bytes and was saved with {entry['size']}")
        if entry.get("sha256") not in (None, _sha256(path)):
            raise DamagedState(f"{path} has changed since it was saved")


def _inventory(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size and digest of every file of a state; raise DamagedState for invalid JSON."""
    files: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if not path.is_file() or name in _OURS or path.suffix in (".tmp", ".lock"):
            continue
        files[name] = {"size": path.stat().st_size}
        if path.suffix == ".json":
            try:
                json.loads(path.read_bytes())
            except ValueError as error:
                raise DamagedState(f"{path} cannot be read: {error}") from None
        if path.suffix != ".zip":
            files[name]["sha256"] = _sha256(path)
    return files


def _documents(folder: Path) -> list[str]:
    return [path.name for path in sorted(folder.glob("*.json")) if path.name not in _OURS]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_seal(folder: Path) -> Seal | None:
    try:
        return Seal(**json.loads((folder / SEAL).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _write_seal(folder: Path, generation: int, files: Mapping[str, Mapping[str, Any]]) -> None:
    saved_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    write_whole(folder / SEAL, json.dumps(asdict(Seal(generation, saved_at, files)), indent=1) + "\n")
