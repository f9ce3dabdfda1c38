"""The file of training rows: everything comes back, and nothing else is taken for it."""

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from menagerie.animal import CLASSES
from menagerie.errors import InvalidInput
from training.pipeline import TrainedModel
from training.rows.labelled_rows import LabelledRows

SIZES = st.floats(2**-20, 200_000, width=32)


def rows_of(sizes: "np.ndarray[tuple[int, int], np.dtype[np.float32]]") -> LabelledRows:
    n = len(sizes)
    matrix = np.ones((n, 5), dtype=np.float32)
    matrix[:, 1:3] = sizes
    ids = np.array([f"01KG9YS7G0D4HAWTBSEDNRP5HY-{place}" if place % 2 else "" for place in range(n)], dtype="U40")
    return LabelledRows(matrix, np.arange(n) % len(CLASSES), np.arange(n) % 5, ids)


@settings(deadline=None)
@given(arrays(np.float32, st.tuples(st.integers(1, 20), st.just(2)), elements=SIZES))
def test_rows_come_back_from_their_file_exactly(sizes: "np.ndarray[tuple[int, int], np.dtype[np.float32]]") -> None:
    rows = rows_of(sizes)
    read = LabelledRows.from_csv_gz(rows.to_csv_gz())
    assert np.array_equal(read.matrix, rows.matrix)
    assert read.matrix.dtype == np.float32
    assert read.labels.tolist() == rows.labels.tolist()
    assert read.folds.tolist() == rows.folds.tolist()
    assert read.prediction_ids.tolist() == rows.prediction_ids.tolist()


def test_the_same_rows_give_the_same_bytes(trained: TrainedModel) -> None:
    assert trained.rows.to_csv_gz() == trained.rows.to_csv_gz()


def test_the_file_is_a_table_that_people_can_read(trained: TrainedModel) -> None:
    header, first, *rest = gzip.decompress(trained.rows.to_csv_gz()).decode().splitlines()
    assert header == "walks_on_n_legs,height,weight,has_wings,has_tail,species,fold,prediction_id"
    assert first.split(",")[5] in CLASSES
    assert len(rest) == 999


@pytest.mark.parametrize(
    "content",
    [
        b"no gzip",
        gzip.compress(b"a,b,c\n", mtime=0),
        gzip.compress(b"\xff", mtime=0),
        gzip.compress(b"walks_on_n_legs,height,weight,has_wings,has_tail,species,fold,prediction_id\n4,1\n", mtime=0),
        gzip.compress(
            b"walks_on_n_legs,height,weight,has_wings,has_tail,species,fold,prediction_id\n4,1,1,0,1,cat,0,\n",
            mtime=0,
        ),
    ],
    ids=["no gzip", "other columns", "no text", "a short row", "another species"],
)
def test_what_is_no_such_file_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(InvalidInput, match="the stored rows") as caught:
        LabelledRows.from_csv_gz(content)
    assert "\n" not in str(caught.value)
