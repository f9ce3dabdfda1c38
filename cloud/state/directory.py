"""The state folder of an emulated cloud: its lock, its secrets, its addresses and its format version."""

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
    """Addresses and keys of a running application; the content of stack.json."""

    api_url: str
    api_key: str
    """The operator's key, which every route accepts."""
    endpoint_url: str
    dashboard_url: str | None
    data_service_url: str
    client_api_key: str = ""
    """The clients' key, which can neither retrain nor promote."""


@dataclass(frozen=True, slots=True)
class StateDirectory:
    """A folder with mode 700 that persists between runs of `menagerie up`."""

    root: Path

    @classmethod
    def open(cls, root: Path) -> "StateDirectory":
        """Create the folder if necessary; only its owner has access."""
        root = root.resolve()
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        root.chmod(0o700)
        return cls(root)

    @classmethod
    def existing(cls, root: Path) -> "StateDirectory | None":
        """Return the folder if it exists, else None."""
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
        """The folder from which the emulator loads its state and to which it saves it; see `SavedState`."""
        return self.root / "running"

    @property
    def objects(self) -> Path:
        """The objects of the emulated S3, which are written immediately."""
        return self.root / "objects"

    @property
    def has_models(self) -> bool:
        """Whether a model has been promoted."""
        return any(self.objects.rglob("models/current.json"))

    @property
    def temporary(self) -> Path:
        """The folder to which the emulator unpacks functions."""
        return self.root / "tmp"

    @property
    def home(self) -> Path:
        """The home folder of child processes."""
        return self.root / "home"

    @property
    def allowed_hosts(self) -> Path:
        """The file with host names that containers use, besides those of loopback; written by `menagerie sam local`."""
        return self.root / "allowed-hosts"

    def clear_temporary(self) -> None:
        """Empty the emulator's temporary folder. The emulator leaves about half a gigabyte there."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir()

    def log(self, name: str) -> Path:
        """Return the path of a process's log file."""
        folder = self.root / "logs"
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.log"

    def secret(self, name: str) -> str:
        """Return a random secret of 43 characters, created on first use in a file with mode 600."""
        path = self.root / name
        try:
            secret = path.read_text(encoding="utf-8").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            secret = ""
        if not _SECRET.fullmatch(secret):  # missing, or truncated by a crash or a full disk
            secret = secrets.token_urlsafe(32)
            write_whole(path, secret)
        return secret

    def key_parameters(self) -> dict[str, str]:
        """Return the template parameters with the API keys, created on first use."""
        return {"ApiKeyValue": self.secret("api-key"), "ClientApiKeyValue": self.secret("client-api-key")}

    def write_addresses(self, addresses: StackAddresses) -> Path:
        """Write stack.json atomically."""
        write_whole(self._stack_file, json.dumps(asdict(addresses), indent=2) + "\n")
        return self._stack_file

    def addresses(self) -> StackAddresses:
        """Read stack.json; raise NotFound if no cloud is up or the file is invalid."""
        try:
            return StackAddresses(**json.loads(self._stack_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise NotFound(f"no cloud is up in {self.root}; start one with `menagerie up`") from None
        except (ValueError, TypeError):
            raise NotFound(f"{self._stack_file} is invalid; run `menagerie down` and `menagerie up` again") from None

    def delete_addresses(self) -> None:
        """Delete stack.json because the application is no longer up."""
        self._stack_file.unlink(missing_ok=True)

    def delete_everything(self) -> None:
        """Delete models, predictions and keys. The caller holds the lock."""
        for entry in self.root.iterdir():
            if entry != self._lock_file:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def running_pid(self) -> int | None:
        """Return the id of the process that holds the lock, or None."""
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
        """Lock the folder for this process; raise Conflict if another process holds the lock.

        The kernel releases the lock of a process that was killed.
        """
        with self._lock_file.open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise Conflict(
                    f"`menagerie up` already runs with {self.root} (process {lock.read() or 'unknown'}); "
                    "stop it with `menagerie down` or choose another --state-dir"
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
