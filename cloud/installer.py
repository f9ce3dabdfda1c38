"""Install complete lock files with pip or uv, and create the project's virtual environment for `make setup`.

A complete lock file lists every package with its hashes. The installation resolves and builds nothing, so later
releases do not matter. `python3 cloud/installer.py .venv` must report an unsupported Python on any Python 3, so this
module uses only the standard library and the syntax of Python 3.6.
"""

import ast
import fcntl
import hashlib
import importlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

COMPLETE_LOCK = ("--no-deps", "--require-hashes", "--only-binary", ":all:")

# Settings of the user's configuration that are used: the sources of packages and the access to them. Others, such as
# `user`, `target`, `constraint` or `no-binary`, would change what is installed, or where.
PIP_SOURCES = (
    "index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "cert", "client-cert", "proxy",
    "keyring-provider", "use-feature", "timeout", "default-timeout", "retries", "cache-dir", "no-cache-dir",
)  # fmt: skip
UV_SOURCES = (
    "UV_INDEX", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_INSECURE_HOST",
    "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_KEYRING_PROVIDER", "UV_CREDENTIALS_DIR", "UV_HTTP", "UV_REQUEST_TIMEOUT",
    "UV_OFFLINE", "UV_CACHE_DIR", "UV_NO_CACHE", "UV_CONCURRENT", "UV_CONFIG_FILE", "UV_NO_CONFIG",
)  # fmt: skip
# Prefixes of variables that change the behaviour of an interpreter or an installer.
MISLEADING = ("PYTHON", "PIP_", "UV_", "HATCH_", "VIRTUAL_ENV", "CONDA_", "__PYVENV_LAUNCHER__")

RECORD = ".ready"
INCOMPLETE = b"incomplete\n"
PROGRESS_SECONDS = 10.0
_PIP_STEP = re.compile(r"Collecting |Requirement already satisfied: ")
_UNREACHABLE = re.compile(
    r"connection broken by|Max retries|timed out|\(from versions: none\)|Failed to fetch|error sending request"
)


class SetupError(Exception):
    """The set-up has failed. The message is one line with the reason and advice."""


class Done(NamedTuple):
    """The exit status and output of a program."""

    status: int
    lines: List[str]

    @property
    def reason(self) -> str:
        """The reason of a failure in one line."""
        lines = [line.strip(" \u00d7╰─▶│├") for line in self.lines if line.strip()] or ["it gave no reason"]
        errors = [line for line in lines if line.lower().startswith("error")] or lines
        reason = re.sub("^error: *", "", errors[-1], flags=re.IGNORECASE)
        if any(_UNREACHABLE.search(line) for line in lines):
            return f"the package index cannot be reached, or does not have it ({reason})"
        return reason


def say(line: str) -> None:
    """Print a line of progress on standard error."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def run(
    command: Sequence[str],
    environment: Dict[str, str],
    folder: Optional[Path] = None,
    kept_open: Tuple[int, ...] = (),
    packages: int = 0,
) -> Done:
    """Run a program until it ends. With the number of packages that it installs, print progress meanwhile."""
    lines: List[str] = []
    began = time.monotonic()
    with subprocess.Popen(
        command, env=environment, cwd=folder and str(folder), pass_fds=kept_open, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
    ) as process:  # fmt: skip

        def read() -> None:
            with suppress(ValueError):  # a second Ctrl-C closes the output
                for line in process.stdout or ():
                    lines.append(line.rstrip())  # noqa: PERF401 - the other thread counts them meanwhile

        reader = threading.Thread(target=read, daemon=True)
        try:
            reader.start()
            while reader.is_alive():
                reader.join(PROGRESS_SECONDS)
                if packages and reader.is_alive():
                    say(f"  {time.monotonic() - began:.0f} s: {_stage(list(lines), packages)}")
            return Done(process.wait(), lines)
        finally:
            if process.poll() is None:
                process.terminate()
            reader.join()


def _stage(lines: List[str], packages: int) -> str:
    if any(line.startswith("Installing collected packages") for line in lines):
        return "unpacking and compiling"
    fetched = sum(1 for line in lines if _PIP_STEP.match(line))
    return f"{fetched} of {packages} packages fetched" if fetched else "fetching"


def clean_environment() -> Dict[str, str]:
    """Return this process's environment without variables that change an interpreter or an installer."""
    return {name: value for name, value in os.environ.items() if not name.startswith(MISLEADING)}


def pip_environment(python: str) -> Dict[str, str]:
    """Return the environment for an interpreter's pip, with the package sources of its configuration and PIP_*.

    Raises SetupError if pip is missing or cannot read its configuration.
    """
    variables = dict(clean_environment(), **{name: os.environ[name] for name in os.environ if name.startswith("PIP_")})
    # `pip config` uses these too: with `user = true` it would read only one file.
    variables.update(PIP_USER="0", PIP_GLOBAL="0", PIP_SITE="0", PIP_QUIET="0", PIP_VERBOSE="0")
    variables.pop("PIP_PYTHON", None)
    listed = run([python, "-m", "pip", "config", "list"], variables)
    if listed.status:
        raise SetupError("pip does not run: {}".format(" ".join(line.strip() for line in listed.lines[-3:])))
    settings = [re.match(r"(global|install|:env:)\.([a-z-]+)=(.*)", line) for line in listed.lines]
    environment = clean_environment()
    for section in ("global", "install", ":env:"):  # the last one wins
        for setting in settings:
            if setting and setting.group(1) == section and setting.group(2) in PIP_SOURCES:
                name = "PIP_" + setting.group(2).upper().replace("-", "_")
                environment[name] = str(ast.literal_eval(setting.group(3)))
    # With the null device as its configuration file, pip reads no other file.
    environment.update(PIP_CONFIG_FILE=os.devnull, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1")
    return environment


def uv_environment() -> Dict[str, str]:
    """Return the environment for uv, with the package sources of UV_*."""
    return dict(clean_environment(), **{name: os.environ[name] for name in os.environ if name.startswith(UV_SOURCES)})


class VirtualEnvironment:
    """A virtual environment with the packages of requirements/dev.txt and an editable install of the project.

    A record file has the digest of its sources and its path. It is created again if the path differs, because the
    programs of a copied checkout would run the original's code.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        self._root = root
        self._lock = root / "requirements" / "dev.txt"
        self._project = root / "pyproject.toml"
        self._record = folder / RECORD
        self._kept_open: Tuple[int, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether it is complete, in this place and from these sources."""
        return self._recorded() == self._finished() and self.python.exists()

    def make_ready(self) -> None:
        """Create or update it; raise SetupError if that fails."""
        with self._alone():
            if self.is_ready:
                return
            began = time.monotonic()
            reason = self._reason_to_make()
            if reason is not None:
                self._make(reason)
            self._record.write_bytes(INCOMPLETE)
            sources = pip_environment(str(self.python))
            self._install_lock(sources)
            self._pip("the project", ["--no-deps", "--no-build-isolation", "--editable", "."], sources)
            self._record.write_bytes(self._finished())
            say(f"{self.folder.name} is ready after {time.monotonic() - began:.0f} s")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait for any other set-up in the checkout, and for an installer that it has left behind."""
        handle = os.open(str(self._root), os.O_RDONLY)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"waiting for another set-up in {self._root}")
                fcntl.flock(handle, fcntl.LOCK_EX)
            self._kept_open = (handle,)
            yield
        finally:
            os.close(handle)

    def _recorded(self) -> bytes:
        return self._record.read_bytes() if self._record.is_file() else b""

    def _finished(self) -> bytes:
        sources = hashlib.sha256(self._lock.read_bytes() + self._project.read_bytes())
        return sources.hexdigest().encode() + b"\n" + os.fsencode(str(self.folder)) + b"\n"

    def _reason_to_make(self) -> Optional[str]:
        """Return the reason to create it again, "" if it does not exist, None if it can be updated."""
        recorded = self._recorded()
        if recorded == INCOMPLETE:
            return "an earlier set-up did not end"
        if not self.folder.exists() or not any(self.folder.iterdir()):
            return ""
        if not (self.folder / "pyvenv.cfg").exists():
            raise SetupError(f"{self.folder} is no virtual environment; remove it, then: make setup")
        place = os.fsencode(str(self.folder))
        if recorded and not recorded.endswith(b"\n" + place + b"\n"):
            return "it was made in another place"
        # A virtual environment without a record may have been created by hand. It is used if it is complete.
        activation = self.folder / "bin" / "activate"
        text = activation.read_bytes() if activation.is_file() else b""
        if not recorded and not re.search(b"VIRTUAL_ENV=[\"']?" + re.escape(place) + b"[\"']?$", text, re.MULTILINE):
            return "it was made in another place" if text else "it is not complete"
        whole = "import sys, pip; sys.exit(not {} <= sys.version_info[:2] < {})".format(*_supported(self._project))
        if not self.python.exists() or self._run([str(self.python), "-I", "-c", whole], clean_environment()).status:
            return "it has no pip, or no Python that is supported"
        return None

    def _make(self, reason: str) -> None:
        fault = fault_of_this_python(_supported(self._project))
        if fault:
            raise SetupError(fault)
        uv = shutil.which("uv")
        package = f"python3.{sys.version_info[1]}-venv"
        unable = SetupError(
            f"{sys.executable} cannot make virtual environments; on Debian and Ubuntu: sudo apt install {package}, "
            "then: make setup"
        )
        if _has_ensurepip():
            command = [sys.executable, "-I", "-m", "venv", str(self.folder)]
        elif uv:
            command = [uv, "venv", "--seed", "--allow-existing", "--python", sys.executable, str(self.folder)]
        else:
            raise unable
        if reason:
            say(f"making {self.folder.name} anew: {reason}")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._record.write_bytes(INCOMPLETE)
        for path in self.folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(str(path))
            elif path != self._record:
                path.unlink()
        done = self._run(command, uv_environment())
        if done.status and any("ensurepip is not available" in line for line in done.lines):
            raise unable
        if done.status:
            raise SetupError(f"{self.folder} could not be made: {done.reason}")

    def _install_lock(self, sources: Dict[str, str]) -> None:
        packages = len(re.findall("^[a-z0-9]", self._lock.read_text(encoding="utf-8"), re.MULTILINE))
        wanted = [*COMPLETE_LOCK, "-r", str(self._lock)]
        uv = shutil.which("uv")
        if uv:
            say(f"installing {packages} packages with uv; the first time takes about a minute")
            command = [uv, "pip", "install", "--python", str(self.python), "--compile-bytecode", *wanted]
            done = self._run(command, uv_environment(), packages)
            if not done.status:
                return
            say(f"uv could not do it: {done.reason}")
        say(f"installing {packages} packages with pip; the first time takes two to five minutes")
        self._pip("requirements/dev.txt", wanted, sources, packages)

    def _pip(self, name: str, wanted: List[str], sources: Dict[str, str], packages: int = 0) -> None:
        command = [str(self.python), "-m", "pip", "install", *wanted]
        done = self._run(command, sources, packages)
        if done.status:
            raise SetupError(f"{name} could not be installed: {done.reason}; then: make setup")

    def _run(self, command: List[str], environment: Dict[str, str], packages: int = 0) -> Done:
        return run(command, environment, self._root, self._kept_open, packages)


def _has_ensurepip() -> bool:
    """Return whether this Python can install pip into a virtual environment. Debian has a separate package for that."""
    try:
        return bool(importlib.import_module("ensurepip").version())
    except (ImportError, AttributeError, OSError):
        return False


def _supported(project: Path) -> Tuple[Tuple[int, int], Tuple[int, int]]:
    """Return the first supported version of Python and the first that is too new, from requires-python."""
    stated = re.search(r'^requires-python = ">=3\.(\d+),<3\.(\d+)"', project.read_text(encoding="utf-8"), re.MULTILINE)
    if stated is None:
        raise SetupError(f"{project} states no requires-python")
    return (3, int(stated.group(1))), (3, int(stated.group(2)))


def fault_of_this_python(supported: Tuple[Tuple[int, int], Tuple[int, int]]) -> str:
    """Return why this interpreter cannot run the project, with an alternative, or "" if it can."""
    first, after = supported
    if sys.implementation.name == "cpython" and first <= sys.version_info[:2] < after:
        return ""
    why = " (onnxruntime has no wheel for it yet)" if sys.version_info[:2] >= after else ""
    names = [f"python3.{minor}" for minor in range(after[1] - 1, first[1] - 1, -1)]
    others = [name for name in names if shutil.which(name) and not run([name, "-c", ""], clean_environment()).status]
    return "CPython 3.{} to 3.{} is needed, and {} is {} {}.{}{}; {}: make setup PYTHON={}".format(
        first[1], after[1] - 1, sys.executable, sys.implementation.name, sys.version_info[0], sys.version_info[1], why,
        "there is another" if others else "install one, then", (others or names)[0],
    )  # fmt: skip


def main() -> int:
    """Create or update the virtual environment that the command line names; return the exit status."""
    root = Path(__file__).resolve().parent.parent
    environment = VirtualEnvironment(root, (root / sys.argv[1]).resolve())
    try:
        if not environment.is_ready:
            environment.make_ready()
    except KeyboardInterrupt:
        say("set-up was interrupted; make setup starts it anew")
        return 130
    except (SetupError, OSError) as error:
        say(f"set-up failed: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
