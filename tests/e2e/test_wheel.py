"""The installed wheel works in an environment and a folder without a checkout."""

import csv
import json
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from cloud.local.ports import choose_free
from cloud.packaging import package as packaging
from cloud.packaging.dependencies import digest
from cloud.packaging.lockfile import local_target
from cloud.resources import builds
from cloud.state.directory import StackAddresses
from tests.waiting import wait_until
from tests.wheels import ROOT, build, clean_environment

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

OPEN_THE_DASHBOARD = """
import sys
from importlib.util import find_spec
from pathlib import Path
from streamlit.testing.v1 import AppTest
page = AppTest.from_file(str(Path(find_spec("frontend").origin).with_name("pages") / "main.py")).run(timeout=120)
assert not page.exception, page.exception
print(*(title.value for title in page.title))
"""


class Installation:
    """An environment that holds the wheel, an empty home folder, and a working folder."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.cwd = folder / "work"
        self.cwd.mkdir()
        self.home.mkdir()
        self._bin = folder / "venv" / "bin"
        self.python = self._bin / "python"
        self.menagerie = self._bin / "menagerie"

    def environment(self, **variables: str) -> dict[str, str]:
        return {**clean_environment(self.home), **variables}

    def run(self, program: Path, *words: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [program, *map(str, words)],
            cwd=self.cwd,
            env=self.environment(**variables),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done

    @contextmanager
    def running(self, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
        """Run a command during the block."""
        log = self.cwd.with_name(f"{words[0]}.log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [self.menagerie, *words], cwd=self.cwd, env=self.environment(), stdout=output, stderr=output
            )
        try:
            yield process, log
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder = tmp_path_factory.mktemp("installation")
    wheel = build("wheel", ROOT, folder / "dist")
    venv.create(folder / "venv", with_pip=False)
    installed = Installation(folder)
    command = [sys.executable, "-m", "pip", "--isolated", "--python", str(installed.python), "install"]
    command += ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(command, check=True)
    # Third-party packages are those of the environment that runs the tests. Its editable checkout is not importable,
    # because Python does not read .pth files in a folder that was added by a .pth file.
    packages = sysconfig.get_path("purelib", vars={"base": folder / "venv", "platbase": folder / "venv"})
    Path(packages, "third-party.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    # Reuse the dependencies that are already installed for the zips.
    for part in packaging.PARTS:
        packaging.build(part, local_target(), folder / "zips")
    cache = installed.run(
        installed.python, "-c", "from cloud.resources import builds; print(builds() / 'cache')"
    ).stdout
    Path(cache.strip()).parent.mkdir(parents=True)
    Path(cache.strip()).symlink_to(builds() / "cache")
    return installed


def test_nothing_is_imported_from_the_checkout(installation: Installation) -> None:
    program = "import cloud, frontend, functions, menagerie, sys, training; print(*sys.path, *(m.__file__ for m in "
    program += "(cloud, frontend, functions, menagerie, training)), sep='\\n')"
    seen = [Path(line) for line in installation.run(installation.python, "-P", "-c", program).stdout.splitlines()]
    own = [path for path in seen if path.name == "__init__.py"]
    assert len(own) == 5
    assert all(path.is_relative_to(installation.home.parent) for path in own)
    assert ROOT not in seen


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("up", "--help"), ("bench", "--help")], ids=" ".join)
def test_help_and_version_work(installation: Installation, words: tuple[str, ...]) -> None:
    assert "menagerie" in installation.run(installation.menagerie, *words).stdout


def test_a_model_is_trained_from_the_data_service_and_classifies_a_file(installation: Installation) -> None:
    port = choose_free()
    url = f"http://127.0.0.1:{port}"
    with installation.running("data-service", "--port", str(port)) as (process, log):
        wait_until(
            lambda: httpx2.get(f"{url}/api/v1/animals/schema").is_success,
            what="the data service",
            process=process,
            log=log,
            retry_on=httpx2.TransportError,
        )
        installation.run(installation.menagerie, "train", "--data-service-url", url, "--output", "model")
    assert (installation.cwd / "model" / "report.html").read_text(encoding="utf-8").count("<style>")
    (installation.cwd / "zoo.csv").write_text(
        "walks_on_n_legs,height,weight,has_wings,has_tail\n4,3.1,4200,false,true\n2,0.3,2,true,true\n", encoding="utf-8"
    )
    done = installation.run(installation.menagerie, "predict", "--model", "model", "zoo.csv")
    assert [row["species"] for row in csv.DictReader(done.stdout.splitlines())] == ["elephant", "chicken"]


@pytest.mark.parametrize("part", packaging.PARTS)
def test_a_zip_is_the_same_bytes_as_one_from_the_checkout(
    installation: Installation, part: str, tmp_path: Path
) -> None:
    installation.run(installation.menagerie, "package", part, "--python-version", "local")
    expected = packaging.build(part, local_target(), tmp_path)
    assert digest(installation.cwd / "build" / f"{part}.zip") == expected.sha256


def test_up_works_in_a_folder_with_packages_of_the_same_names(installation: Installation) -> None:
    for package in ("cloud", "frontend", "functions", "menagerie", "training"):
        (installation.cwd / package).mkdir()
        (installation.cwd / package / "__init__.py").write_text(
            "raise ImportError('wrong package')\n", encoding="utf-8"
        )
    ports = {name: str(choose_free()) for name in ("--port", "--data-service-port", "--dashboard-port")}
    words = [word for option in ports.items() for word in option]
    stack = installation.cwd / ".menagerie" / "stack.json"
    with installation.running("up", *words) as (process, log):
        wait_until(stack.exists, what="the cloud to be up", process=process, log=log)
        addresses = StackAddresses(**json.loads(stack.read_text(encoding="utf-8")))
        assert "an example is classified as kangaroo" in log.read_text(encoding="utf-8")
        assert addresses.dashboard_url
        assert httpx2.get(addresses.dashboard_url).is_success
        settings = {"MENAGERIE_STACK_FILE": str(stack)}
        assert installation.run(installation.python, "-P", "-c", OPEN_THE_DASHBOARD, **settings).stdout.strip()
        assert "model" in installation.run(installation.menagerie, "status").stdout
        answer = installation.run(installation.menagerie, "invoke", "predict", "events/health.json")
        assert json.loads(answer.stdout)["statusCode"] == 200
        installation.run(installation.menagerie, "retrain", "--wait")
        installation.run(installation.menagerie, "down")
        assert process.wait() == 0
    assert not stack.exists()


def test_nothing_was_written_into_the_environment(installation: Installation) -> None:
    """Installed files are those of the wheel's record, except bytecode."""
    program = """
from importlib.metadata import distribution
import base64, hashlib, sys
from pathlib import Path
known = set()
for file in distribution("menagerie").files:
    path = Path(file.locate()).resolve()
    known.add(path)
    if file.hash:
        digest = hashlib.new(file.hash.mode, path.read_bytes()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == file.hash.value, path
for package in ("cloud", "frontend", "functions", "menagerie", "training"):
    for path in distribution("menagerie").locate_file(package).rglob("*"):
        assert path.is_dir() or path.suffix == ".pyc" or path.resolve() in known, path
"""
    installation.run(installation.python, "-P", "-c", program)
