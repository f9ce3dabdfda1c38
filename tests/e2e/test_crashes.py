"""Acknowledged requests survive killed processes and a full disk."""

from pathlib import Path

import pytest

from benchmarks.faults.crashes import Crashes

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.timeout(900),  # five starts
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes in /proc"),
]


def test_acknowledged_requests_survive_every_crash(tmp_path: Path) -> None:
    crashes = Crashes(tmp_path / "state")
    # The first crash happens in the first session, before anything was saved.
    outcomes = [crashes.kill_emulator(times=1), crashes.kill_both(times=2), crashes.fill_disk(times=1)]
    crashes.check()
    assert all(outcome.is_clean for outcome in outcomes), outcomes
    assert sum(outcome.injected for outcome in outcomes) == 4
    assert all(outcome.answered > 8 for outcome in outcomes)
    assert "Recovering unsaved changes" in crashes.last_log
    assert "✓ Stopping and saving the state" in crashes.last_log
