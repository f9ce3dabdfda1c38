"""Classification in batches: order, progress, idempotency keys, and what is kept when a batch fails."""

from collections.abc import Sequence

from frontend.api.batches import Outcome, classify_all
from frontend.api.errors import Busy
from menagerie.animal import Animal
from menagerie.idempotency import IdempotencyKey
from menagerie.prediction import MAX_ANIMALS, Prediction
from tests.unit.frontend.examples import DOG, prediction


class Classifier:
    """Fails at the call with the number `fails_at`, counted from 0."""

    def __init__(self, fails_at: int = 99) -> None:
        self.sizes: list[int] = []
        self.keys: list[str | None] = []
        self.versions: set[str | None] = set()
        self.fails_at = fails_at

    def predict(
        self, animals: Sequence[Animal], *, model_version: str | None = None, idempotency_key: str | None = None
    ) -> list[Prediction]:
        self.keys.append(idempotency_key)
        self.versions.add(model_version)
        if len(self.sizes) == self.fails_at:
            raise Busy("not now")
        self.sizes.append(len(animals))
        return [prediction(minutes=animal.weight) for animal in animals]


ANIMALS = [DOG.model_copy(update={"weight": float(i + 1)}) for i in range(7)]


def test_all_animals_are_classified_in_order_and_progress_is_reported() -> None:
    progress: list[tuple[int, int]] = []
    classifier = Classifier()
    outcome = classify_all(classifier, Outcome(ANIMALS), lambda *done: progress.append(done), batch=3)
    assert [one.id for one in outcome.predictions] == [f"dog-{animal.weight}" for animal in ANIMALS]
    assert classifier.sizes == [3, 3, 1]
    assert progress == [(0, 7), (3, 7), (6, 7), (7, 7)]
    assert (outcome.missing, outcome.error) == (0, None)


def test_predictions_before_a_failure_are_kept_and_the_rest_can_follow() -> None:
    stopped = classify_all(Classifier(fails_at=1), Outcome(ANIMALS), lambda *_: None, batch=3)
    assert stopped.missing == 4
    assert isinstance(stopped.error, Busy)
    classifier = Classifier()
    whole = classify_all(classifier, stopped, lambda *_: None, batch=3)
    assert classifier.sizes == [3, 1]
    assert [one.id for one in whole.predictions] == [f"dog-{animal.weight}" for animal in ANIMALS]


def test_a_repeated_batch_has_the_same_key() -> None:
    first, second = Classifier(fails_at=1), Classifier()
    stopped = classify_all(first, Outcome(ANIMALS), lambda *_: None, batch=3)
    classify_all(second, stopped, lambda *_: None, batch=3)
    classified, failed = first.keys
    assert second.keys[0] == failed
    assert len({classified, *second.keys}) == 3


def test_a_new_request_has_new_keys() -> None:
    classifier = Classifier()
    for _ in range(2):
        classify_all(classifier, Outcome(ANIMALS), lambda *_: None)
    assert len(set(classifier.keys)) == 2
    assert all(IdempotencyKey.of(key or "", b"") for key in classifier.keys)


def test_all_batches_use_the_same_model_also_after_a_failure() -> None:
    classifier = Classifier(fails_at=1)
    stopped = classify_all(classifier, Outcome(ANIMALS, model_version="v"), lambda *_: None, batch=3)
    classifier.fails_at = 99
    classify_all(classifier, stopped, lambda *_: None, batch=3)
    assert classifier.versions == {"v"}


def test_a_batch_is_no_larger_than_the_api_accepts() -> None:
    classifier = Classifier()
    classify_all(classifier, Outcome(ANIMALS * 200), lambda *_: None)
    assert max(classifier.sizes) <= MAX_ANIMALS
