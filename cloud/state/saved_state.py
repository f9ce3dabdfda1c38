"""What the emulator saves when it stops: sealed once it is known to be whole, checked before it is used again.

| folder      | what                                                                                             |
|-------------|--------------------------------------------------------------------------------------------------|
| `services/` | the last state that was saved whole, with `seal.json`: its generation and each file's SHA-256     |
| `previous/` | the one before: with the changes made since, all that a damaged `services/` held                  |
| `running/`  | where a running emulator reads and saves: hard links to `services/`, sealed when it stops in order |

Only a sealed `running/` replaces `services/`, so an emulator that dies while it saves harms nothing.
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
# Without any of these a deployed stack would not be found again, or be found with empty tables.
ESSENTIAL = ("apigateway_v1.json", "cloudformation.json", "dynamodb.json", "iam.json", "lambda.json", "s3.json")
_OURS = (SEAL, SESSION)


class DamagedState(Conflict):
    """A saved state is not what was saved; the text names the file."""


@dataclass(frozen=True, slots=True)
class Seal:
    """What a state consisted of when it was saved."""

    generation: int
    """How many states were saved before it, and it; 0 stands for none at all."""
    saved_at: str
    files: Mapping[str, Mapping[str, Any]]
    """Size of each file and, but for the zips whose name is their digest, its SHA-256."""


class SavedState:
    """The saved states in a state folder; its caller holds the folder's lock."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.services = root / "services"
        self.previous = root / "previous"
        self.running = root / "running"

    @property
    def generation(self) -> int:
        """Which state is the current one; 0 for none."""
        seal = _read_seal(self.services)
        return seal.generation if seal else 0

    @property
    def saved_at(self) -> str:
        """When the current state was saved."""
        seal = _read_seal(self.services)
        return seal.saved_at if seal else "the beginning"

    @property
    def sealed(self) -> bool:
        """Whether the emulator that ran last has saved its state in order, and `settle` has it to do."""
        return _read_seal(self.running) is not None

    def holds(self, texts: Iterable[str]) -> bool:
        """Tell whether each of some texts stands in what was saved of the tables."""
        saved = (self.running / "dynamodb.json").read_bytes()
        return all(json.dumps(text).encode() in saved for text in texts)

    def unseal(self) -> None:
        """Let what the emulator saved last not be used, and not be forgotten either."""
        (self.running / SEAL).unlink()

    def discard(self) -> None:
        """Let what the emulator saved last, if anything, not be used."""
        shutil.rmtree(self.running, ignore_errors=True)

    @property
    def ended_in_order(self) -> bool:
        """Whether what was saved by the last emulator is the current state."""
        return not self.running.exists()

    def settle(self) -> bool:
        """Make what an emulator saved in order the current state; return whether there was anything of that kind."""
        if _read_seal(self.running) is None:
            return False
        if self.services.exists():
            shutil.rmtree(self.previous, ignore_errors=True)
            self.services.rename(self.previous)
        self.running.rename(self.services)
        flush(self._root)
        return True

    def check(self) -> None:
        """Raise DamagedState if a file of the current state is not what was saved.

        A state without a seal is that of a Menagerie before there were any. It is sealed if its files can be read.
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
        """Return the folder for an emulator that is to start from the current state, in place of any unsealed one."""
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
        """Deploy in the block: what is saved in the middle of that is no whole state, nor what lacks a stack later."""
        self._note_deployment("begun")
        yield
        self._note_deployment("done")

    def _note_deployment(self, stage: str) -> None:
        path = self.running / SESSION
        write_whole(path, json.dumps({**json.loads(path.read_text(encoding="utf-8")), "deployment": stage}))

    def set_aside(self) -> Path:
        """Move a damaged current state out of the way, put the previous one in its place if it is whole; return where.

        What was changed since the previous state is in the journals of both.
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
    """Where a run says why it ended without saving its state."""
    return root / "unsaved.txt"


def unsaved_reason(root: Path) -> str:
    """Return why the last run did not save its state."""
    try:
        return unsaved_note(root).read_text(encoding="utf-8").strip()
    except OSError:
        return "the state was not saved; the next `menagerie up` recovers what the journal has"


@contextmanager
def sealing(folder: Path) -> Iterator[None]:
    """Seal what the emulator saves in a folder while it stops in the block; raise SystemExit if it is not whole.

    Runs in the emulator's own process, so that it happens whoever stops it. Does nothing in a folder that `begin` did
    not make.
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
    """Seal a state that has just been saved; return what is wrong with it, or None."""
    try:
        session = json.loads((folder / SESSION).read_text(encoding="utf-8"))
        names = _documents(folder)
        if session["deployment"] == "begun":
            return "it was in the middle of a deployment"
        expected = set(session["files"]) | (set(ESSENTIAL) if session["deployment"] else set())
        for name in sorted(expected):
            if name not in names:
                return f"{name} is missing"
            # A file is saved by putting another one in its place, so one that was not saved is still the same file.
            if (folder / name).stat().st_ino == session["files"].get(name):
                return f"{name} is the one that the emulator started with"
        files = _inventory(folder)
        for name in files:
            flush(folder / name)
        (folder / SESSION).unlink()
        _write_seal(folder, session["generation"], files)
    except (DamagedState, OSError, ValueError, KeyError) as error:
        return str(error)
    return None


class _Failures(logging.Handler):
    """Keeps the first error that the emulator logs about saving, which it does not raise."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.first: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        self.first = self.first or record.getMessage()


def _verify(folder: Path, seal: Seal) -> None:
    """Raise DamagedState if a file of a sealed state is not what was saved."""
    for name, told in seal.files.items():
        path = folder / name
        if not path.is_file():
            raise DamagedState(f"{path} is missing")
        size = path.stat().st_size
        if size != told["size"]:
            raise DamagedState(f"{path} has {size} bytes and was saved with {told['size']}")
        if told.get("sha256") not in (None, _sha256(path)):
            raise DamagedState(f"{path} is not what was saved: its bytes have changed")


def _inventory(folder: Path) -> dict[str, dict[str, Any]]:
    """Describe every file of a state; raise DamagedState for a document that cannot be read."""
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
