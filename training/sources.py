"""Trains from a source of rows: a data service, a dataset in storage, or feedback."""

import hashlib
import io
from dataclasses import dataclass

from menagerie.animal_file import read
from menagerie.clock import Clock, utc_now
from menagerie.errors import InvalidInput, NotFound
from menagerie.job import MAX_DATAPOINTS, DataServiceSource, DatasetSource, FeedbackSource, Source, Stage
from menagerie.ports.datasets import Datasets
from menagerie.ports.feedback import FeedbackStore
from menagerie.ports.registry import ModelRegistry
from training.data_source import fetch
from training.pipeline import FETCHED, ProgressCallback, TrainedModel, ignore_progress, train, train_labelled
from training.rows import AnimalRows, LabelledRows, Origin, rows_of


@dataclass(frozen=True, slots=True)
class Sources:
    """Access to all kinds of sources."""

    data_service_url: str
    registry: ModelRegistry
    datasets: Datasets
    feedback: FeedbackStore
    now: Clock = utc_now

    def train(self, source: Source, *, parent: str | None, report: ProgressCallback = ignore_progress) -> TrainedModel:
        """Return a checked model for a source of any kind.

        Raises Unavailable if a service does not respond, NotFound, InvalidInput if rows cannot be used, TrainingFailed.
        """
        match source:
            case DataServiceSource():
                return train_from_data_service(
                    self.data_service_url, source, parent=parent, now=self.now, report=report
                )
            case DatasetSource():
                return train_from_dataset(self.datasets, source, parent=parent, now=self.now, report=report)
            case FeedbackSource():
                return train_from_feedback(self.registry, self.feedback, parent=parent, now=self.now, report=report)


def train_from_data_service(
    url: str,
    source: DataServiceSource,
    *,
    parent: str | None = None,
    random_seed: int = 0,
    now: Clock = utc_now,
    report: ProgressCallback = ignore_progress,
) -> TrainedModel:
    """Fetch rows from the data service at `url` and train on them.

    Raises Unavailable if the service does not respond, InvalidInput if it violates its contract, TrainingFailed.
    """
    report(Stage.FETCHING, 0.0)
    rows = fetch(url, source, fetched=lambda share: report(Stage.FETCHING, FETCHED * share))
    return train(
        rows,
        source=Origin("data-service", url=url, seed=source.seed),
        random_seed=random_seed,
        parent=parent,
        created_at=now(),
        report=report,
    )


def train_from_dataset(
    datasets: Datasets,
    source: DatasetSource,
    *,
    parent: str | None = None,
    now: Clock = utc_now,
    report: ProgressCallback = ignore_progress,
) -> TrainedModel:
    """Train on a CSV file; raise NotFound, InvalidInput naming the invalid lines, TrainingFailed."""
    report(Stage.FETCHING, 0.0)
    file = io.BytesIO(datasets.read(source.key))
    report(Stage.VALIDATING, FETCHED)
    rows = rows_of(read(file, source.key))
    _require_all_valid(source.key, rows)
    return train(rows, source=Origin("dataset", key=source.key), parent=parent, created_at=now(), report=report)


def train_from_feedback(
    registry: ModelRegistry,
    feedback: FeedbackStore,
    *,
    parent: str | None,
    now: Clock = utc_now,
    report: ProgressCallback = ignore_progress,
) -> TrainedModel:
    """Train on the rows of the current model `parent` with all feedback; raise InvalidInput, TrainingFailed."""
    report(Stage.FETCHING, 0.0)
    # Taken before the feedback is read, so that later feedback counts as new for this model.
    created_at = now()
    if parent is None:
        raise InvalidInput("feedback adds to the rows of the current model, and there is none yet")
    given = feedback.given()
    if not given:
        raise InvalidInput("there is no feedback yet; it is given by PUT /predictions/{id}/feedback")
    try:
        content = registry.rows(parent)
    except NotFound as error:
        raise InvalidInput(
            f"the rows of the current model {parent} are not stored; retrain from the data service or a dataset once"
        ) from error
    report(Stage.VALIDATING, FETCHED)
    manifest = registry.manifest(parent)
    if hashlib.sha256(content).hexdigest() != manifest.training.rows_sha256:
        raise InvalidInput(f"the rows stored for model {parent} are not those that its manifest names")
    base = LabelledRows.from_csv_gz(content)
    rows = base.with_feedback(given, manifest.random_seed)
    return train_labelled(
        rows,
        source=Origin("feedback"),
        received=len(rows.matrix),
        random_seed=manifest.random_seed,
        parent=parent,
        created_at=created_at,
        report=report,
    )


def _require_all_valid(key: str, rows: AnimalRows) -> None:
    # A file can be corrected and uploaded again; a model trained on its valid rows only would hide the error.
    if rows.received > MAX_DATAPOINTS:
        raise InvalidInput(f"{key} has {rows.received:,} rows, a dataset may have {MAX_DATAPOINTS:,}")
    if rows.refused:
        more = rows.refused - len(rows.refusals)
        named = "; ".join([*map(str, rows.refusals), *([f"and {more:,} more"] if more else [])])
        raise InvalidInput(f"{rows.refused:,} of {rows.received:,} rows of {key} are no valid animals: {named}")
