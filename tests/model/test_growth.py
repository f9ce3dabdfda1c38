"""Time and memory of a training grow at most in proportion to its rows."""

import time
import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.model.conftest import train_on
from tests.model.worlds import World, draw

pytestmark = pytest.mark.slow


def seconds(rows: NDArray[np.float32]) -> float:
    started = time.process_time()
    train_on((rows, np.empty(0, dtype=np.int64)))
    return time.process_time() - started


def test_five_times_the_rows_take_at_most_ten_times_as_long() -> None:
    few, many = draw(World(), 20_000, 0)[0], draw(World(), 100_000, 0)[0]
    assert seconds(many) < 10 * max(min(seconds(few), seconds(few)), 0.05)


def test_a_hundred_thousand_rows_need_a_hundred_megabytes_at_most() -> None:
    rows = draw(World(), 100_000, 0)[0]
    tracemalloc.start()
    train_on((rows, np.empty(0, dtype=np.int64)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100e6
