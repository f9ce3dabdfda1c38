"""The heartbeat of a training: it renews until the work ends, although the store may not answer."""

from datetime import timedelta
from queue import Queue
from threading import enumerate as threads

import pytest

from functions.train.run_job import heartbeat
from menagerie.errors import Conflict, Unavailable
from tests.waiting import LIMIT_SECONDS

SOON = timedelta(milliseconds=1)


class Lease:
    """Records each renewal, and may refuse some."""

    def __init__(self, *errors: Exception) -> None:
        self.renewed: Queue[None] = Queue()
        self._errors = list(errors)

    def renew(self) -> None:
        self.renewed.put(None)
        if self._errors:
            raise self._errors.pop(0)


def beating() -> bool:
    return any(thread.name == "heartbeat" for thread in threads())


def test_a_lease_is_renewed_until_the_work_ends() -> None:
    lease = Lease()
    with heartbeat(lease.renew, SOON):
        for _ in range(3):
            lease.renewed.get(timeout=LIMIT_SECONDS)
    assert not beating()


def test_a_renewal_that_fails_is_repeated() -> None:
    lease = Lease(Unavailable("the jobs table does not answer"), Unavailable("the jobs table does not answer"))
    with heartbeat(lease.renew, SOON):
        for _ in range(4):
            lease.renewed.get(timeout=LIMIT_SECONDS)


def test_a_job_that_no_longer_runs_is_not_renewed() -> None:
    lease = Lease(Conflict("the job is not running"))
    with heartbeat(lease.renew, SOON):
        lease.renewed.get(timeout=LIMIT_SECONDS)
        for thread in threads():
            if thread.name == "heartbeat":
                thread.join(LIMIT_SECONDS)
        assert not beating()
    assert lease.renewed.empty()


def test_work_that_fails_ends_the_heartbeat_too() -> None:
    with pytest.raises(ZeroDivisionError), heartbeat(Lease().renew, timedelta(hours=1)):
        raise ZeroDivisionError
    assert not beating()
