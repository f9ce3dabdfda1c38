"""The predict function's warm handler, from event to response, beside the least that could be done instead."""

import contextlib
import io
import json
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Response
from mangum import Mangum

from benchmarks.comparison import Comparison, Figure, interleave, tell
from benchmarks.subject import animals, trained_model
from functions.http.app import lambda_handler
from functions.predict.app import create_app
from functions.predict.current_model import CurrentModel
from menagerie.animal import Animal, feature_matrix
from menagerie.api import PredictRequest
from menagerie.classifier import INPUT_NAME, OUTPUT_NAME
from tests.fakes import InMemoryFeedback, InMemoryMetrics, InMemoryPredictions, InMemoryRegistry
from tests.unit.functions.gateway import Context, event

if TYPE_CHECKING:
    from collections.abc import Callable

    from menagerie.idempotency import IdempotencyKey
    from menagerie.prediction import PredictionBatch

RUNS_OF_ONE, RUNS_OF_THOUSAND = 2000, 200


class _Forgetful(InMemoryPredictions):
    """A store that keeps nothing, so that ten thousand requests do not fill the memory."""

    def add(self, batch: "PredictionBatch", key: "IdempotencyKey | None" = None) -> "PredictionBatch":  # noqa: ARG002
        return batch


def main() -> None:
    """Measure a request of one animal and one of a thousand."""
    models, ours = _handler()
    tell("warm_handler", [_one(ours), _thousand(ours, models)])


def handler_and_floor(count: int) -> tuple[float, float]:
    """Return the median seconds of our handler and of a ready-made answer for a request of so many animals."""
    _, ours = _handler()
    asked = event("POST", "/predict", body=json.dumps({"animals": animals(count)}))
    rival = _ready_made(_answer(ours, asked).encode())
    mine, theirs = _quietly(20_000 // (count + 50), lambda: _call(ours, asked), lambda: _call(rival, asked))
    return Figure.of(mine).median / 1000, Figure.of(theirs).median / 1000


def _handler() -> tuple[CurrentModel, Mangum]:
    trained = trained_model()
    registry = InMemoryRegistry()
    registry.publish(trained.manifest, trained.onnx)
    registry.promote(trained.manifest.version, expected=None)
    models = CurrentModel(registry, refresh_seconds=5.0)
    stores = _Forgetful()
    return models, lambda_handler(create_app(models, registry, stores, InMemoryFeedback(stores), InMemoryMetrics()))


def _one(ours: Mangum) -> Comparison:
    body = json.dumps({"animals": animals(1)})
    asked = event("POST", "/predict", body=body)
    rival = _ready_made(_answer(ours, asked).encode())
    mine, theirs = _quietly(RUNS_OF_ONE, lambda: _call(ours, asked), lambda: _call(rival, asked))
    return Comparison(
        "warm handler, 1 animal",
        "FastAPI and Mangum, a ready-made answer",
        "ms",
        Figure.of(mine),
        Figure.of(theirs),
        reach=1.5,
    )


def _thousand(ours: Mangum, models: CurrentModel) -> Comparison:
    documents = animals(1000)
    body = json.dumps({"animals": documents})
    asked = event("POST", "/predict", body=body)
    answer = json.loads(_answer(ours, asked))
    matrix = feature_matrix([Animal.model_validate(each) for each in documents])
    session = models.classifier()._session

    def rival() -> None:
        json.loads(body)
        session.run([OUTPUT_NAME], {INPUT_NAME: matrix})
        json.dumps(answer)

    mine, theirs = map(Figure.of, _quietly(RUNS_OF_THOUSAND, lambda: _call(ours, asked), rival))
    rows_a_second = 1000 / (mine.median / 1000)
    return Comparison(
        f"warm handler, 1000 animals: {rows_a_second:,.0f} rows a second",
        "onnxruntime, json.loads and json.dumps",
        "ms",
        mine,
        theirs,
        reach=2.0,
        more={"rows_a_second": rows_a_second},
    )


def _ready_made(answer: bytes) -> Mangum:
    """FastAPI as it comes, with our request model; the route is async and returns a ready-made answer."""
    app = FastAPI()

    @app.post("/predict")
    async def predict(asked: PredictRequest) -> Response:  # noqa: ARG001
        return Response(answer, media_type="application/json")

    return Mangum(app, lifespan="off")


def _answer(handler: Mangum, asked: dict[str, Any]) -> str:
    with contextlib.redirect_stdout(io.StringIO()):
        answer = _call(handler, asked)
    if answer["statusCode"] != 200:
        raise SystemExit(f"the handler answered {answer['statusCode']}: {answer['body']}")
    body: str = answer["body"]
    return body


def _call(handler: Mangum, asked: dict[str, Any]) -> dict[str, Any]:
    return handler(asked, Context())  # type: ignore[arg-type]  # what is read of a context


def _quietly(runs: int, *measured: "Callable[[], object]") -> list[list[float]]:
    """Interleave with the log lines written to memory: logging is on, the terminal's speed is not measured."""
    with contextlib.redirect_stdout(io.StringIO()):
        return interleave(runs, *measured, warm_up=20)


if __name__ == "__main__":
    main()
