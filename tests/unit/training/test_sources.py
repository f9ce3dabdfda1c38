"""Training from each kind of source."""

import pytest

from data_service.generator import rows as official_rows
from menagerie.animal import FEATURES, Species, feature_matrix
from menagerie.classifier import OnnxClassifier
from menagerie.errors import InvalidInput, NotFound
from menagerie.job import DatasetSource, FeedbackSource, Stage
from menagerie.prediction import Feedback, PredictionBatch
from tests.fakes import InMemoryDatasets, InMemoryFeedback, InMemoryPredictions, InMemoryRegistry
from tests.samples import DOG
from tests.unit.training.conftest import NOON
from training.pipeline import TrainedModel
from training.publishing import publish
from training.sources import Sources

ZOO = "datasets/zoo.csv"


def csv_of(seed: int, rows: int) -> str:
    lines = [",".join(map(str, row)) for row in official_rows(seed, rows)]
    return "\n".join([",".join(FEATURES), *lines, ""])


@pytest.fixture
def registry(trained: TrainedModel) -> InMemoryRegistry:
    registry = InMemoryRegistry()
    publish(trained, registry, "always")
    return registry


@pytest.fixture
def predictions() -> InMemoryPredictions:
    return InMemoryPredictions()


def sources(registry: InMemoryRegistry, predictions: InMemoryPredictions, **files: bytes) -> Sources:
    return Sources("http://nowhere:1", registry, InMemoryDatasets(**files), InMemoryFeedback(predictions), lambda: NOON)


def test_the_model_of_a_dataset_names_its_key(registry: InMemoryRegistry, predictions: InMemoryPredictions) -> None:
    stages: list[Stage] = []
    made = sources(registry, predictions, zoo=csv_of(3, 600).encode("utf-8-sig")).train(
        DatasetSource(key=ZOO), parent="before", report=lambda stage, _: stages.append(stage)
    )
    assert made.manifest.created_at == NOON
    training = made.manifest.training
    assert (training.kind, training.key, training.rows, made.manifest.parent) == (
        "dataset",
        ZOO,
        600,
        "before",
    )
    assert list(dict.fromkeys(stages)) == [stage for stage in Stage if stage is not Stage.PUBLISHING]


def test_a_dataset_with_invalid_rows_is_refused_with_their_lines(
    registry: InMemoryRegistry, predictions: InMemoryPredictions
) -> None:
    lines = csv_of(3, 600).splitlines()
    for place in (4, 9):
        lines[place] = "4,-1,20,False,True"
    with pytest.raises(
        InvalidInput,
        match=r"^2 of 600 rows of datasets/zoo.csv are no valid animals: line 5: height: .*; line 10: height: ",
    ):
        sources(registry, predictions, zoo="\n".join(lines).encode()).train(DatasetSource(key=ZOO), parent=None)


def test_of_many_invalid_rows_twenty_are_listed(registry: InMemoryRegistry, predictions: InMemoryPredictions) -> None:
    bad = "\n".join([",".join(FEATURES), *["4,-1,20,False,True"] * 1030]).encode()
    with pytest.raises(InvalidInput) as caught:
        sources(registry, predictions, zoo=bad).train(DatasetSource(key=ZOO), parent=None)
    assert str(caught.value).count("line ") == 20
    assert str(caught.value).endswith("; and 1,010 more")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no column walks_on_n_legs"),
        (b"a,b\n1,2\n", "has no column walks_on_n_legs"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b'"', "has no column|line 1"),
    ],
    ids=["empty", "other columns", "no text", "an open quote"],
)
def test_an_invalid_file_is_named(
    registry: InMemoryRegistry, predictions: InMemoryPredictions, content: bytes, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        sources(registry, predictions, zoo=content).train(DatasetSource(key=ZOO), parent=None)
    assert ZOO in str(caught.value)


def test_a_missing_dataset_is_named(registry: InMemoryRegistry, predictions: InMemoryPredictions) -> None:
    with pytest.raises(NotFound, match=ZOO):
        sources(registry, predictions).train(DatasetSource(key=ZOO), parent=None)


HYENAS = [DOG.model_copy(update={"height": 1.1 + n / 1000, "weight": 120 + n / 10}) for n in range(30)]


@pytest.fixture
def feedback(predictions: InMemoryPredictions, trained: TrainedModel) -> InMemoryFeedback:
    """Feedback on some animals that are unknown to the model."""
    feedback = InMemoryFeedback(predictions)
    answers = OnnxClassifier.load(trained.onnx, trained.manifest).classify(feature_matrix(HYENAS))
    assert set(answers.species) == {Species.UNKNOWN}
    batch = PredictionBatch.of(NOON, trained.manifest.version, HYENAS, answers)
    predictions.add(batch)
    for position in range(len(batch)):
        feedback.give(batch.prediction(position), Feedback(species=Species.DOG, given_at=NOON))
    return feedback


def test_a_model_with_feedback_knows_the_new_animals_besides_the_old_ones(
    registry: InMemoryRegistry, feedback: InMemoryFeedback, trained: TrainedModel
) -> None:
    parent = trained.manifest.version
    made = Sources("", registry, InMemoryDatasets(), feedback).train(FeedbackSource(), parent=parent)
    training = made.manifest.training
    assert (training.kind, training.rows, training.feedback_rows) == ("feedback", 1030, 30)
    assert made.manifest.parent == parent
    classifier = OnnxClassifier.load(made.onnx, made.manifest)
    assert set(classifier.classify(feature_matrix(HYENAS)).species) == {Species.DOG}
    assert set(classifier.classify(feature_matrix([DOG])).species) == {Species.DOG}
    assert made.manifest.metrics.accuracy > 0.98
    assert publish(made, registry, "if-better").promoted


def test_feedback_counts_once_in_a_second_training(
    registry: InMemoryRegistry, feedback: InMemoryFeedback, trained: TrainedModel
) -> None:
    source = Sources("", registry, InMemoryDatasets(), feedback)
    first = source.train(FeedbackSource(), parent=trained.manifest.version)
    publish(first, registry, "always")
    second = source.train(FeedbackSource(), parent=first.manifest.version)
    assert second.manifest.training.rows == 1030
    assert second.onnx == first.onnx


def test_feedback_needs_a_current_model(
    registry: InMemoryRegistry, predictions: InMemoryPredictions, trained: TrainedModel
) -> None:
    with pytest.raises(InvalidInput, match="there is no feedback yet"):
        sources(registry, predictions).train(FeedbackSource(), parent=trained.manifest.version)
    with pytest.raises(InvalidInput, match="there is none yet"):
        sources(registry, predictions).train(FeedbackSource(), parent=None)


def test_a_model_without_its_rows_is_named(
    registry: InMemoryRegistry, feedback: InMemoryFeedback, trained: TrainedModel
) -> None:
    version = trained.manifest.version
    registry.training_rows[version] = b"other rows"
    with pytest.raises(InvalidInput, match=f"{version} are not those that its manifest names"):
        Sources("", registry, InMemoryDatasets(), feedback).train(FeedbackSource(), parent=version)
    del registry.training_rows[version]
    with pytest.raises(InvalidInput, match=f"{version} are not stored"):
        Sources("", registry, InMemoryDatasets(), feedback).train(FeedbackSource(), parent=version)
