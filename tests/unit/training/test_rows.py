"""Rows of a training: validation, folds, feedback among them, and the file stored beside a model."""

import gzip
import io
import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError

from menagerie.animal import CLASSES, FEATURES, Animal, Species, feature_matrix
from menagerie.animal_file import ROWS_PER_CHUNK, read
from menagerie.errors import InvalidInput
from menagerie.ports.feedback import LabelledAnimal
from menagerie.ulid import new_ulid
from tests.model.worlds import official
from tests.samples import DOG
from tests.unit.training.conftest import NOON
from training.pipeline import TrainedModel
from training.rows import (
    CALIBRATION,
    FEEDBACK_FOLDS,
    FOLDS,
    HELD_OUT,
    NAMED_REFUSALS,
    LabelledRows,
    in_canonical_order,
    joined,
    rows_of,
    split_folds,
    validate,
)

DOG_ROW: dict[str, Any] = {"walks_on_n_legs": 4, "height": 0.5, "weight": 25.0, "has_wings": False, "has_tail": True}


def test_valid_rows_become_a_float32_matrix_in_the_order_of_the_features() -> None:
    rows = validate([DOG_ROW, {**DOG_ROW, "height": 1}])
    assert rows.matrix.dtype == np.float32
    assert rows.matrix.tolist() == [[4, 0.5, 25, 0, 1], [4, 1, 25, 0, 1]]
    assert (rows.received, rows.refused, rows.refusals) == (2, 0, ())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"height": math.nan}, "height: input should be a finite number"),
        ({"weight": math.inf}, "weight: input should be a finite number"),
        ({"height": 0.0}, "height: input should be greater than 0"),
        ({"weight": -1.0}, "weight: input should be greater than 0"),
        ({"weight": 1e9}, "weight: input should be less than or equal to 200000"),
        ({"height": 10**400}, "height: "),
        ({"height": "tall"}, "height: input should be a valid number"),
        ({"height": True}, "height: input should be a valid number"),
        ({"walks_on_n_legs": 9}, "walks_on_n_legs: input should be less than or equal to 8"),
        ({"walks_on_n_legs": 2.5}, "walks_on_n_legs: input should be a valid integer"),
        ({"walks_on_n_legs": True}, "walks_on_n_legs: input should be a valid integer"),
        ({"has_wings": 1}, "has_wings: input should be a valid boolean"),
        ({"has_tail": None}, "has_tail: input should be a valid boolean"),
        ({"colour": "brown"}, "another field: extra inputs are not permitted"),
    ],
)
def test_an_invalid_row_is_refused_with_line_and_reason(change: dict[str, Any], named: str) -> None:
    rows = validate([DOG_ROW, {**DOG_ROW, **change}, DOG_ROW])
    assert len(rows.matrix) == 2
    assert rows.is_valid.tolist() == [True, False, True]
    (refusal,) = rows.refusals
    assert str(refusal).startswith(f"line 2: {named}")


@pytest.mark.parametrize("row", [None, [], "dog", 3, {}, {"height": 1.0}])
def test_a_value_that_is_not_an_object_is_refused(row: object) -> None:
    rows = validate([row, DOG_ROW])
    assert (rows.refused, len(rows.matrix)) == (1, 1)


def test_lines_are_counted_from_the_first_line_given() -> None:
    assert validate([{}, DOG_ROW, {}], first_line=7).refusals[1].line == 9


def test_only_the_first_refusals_are_listed_but_all_are_counted() -> None:
    rows = validate([{}] * 50)
    assert rows.refused == 50
    assert [refusal.line for refusal in rows.refusals] == list(range(1, NAMED_REFUSALS + 1))


def test_joined_parts_keep_order_and_counts() -> None:
    rows = joined([validate([DOG_ROW, {}]), validate([]), validate([{**DOG_ROW, "height": 2.0}])])
    assert rows.matrix[:, 1].tolist() == [0.5, 2.0]
    assert (rows.received, rows.refused, len(rows.refusals)) == (3, 1, 1)
    assert joined([]).matrix.shape == (0, 5)


def test_the_rows_of_a_file_keep_order_and_counts() -> None:
    lines = [",".join(FEATURES), *["4,0.5,25,no,yes"] * ROWS_PER_CHUNK, *["4,tall,25,no,yes"] * 30, "4,2,25,no,yes"]
    rows = rows_of(read(io.BytesIO("\n".join(lines).encode()), "animals.csv"))
    assert rows.matrix.dtype == np.float32
    assert rows.matrix[-2:, 1].tolist() == [0.5, 2.0]
    assert (rows.received, rows.refused, len(rows.refusals)) == (ROWS_PER_CHUNK + 31, 30, NAMED_REFUSALS)
    assert rows.refusals[0].line == ROWS_PER_CHUNK + 2


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 10),
    st.integers(),
    st.floats(width=32),
    st.floats(0, 30),
    st.text(max_size=3),
)
rows_of_anything = st.one_of(
    st.builds(dict, dog=st.just(1)),
    st.fixed_dictionaries(dict.fromkeys(FEATURES, values)),
    st.fixed_dictionaries(
        {
            "walks_on_n_legs": st.integers(-1, 9),
            "height": st.floats(-1, 31) | st.integers(-1, 31),
            "weight": st.floats(-1, 200_001),
            "has_wings": st.booleans(),
            "has_tail": st.booleans(),
        },
        optional={"extra": values},
    ),
)


@given(st.lists(rows_of_anything, max_size=4))
def test_a_row_is_valid_if_animal_accepts_it(rows: list[dict[str, Any]]) -> None:
    def is_animal(row: dict[str, Any]) -> bool:
        try:
            Animal.model_validate(row)
        except ValidationError:
            return False
        return True

    together = validate(rows)
    assert together.is_valid.tolist() == [is_animal(row) for row in rows]
    alone = [validate([row]).matrix for row in rows]
    assert np.array_equal(together.matrix, np.concatenate([np.empty((0, 5), dtype=np.float32), *alone]))


SIZES = st.floats(2**-20, 200_000, width=32)


def labelled_rows(sizes: "np.ndarray[tuple[int, int], np.dtype[np.float32]]") -> LabelledRows:
    n = len(sizes)
    matrix = np.ones((n, 5), dtype=np.float32)
    matrix[:, 1:3] = sizes
    ids = np.array([f"01KG9YS7G0D4HAWTBSEDNRP5HY-{place}" if place % 2 else "" for place in range(n)], dtype="U40")
    return LabelledRows(matrix, np.arange(n) % len(CLASSES), np.arange(n) % 5, ids)


@settings(deadline=None)
@given(arrays(np.float32, st.tuples(st.integers(1, 20), st.just(2)), elements=SIZES))
def test_rows_are_read_from_their_file_exactly(sizes: "np.ndarray[tuple[int, int], np.dtype[np.float32]]") -> None:
    rows = labelled_rows(sizes)
    read = LabelledRows.from_csv_gz(rows.to_csv_gz())
    assert np.array_equal(read.matrix, rows.matrix)
    assert read.matrix.dtype == np.float32
    assert read.labels.tolist() == rows.labels.tolist()
    assert read.folds.tolist() == rows.folds.tolist()
    assert read.prediction_ids.tolist() == rows.prediction_ids.tolist()


def test_the_same_rows_give_the_same_bytes(trained: TrainedModel) -> None:
    assert trained.rows.to_csv_gz() == trained.rows.to_csv_gz()


def test_the_file_is_a_csv_table(trained: TrainedModel) -> None:
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
def test_another_file_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(InvalidInput, match="the stored rows") as caught:
        LabelledRows.from_csv_gz(content)
    assert "\n" not in str(caught.value)


ROWS, TRUTH = official(2000, 0)
ORDER = np.lexsort(ROWS.T[::-1])
SORTED, LABELS = ROWS[ORDER], TRUTH[ORDER]


def test_canonical_order_does_not_depend_on_the_order_of_arrival() -> None:
    shuffled = ROWS[np.random.default_rng(1).permutation(len(ROWS))]
    assert np.array_equal(in_canonical_order(shuffled), in_canonical_order(ROWS))


def test_the_folds_are_stratified_by_label() -> None:
    fold = split_folds(SORTED, LABELS, random_seed=0)
    for label in range(5):
        sizes = np.bincount(fold[label == LABELS], minlength=FOLDS)
        assert np.ptp(sizes) <= 1


def test_copies_of_a_row_share_a_fold() -> None:
    copies = SORTED.repeat(3, axis=0)
    fold = split_folds(copies, LABELS.repeat(3), random_seed=0).reshape(-1, 3)
    assert (fold == fold[:, :1]).all()


def test_the_folds_depend_on_the_seed() -> None:
    first, again, other = (split_folds(SORTED, LABELS, random_seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


PONIES = [DOG.model_copy(update={"height": 1.1, "weight": 180.0 + n}) for n in range(10)]


def feedback_on(animals: Sequence[Animal], species: Species) -> list[LabelledAnimal]:
    return [
        LabelledAnimal(
            prediction_id=f"{new_ulid(NOON + timedelta(seconds=place))}-0",
            animal=animal,
            species=species,
            given_at=NOON,
        )
        for place, animal in enumerate(animals)
    ]


def animal_at(rows: LabelledRows, place: int) -> Animal:
    legs, height, weight, wings, tail = rows.matrix[place].tolist()
    return Animal(**dict(zip(FEATURES, (int(legs), height, weight, bool(wings), bool(tail)), strict=True)))


def test_new_animals_are_added_with_their_label(trained: TrainedModel) -> None:
    given = feedback_on(PONIES, Species.UNKNOWN)
    rows = trained.rows.with_feedback(given, 0)
    assert len(rows.matrix) == 1010
    labelled = rows.select(rows.prediction_ids != "")
    assert set(labelled.prediction_ids.tolist()) == {item.prediction_id for item in given}
    assert {CLASSES[label] for label in labelled.labels.tolist()} == {Species.UNKNOWN}
    assert np.array_equal(np.unique(labelled.matrix, axis=0), np.unique(feature_matrix(PONIES), axis=0))


def test_rows_without_feedback_keep_their_label_with_their_fold(trained: TrainedModel) -> None:
    rows = trained.rows.with_feedback(feedback_on(PONIES, Species.DOG), 0)
    rest = rows.select(rows.prediction_ids == "")
    assert np.array_equal(rest.matrix, trained.rows.matrix)
    assert np.array_equal(rest.labels, trained.rows.labels)
    assert np.array_equal(rest.folds, trained.rows.folds)


def test_a_row_with_feedback_gets_its_label_in_the_same_fold(trained: TrainedModel) -> None:
    place = int(np.flatnonzero(trained.rows.labels == CLASSES.index(Species.DOG))[3])
    rows = trained.rows.with_feedback(feedback_on([animal_at(trained.rows, place)], Species.UNKNOWN), 0)
    assert len(rows.matrix) == 1000
    (now,) = np.flatnonzero(rows.prediction_ids != "")
    assert CLASSES[rows.labels[now]] is Species.UNKNOWN
    assert rows.folds[now] == trained.rows.folds[place]


def test_earlier_feedback_is_replaced(trained: TrainedModel) -> None:
    given = feedback_on(PONIES, Species.DOG)
    once = trained.rows.with_feedback(given, 0)
    again = once.with_feedback(given, 0)
    assert again.to_csv_gz() == once.to_csv_gz()
    changed = once.with_feedback([item.model_copy(update={"species": Species.ELEPHANT}) for item in given], 0)
    assert len(changed.matrix) == 1010
    assert set(changed.labels[changed.prediction_ids != ""].tolist()) == {CLASSES.index(Species.ELEPHANT)}
    assert np.array_equal(changed.folds, once.folds)


def test_single_feedback_is_fitted_to_instead_of_held_out(trained: TrainedModel) -> None:
    rows = trained.rows.with_feedback(feedback_on(PONIES[:1], Species.DOG), 0)
    assert rows.folds[rows.prediction_ids != ""].tolist() == [FEEDBACK_FOLDS[0]]
    assert FEEDBACK_FOLDS[0] not in (HELD_OUT, CALIBRATION)


def test_much_feedback_is_in_all_folds(trained: TrainedModel) -> None:
    rows = trained.rows.with_feedback(feedback_on(PONIES, Species.DOG), 0)
    assert sorted(rows.folds[rows.prediction_ids != ""].tolist()) == sorted(FEEDBACK_FOLDS * 2)


def test_equal_animals_share_a_fold(trained: TrainedModel) -> None:
    rows = trained.rows.with_feedback(feedback_on([PONIES[0]] * 7, Species.DOG), 0)
    assert len(set(rows.folds[rows.prediction_ids != ""].tolist())) == 1


@pytest.mark.parametrize("shift", [1, 3])
def test_the_order_of_feedback_does_not_matter(trained: TrainedModel, shift: int) -> None:
    given = feedback_on(PONIES, Species.DOG)
    other = trained.rows.with_feedback([*given[shift:], *given[:shift]], 0)
    assert other.to_csv_gz() == trained.rows.with_feedback(given, 0).to_csv_gz()
