"""The state folder of an emulated cloud: who uses it, its secrets, and the addresses others may read."""

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from cloud.state.durable_files import write_whole
from menagerie.errors import Conflict, NotFound

DEFAULT_STATE_DIR = Path(".menagerie")
FORMAT = 2
"""Version of the folder's layout. Version 1 had `services/` alone; `SavedState.check` converts it."""
_SECRET = re.compile(r"[A-Za-z0-9_-]{20,128}")


@dataclass(frozen=True, slots=True)
class StackAddresses:
    """Where everything answers; written to stack.json once it does."""

    api_url: str
    api_key: str
    """The operator's, which every route takes."""
    endpoint_url: str
    dashboard_url: str | None
    data_service_url: str
    client_api_key: str = ""
    """What clients use: it neither retrains nor promotes."""


@dataclass(frozen=True, slots=True)
class StateDirectory:
    """A folder with mode 700 that outlives `menagerie up`."""

    root: Path

    @classmethod
    def open(cls, root: Path) -> "StateDirectory":
        """Create the folder if need be; only its owner may look inside."""
        root = root.resolve()
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        root.chmod(0o700)
        return cls(root)

    @classmethod
    def existing(cls, root: Path) -> "StateDirectory | None":
        """Return the folder if there is one, and make nothing."""
        return cls(root.resolve()) if root.is_dir() else None

    def require_known_version(self) -> None:
        """Write the versions that use the folder to version.json. Raise Conflict if later versions have written it."""
        from importlib.metadata import version

        from packaging.version import InvalidVersion, Version

        path = self.root / "version.json"
        ministack = version("ministack")
        ours = {"format": FORMAT, "menagerie": version("menagerie"), "ministack": ministack}
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            written_by = int(found["format"]), Version(found["ministack"])
        except (OSError, ValueError, KeyError, TypeError, InvalidVersion):
            written_by = 1, Version("0")  # older than the file, or incomplete; `SavedState.check` follows anyway
        advice = "use that version, another --state-dir, or --fresh to start with an empty state"
        if written_by[0] > FORMAT:
            raise Conflict(
                f"the state in {self.root} has format {written_by[0]}, written by Menagerie {found['menagerie']}; "
                f"{advice}"
            )
        if written_by[1] > Version(ministack):
            raise Conflict(
                f"the state in {self.root} was written by MiniStack {written_by[1]}, newer than {ministack}; {advice}"
            )
        write_whole(path, json.dumps(ours) + "\n")

    @property
    def running(self) -> Path:
        """Where the emulator reads and saves the state of its services; see `SavedState`."""
        return self.root / "running"

    @property
    def objects(self) -> Path:
        """The objects in the emulated S3, written at once."""
        return self.root / "objects"

    @property
    def has_models(self) -> bool:
        """Whether a model has been promoted here before."""
        return any(self.objects.rglob("models/current.json"))

    @property
    def temporary(self) -> Path:
        """Where the emulator unpacks functions while it runs."""
        return self.root / "tmp"

    @property
    def home(self) -> Path:
        """What the programs that are started take for the home folder."""
        return self.root / "home"

    @property
    def allowed_hosts(self) -> Path:
        """Names beside loopback's by which containers reach what runs here, once `menagerie sam local` was used."""
        return self.root / "allowed-hosts"

    def clear_temporary(self) -> None:
        """Make the emulator's temporary folder anew: what a run unpacks there, half a gigabyte, it does not remove."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir()

    def log(self, name: str) -> Path:
        """The log file of a process."""
        folder = self.root / "logs"
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.log"

    def secret(self, name: str) -> str:
        """Return a random secret of 43 characters, made on first use and kept with mode 600."""
        path = self.root / name
        try:
            secret = path.read_text(encoding="utf-8").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            secret = ""
        if not _SECRET.fullmatch(secret):  # none yet, or one that a crash or a full disk cut off
            secret = secrets.token_urlsafe(32)
            write_whole(path, secret)
        return secret

    def key_parameters(self) -> dict[str, str]:
        """Return the template's parameters for the API's keys, made on first use."""
        return {"ApiKeyValue": self.secret("api-key"), "ClientApiKeyValue": self.secret("client-api-key")}

    def write_addresses(self, addresses: StackAddresses) -> Path:
        """Write stack.json, whole or not at all."""
        write_whole(self._stack_file, json.dumps(asdict(addresses), indent=2) + "\n")
        return self._stack_file

    def addresses(self) -> StackAddresses:
        """Read stack.json; raise NotFound while no cloud is up, or if the file cannot be read."""
        try:
            return StackAddresses(**json.loads(self._stack_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise NotFound(f"no cloud is up in {self.root}; start one with `menagerie up`") from None
        except (ValueError, TypeError):
            raise NotFound(
                f"{self._stack_file} cannot be read; end what is up with `menagerie down` and `menagerie up` again"
            ) from None

    def delete_addresses(self) -> None:
        """Delete stack.json because the application is no longer up."""
        self._stack_file.unlink(missing_ok=True)

    def delete_everything(self) -> None:
        """Delete models, predictions and keys. The caller holds the lock."""
        for entry in self.root.iterdir():
            if entry != self._lock_file:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def running_pid(self) -> int | None:
        """Return the process that holds the lock, if any."""
        try:
            with self._lock_file.open("r+", encoding="utf-8") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return int(lock.read() or 0) or None
        except FileNotFoundError:
            pass
        return None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this process; raise Conflict if another one does.

        The lock is the kernel's, so a process that was killed leaves none behind.
        """
        with self._lock_file.open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise Conflict(
                    f"`menagerie up` already runs with {self.root} (process {lock.read() or 'unknown'}); "
                    "end it with `menagerie down` or choose another --state-dir"
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    @property
    def _stack_file(self) -> Path:
        return self.root / "stack.json"

    @property
    def _lock_file(self) -> Path:
        return self.root / "lock"
