"""Crash the embedded cloud during writes, and compare acknowledged data with that after the next `menagerie up`."""

import json
import os
import random
import resource
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.faults.outcome import Outcome
from cloud.local.up import FIRST_ANIMAL
from cloud.state.directory import StackAddresses
from menagerie.http_client import http_client
from tests.e2e.conftest import Up
from tests.waiting import wait_until

LAST_SECOND = 1.0
"""Seconds of acknowledged writes that may be lost in a crash."""
FIRST_HEIGHT, STEP = 2.5, 0.0001
WRITES = (8, 40)
LONGEST_PAUSE_SECONDS = 0.5
LONGEST_START_SECONDS = 6.0
SMALL_JOB = {"source": {"kind": "data-service", "seed": 3, "number_of_datapoints": 300}, "promote": "never"}


@dataclass
class _Acknowledged:
    """Acknowledged data, with the time of the response."""

    predictions: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)
    feedback: dict[str, float] = field(default_factory=dict)
    jobs: dict[str, float] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)


class Crashes:
    """A state folder whose cloud is repeatedly started, written to and crashed."""

    def __init__(self, state_dir: Path, seed: int = 1) -> None:
        self._state_dir = state_dir
        self._random = random.Random(seed)
        self._kept = _Acknowledged()
        self._writes = 0
        self._crashed_at = 0.0
        self._crash = Outcome("")
        """The counts of the latest kind of crash; missing data is added to them."""
        self.lost_in_the_last_second = 0
        self.last_log = ""

    def kill_emulator(self, times: int = 20) -> Outcome:
        """Kill the emulator at random moments; `up` reports it and exits with status 1."""
        outcome = Outcome("emulator killed at random moments under writes")
        return self._repeat(outcome, times, lambda up: _kill(emulator_of(up)), expected=1)

    def kill_up(self, times: int = 20) -> Outcome:
        """Kill `menagerie up` at random moments; its guardian stops the emulator in order."""
        outcome = Outcome("`menagerie up` killed at random moments under writes")
        return self._repeat(outcome, times, lambda up: _kill(up.process.pid), expected=-signal.SIGKILL)

    def kill_both(self, times: int = 20) -> Outcome:
        """Kill both at once at random moments, every second time during the start."""

        def kill(up: Up) -> None:
            with suppress(ValueError):  # no emulator yet
                _kill(emulator_of(up))
            _kill(up.process.pid)

        outcome = Outcome("emulator and `menagerie up` killed at once, half of them while they start")
        return self._repeat(outcome, times, kill, expected=-signal.SIGKILL, while_starting=True)

    def fill_disk(self, times: int = 5) -> Outcome:
        """Stop while the emulator cannot write files of more than 4 kB; `up` reports it and exits with status 1."""

        def stop(up: Up) -> None:
            resource.prlimit(emulator_of(up), resource.RLIMIT_FSIZE, (4096, 4096))
            up.process.send_signal(signal.SIGTERM)

        outcome = Outcome("stopped while the emulator cannot write its state, as on a full disk")
        return self._repeat(outcome, times, stop, expected=1)

    def check(self) -> None:
        """Start again, compare stored with acknowledged data, and stop."""
        up = Up(self._state_dir)
        try:
            self._compare(up.wait())
        finally:
            status = up.stop()
        self.last_log = up.log.read_text(encoding="utf-8")
        self._expect(status, 0)

    def _repeat(
        self,
        outcome: Outcome,
        times: int,
        crash: Callable[[Up], object],
        *,
        expected: int,
        while_starting: bool = False,
    ) -> Outcome:
        for number in range(times):
            up = Up(self._state_dir)
            if while_starting and number % 2:
                with suppress(subprocess.TimeoutExpired):
                    up.process.wait(self._random.uniform(0, LONGEST_START_SECONDS))
                crash(up)
            else:
                addresses = up.wait()
                self._compare(addresses)
                self._crash = outcome
                self._crashed_at = self._write_until(up, addresses, crash)
            self._crash = outcome
            status = up.process.wait()
            wait_until(lambda up=up: not up.processes(), what="every process to end")  # type: ignore[misc]
            self.last_log = up.log.read_text(encoding="utf-8")
            self._expect(status, expected)
            outcome.injected += 1
        return outcome

    def _expect(self, status: int, expected: int) -> None:
        if status != expected:
            self._crash.unexplained += 1
            self._crash.note(f"status {status} instead of {expected}: {self.last_log[-200:]}")

    def _write_until(self, up: Up, addresses: StackAddresses, crash: Callable[[Up], object]) -> float:
        crashing = threading.Event()
        writer = threading.Thread(target=self._write, args=(addresses, crashing))
        writer.start()
        enough = len(self._kept.predictions) + self._random.randint(*WRITES)
        wait_until(lambda: len(self._kept.predictions) >= enough or not writer.is_alive(), what="predictions")
        writer.join(self._random.uniform(0, LONGEST_PAUSE_SECONDS))
        crashing.set()
        crashed_at = time.monotonic()
        crash(up)
        writer.join()
        return crashed_at

    def _write(self, addresses: StackAddresses, crashing: threading.Event) -> None:
        headers = {"x-api-key": addresses.api_key}
        with http_client(addresses.api_url, base_url=addresses.api_url, timeout=60.0, headers=headers) as client:
            try:
                while True:
                    if self._writes % 10 == 6:
                        self._request_job(client)
                    answer = client.post("/predict", json={"animals": [self._animal()]})
                    if not answer.is_success:
                        self._note(answer, crashing)
                        return
                    (prediction,) = answer.json()["predictions"]
                    self._crash.answered += 1
                    self._kept.predictions[prediction["id"]] = time.monotonic(), prediction
                    if self._writes % 4 == 0:
                        said = client.put(f"/predictions/{prediction['id']}/feedback", json={"species": "elephant"})
                        if said.is_success:
                            self._crash.answered += 1
                            self._kept.feedback[prediction["id"]] = time.monotonic()
                        else:
                            self._note(said, crashing)
            except httpx2.TransportError as error:
                if not crashing.is_set():
                    self._crash.unexplained += 1
                    self._crash.note(repr(error))

    def _request_job(self, client: httpx2.Client) -> None:
        answer = client.post("/retrain", json=SMALL_JOB)
        if answer.status_code == httpx2.codes.ACCEPTED:
            self._crash.answered += 1
            self._kept.jobs[answer.json()["job_id"]] = time.monotonic()

    def _animal(self) -> dict[str, object]:
        # Each animal has a unique height, which shows if it was stored twice.
        self._writes += 1
        height = round(FIRST_HEIGHT + STEP * self._writes, 4)
        return {"walks_on_n_legs": 4, "height": height, "weight": 4200.0, "has_wings": False, "has_tail": True}

    def _note(self, answer: httpx2.Response, crashing: threading.Event) -> None:
        if not crashing.is_set():
            self._crash.unexplained += 1
            self._crash.note(f"{answer.request.url.path}: {answer.status_code} {answer.text}")

    def _compare(self, addresses: StackAddresses) -> None:
        headers = {"x-api-key": addresses.api_key}
        with http_client(addresses.api_url, base_url=addresses.api_url, timeout=60.0, headers=headers) as client:
            stored = _history(client)
            by_id = {item["id"]: item for item in stored}
            # Each start of `up` stores a prediction of the same animal.
            all_heights = (item["animal"]["height"] for item in stored)
            heights = Counter(height for height in all_heights if height != FIRST_ANIMAL.height)
            self._crash.doubled += len(stored) - len(by_id) + sum(n - 1 for n in heights.values())
            for known, (at, prediction) in list(self._kept.predictions.items()):
                item = by_id.get(known)
                if item is None:
                    self._lost(at, self._kept.predictions, known)
                elif any(item[name] != prediction[name] for name in ("species", "probabilities")):
                    self._crash.wrong += 1
                    self._crash.note(f"{known} was {prediction} and is {item}")
            for known, at in list(self._kept.feedback.items()):
                if (by_id.get(known, {}).get("feedback") or {}).get("species") != "elephant":
                    self._lost(at, self._kept.feedback, known)
            for known, at in list(self._kept.jobs.items()):
                if client.get(f"/retrain/{known}").status_code != httpx2.codes.OK:
                    self._lost(at, self._kept.jobs, known)
            models = _versions(client)
            for version in self._kept.models - models:
                self._crash.lost += 1
                self._crash.note(f"model {version}")
            self._kept.models = models

    def _lost(self, at: float, kept: dict[str, Any], known: str) -> None:
        del kept[known]
        if at > self._crashed_at - LAST_SECOND:
            self.lost_in_the_last_second += 1
        else:
            self._crash.lost += 1
            self._crash.note(f"{known}, answered {self._crashed_at - at:.2f} s before")


def crash_the_cloud(share: float = 1.0) -> list[Outcome]:
    """Crash a cloud in all ways; `share` is the fraction of the full number of crashes."""
    with tempfile.TemporaryDirectory() as folder:
        crashes = Crashes(Path(folder) / "state")
        outcomes = [
            crash(max(1, round(times * share)))
            for crash, times in (
                (crashes.kill_emulator, 20),
                (crashes.kill_up, 20),
                (crashes.kill_both, 20),
                (crashes.fill_disk, 5),
            )
        ]
        crashes.check()
    return outcomes


def emulator_of(up: Up) -> int:
    """Return the process id of the emulator of an `up`; raise ValueError if none runs."""
    found = [p for p in up.processes() if b"ministack\0" in _command(p) and os.getpgid(p) == p]
    (emulator,) = found
    return emulator


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _history(client: httpx2.Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = client.get("/predictions", params={"limit": "100", **({"cursor": cursor} if cursor else {})})
        page.raise_for_status()
        items += page.json()["items"]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            return items


def _versions(client: httpx2.Client) -> set[str]:
    answer = client.get("/models")
    answer.raise_for_status()
    return {model["version"] for model in json.loads(answer.text)["items"]}
