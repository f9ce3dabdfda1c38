"""Jobs that events start: an uploaded file, the schedule, the end of another job."""

from datetime import timedelta
from typing import Any

import pytest

from functions.retrain.start_by_event import start_by_event
from menagerie.animal import Species
from menagerie.errors import InvalidInput
from menagerie.job import DatasetSource, FeedbackSource, TrainingRequest
from menagerie.prediction import Feedback
from tests.fakes import InMemoryFeedback, InMemoryJobs, InMemoryPredictions, InMemoryRegistry
from tests.samples import NOON, batch_of, manifest_of
from tests.unit.functions.conftest import Worker

ZOO = "datasets/zoo.csv"
SCHEDULE = {"source": "aws.events", "detail-type": "Scheduled Event", "id": "22222222-2222", "detail": {}}
END = {"source": "menagerie", "detail-type": "Retraining succeeded", "id": "33333333-3333", "detail": {}}
ENOUGH = 3


def uploaded(key: str = ZOO, name: str = "11111111-1111") -> dict[str, Any]:
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "id": name,
        "detail": {"bucket": {"name": "models"}, "object": {"key": key, "size": 42}},
    }


class Function:
    """The use case with fakes as collaborators."""

    def __init__(self) -> None:
        self.jobs = InMemoryJobs(patience=timedelta(minutes=6))
        self.registry = InMemoryRegistry()
        self.worker = Worker()
        self.predictions = InMemoryPredictions()
        self.feedback = InMemoryFeedback(self.predictions)

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        return start_by_event(
            event,
            jobs=self.jobs,
            registry=self.registry,
            feedback=self.feedback,
            start_worker=self.worker.start,
            minimum_new_feedback=ENOUGH,
            now=lambda: NOON + timedelta(hours=2),
        )

    def give_feedback(self, count: int, minutes: int = 0) -> None:
        """Store predictions with feedback on each."""
        batch = batch_of(*[Species.DOG] * count)
        self.predictions.add(batch)
        for position in range(count):
            said = Feedback(species=Species.DOG, given_at=NOON + timedelta(minutes=minutes))
            self.feedback.give(batch.prediction(position), said)

    def requests(self) -> list[TrainingRequest]:
        return [self.jobs.get(job_id).request for job_id in self.worker.started]


@pytest.fixture
def function() -> Function:
    return Function()


def test_an_uploaded_file_starts_a_job_that_reads_it(function: Function) -> None:
    assert function(uploaded())["done"] == "started"
    assert function.requests() == [TrainingRequest(source=DatasetSource(key=ZOO))]


def test_an_upload_event_delivered_twice_starts_one_job(function: Function) -> None:
    job_id = function(uploaded())["job_id"]
    function.jobs.fail(job_id, "no rows")
    assert function(uploaded())["job_id"] == job_id
    assert function.worker.started == [job_id]
    assert function(uploaded(name="another upload"))["job_id"] != job_id


@pytest.mark.parametrize("key", ["datasets/a\nb.csv", "datasets/zoo.csv.gz", "datasets/", "datasets/.csv"])
def test_a_file_that_is_no_dataset_starts_nothing(function: Function, key: str) -> None:
    assert function(uploaded(key)) == {"done": "nothing", "reason": f"{key!r} is no dataset"}
    assert function.worker.started == []


@pytest.mark.parametrize("key", ["datasets/ZOO.CSV", "datasets/2026/Zoo.Csv"])
def test_the_extension_of_a_dataset_may_have_any_case(function: Function, key: str) -> None:
    assert function(uploaded(key))["done"] == "started"
    assert function.requests()[-1].source == DatasetSource(key=key)


def test_an_upload_while_a_job_runs_is_deferred_until_its_end(function: Function) -> None:
    first = function(uploaded())["job_id"]
    outcome = function(uploaded("datasets/second.csv", "another"))
    assert outcome["done"] == "deferred"
    assert first in outcome["reason"]
    assert function(END)["done"] == "nothing"
    function.jobs.fail(first, "no rows")
    assert function(END)["done"] == "started"
    assert function.requests()[-1].source == DatasetSource(key="datasets/second.csv")
    assert function.jobs.deferred() == []
    function.jobs.fail(function.worker.started[-1], "no rows")
    assert function(END) == {"done": "nothing", "reason": "no request is deferred"}


def test_the_same_file_is_deferred_once(function: Function) -> None:
    function(uploaded())
    for name in ("second", "third"):
        function(uploaded(name=name))
    assert len(function.jobs.deferred()) == 1


def test_a_job_that_ends_just_before_an_upload_is_deferred_leaves_nothing_deferred(function: Function) -> None:
    class EndsNow(InMemoryJobs):
        def defer(self, request: TrainingRequest) -> None:
            self.fail(self.recent(1)[0].job_id, "no rows")
            super().defer(request)

    function.jobs = EndsNow(patience=timedelta(minutes=6))
    function(uploaded())
    assert function(uploaded(name="another"))["done"] == "started"
    assert function.jobs.deferred() == []


def test_the_schedule_starts_a_retraining_from_enough_feedback(function: Function) -> None:
    function.give_feedback(ENOUGH)
    assert function(SCHEDULE)["new_feedback"] == ENOUGH
    assert function.requests() == [TrainingRequest(source=FeedbackSource())]


def test_the_schedule_starts_nothing_without_enough_feedback(function: Function) -> None:
    function.give_feedback(ENOUGH - 1)
    outcome = function(SCHEDULE)
    assert (outcome["done"], outcome["reason"]) == ("nothing", "2 new feedbacks, 3 are needed")


def test_feedback_of_an_earlier_training_is_not_new(function: Function) -> None:
    manifest = manifest_of(b"a model", NOON + timedelta(minutes=30))
    learned = manifest.training.model_copy(update={"kind": "feedback", "feedback_rows": ENOUGH})
    function.registry.publish(manifest.model_copy(update={"training": learned}), b"a model")
    function.give_feedback(ENOUGH)
    assert function(SCHEDULE)["done"] == "nothing"
    function.give_feedback(ENOUGH, minutes=60)
    assert function(SCHEDULE)["new_feedback"] == ENOUGH


@pytest.mark.parametrize("ahead", [timedelta(days=2), -timedelta(days=2)], ids=["ahead", "behind"])
def test_new_feedback_is_found_after_a_model_with_a_wrong_clock(function: Function, ahead: timedelta) -> None:
    function.give_feedback(ENOUGH, minutes=int(ahead.total_seconds()) // 60 - 1)
    manifest = manifest_of(b"a model", NOON + ahead)
    learned = manifest.training.model_copy(update={"kind": "feedback", "feedback_rows": ENOUGH})
    function.registry.publish(manifest.model_copy(update={"training": learned}), b"a model")
    assert function(SCHEDULE)["done"] == "nothing"
    function.give_feedback(ENOUGH, minutes=1)
    assert function(SCHEDULE)["new_feedback"] == ENOUGH


def test_feedback_with_a_clock_ahead_starts_one_retraining(function: Function) -> None:
    function.give_feedback(ENOUGH, minutes=2 * 24 * 60)
    manifest = manifest_of(b"a model", NOON)
    learned = manifest.training.model_copy(update={"kind": "feedback", "feedback_rows": ENOUGH})
    function.registry.publish(manifest.model_copy(update={"training": learned}), b"a model")
    assert function(SCHEDULE)["done"] == "nothing"


def test_the_schedule_starts_nothing_while_a_job_runs(function: Function) -> None:
    function.give_feedback(ENOUGH)
    first = function(uploaded())["job_id"]
    outcome = function(SCHEDULE)
    assert outcome["done"] == "nothing"
    assert first in outcome["reason"]
    assert function.jobs.deferred() == []


def test_the_schedule_starts_a_request_that_a_dead_worker_left_deferred(function: Function) -> None:
    function.jobs.defer(TrainingRequest(source=DatasetSource(key=ZOO)))
    assert function(SCHEDULE)["done"] == "started"
    assert function.requests()[0].source == DatasetSource(key=ZOO)


@pytest.mark.parametrize("event", [{}, {"source": "aws.ec2"}, {"source": "aws.s3"}, {"Records": []}])
def test_an_unknown_event_is_an_error(function: Function, event: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        function(event)
