"""What people said takes its place among the rows of a model."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest

from menagerie.animal import CLASSES, FEATURES, Animal, Species, feature_matrix
from menagerie.feedback import LabelledAnimal
from menagerie.ulid import new_ulid
from tests.samples import DOG
from tests.unit.training.conftest import NOON
from training.pipeline import TrainedModel
from training.rows.feedback import TURN, with_feedback
from training.rows.labelled_rows import LabelledRows
from training.rows.splitting import CALIBRATION, HELD_OUT

PONIES = [DOG.model_copy(update={"height": 1.1, "weight": 180.0 + n}) for n in range(10)]


def said(animals: Sequence[Animal], species: Species) -> list[LabelledAnimal]:
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


def test_new_animals_are_added_with_the_label_they_were_given(trained: TrainedModel) -> None:
    given = said(PONIES, Species.UNKNOWN)
    rows = with_feedback(trained.rows, given, 0)
    assert len(rows.matrix) == 1010
    of_people = rows.select(rows.prediction_ids != "")
    assert set(of_people.prediction_ids.tolist()) == {each.prediction_id for each in given}
    assert {CLASSES[label] for label in of_people.labels.tolist()} == {Species.UNKNOWN}
    assert np.array_equal(np.unique(of_people.matrix, axis=0), np.unique(feature_matrix(PONIES), axis=0))


def test_the_rows_that_nobody_named_stay_with_label_and_fold(trained: TrainedModel) -> None:
    rows = with_feedback(trained.rows, said(PONIES, Species.DOG), 0)
    rest = rows.select(rows.prediction_ids == "")
    assert np.array_equal(rest.matrix, trained.rows.matrix)
    assert np.array_equal(rest.labels, trained.rows.labels)
    assert np.array_equal(rest.folds, trained.rows.folds)


def test_a_row_that_somebody_named_takes_that_name_and_keeps_its_fold(trained: TrainedModel) -> None:
    place = int(np.flatnonzero(trained.rows.labels == CLASSES.index(Species.DOG))[3])
    rows = with_feedback(trained.rows, said([animal_at(trained.rows, place)], Species.UNKNOWN), 0)
    assert len(rows.matrix) == 1000
    (now,) = np.flatnonzero(rows.prediction_ids != "")
    assert CLASSES[rows.labels[now]] is Species.UNKNOWN
    assert rows.folds[now] == trained.rows.folds[place]


def test_feedback_that_a_model_already_knows_is_not_counted_twice_and_can_be_changed(trained: TrainedModel) -> None:
    given = said(PONIES, Species.DOG)
    once = with_feedback(trained.rows, given, 0)
    again = with_feedback(once, given, 0)
    assert again.to_csv_gz() == once.to_csv_gz()
    changed = with_feedback(once, [each.model_copy(update={"species": Species.ELEPHANT}) for each in given], 0)
    assert len(changed.matrix) == 1010
    assert set(changed.labels[changed.prediction_ids != ""].tolist()) == {CLASSES.index(Species.ELEPHANT)}
    assert np.array_equal(changed.folds, once.folds)


def test_a_single_answer_is_learned_from_rather_than_held_out(trained: TrainedModel) -> None:
    rows = with_feedback(trained.rows, said(PONIES[:1], Species.DOG), 0)
    assert rows.folds[rows.prediction_ids != ""].tolist() == [TURN[0]]
    assert TURN[0] not in (HELD_OUT, CALIBRATION)


def test_many_answers_are_spread_over_all_folds(trained: TrainedModel) -> None:
    rows = with_feedback(trained.rows, said(PONIES, Species.DOG), 0)
    assert sorted(rows.folds[rows.prediction_ids != ""].tolist()) == sorted(TURN * 2)


def test_equal_animals_share_a_fold(trained: TrainedModel) -> None:
    rows = with_feedback(trained.rows, said([PONIES[0]] * 7, Species.DOG), 0)
    assert len(set(rows.folds[rows.prediction_ids != ""].tolist())) == 1


@pytest.mark.parametrize("shift", [1, 3])
def test_the_order_of_the_answers_changes_nothing(trained: TrainedModel, shift: int) -> None:
    given = said(PONIES, Species.DOG)
    other = with_feedback(trained.rows, [*given[shift:], *given[:shift]], 0)
    assert other.to_csv_gz() == with_feedback(trained.rows, given, 0).to_csv_gz()
