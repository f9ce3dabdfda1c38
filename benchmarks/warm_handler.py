"""Measure the warm handler of the predict function beside a minimal handler."""

import contextlib
import io
import json
from typing import TYPE_CHECKING, Any

import onnxruntime
from fastapi import FastAPI, Response
from mangum import Mangum

from benchmarks.comparison import Comparison, Figure, interleave, write_report
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


class _NoStore(InMemoryPredictions):
    """A store that keeps nothing, because ten thousand requests would fill the memory."""

    def add(self, batch: "PredictionBatch", key: "IdempotencyKey | None" = None) -> "PredictionBatch":  # noqa: ARG002
        return batch


def main() -> None:
    """Measure requests with one animal and with a thousand."""
    # The log is written to memory: logging is on, but the speed of the terminal is not measured.
    with contextlib.redirect_stdout(io.StringIO()):
        ours = _handler()
        compared = [_one(ours), _thousand(ours)]
    write_report("warm_handler", compared)


def handler_and_floor(count: int) -> tuple[float, float]:
    """Return the median seconds of our handler and of a constant response, for a request with this many animals."""
    with contextlib.redirect_stdout(io.StringIO()):
        ours = _handler()
        request = event("POST", "/predict", body=json.dumps({"animals": animals(count)}))
        rival = _constant(_answer(ours, request).encode())
        mine, theirs = _interleave(20_000 // (count + 50), lambda: _call(ours, request), lambda: _call(rival, request))
    return Figure.of(mine).median / 1000, Figure.of(theirs).median / 1000


def _handler() -> Mangum:
    trained = trained_model()
    registry = InMemoryRegistry()
    registry.publish(trained.manifest, trained.onnx)
    registry.promote(trained.manifest.version, expected=None)
    models = CurrentModel(registry, refresh_seconds=5.0)
    stores = _NoStore()
    return lambda_handler(create_app(models, registry, stores, InMemoryFeedback(stores), InMemoryMetrics()))


def _one(ours: Mangum) -> Comparison:
    body = json.dumps({"animals": animals(1)})
    request = event("POST", "/predict", body=body)
    rival = _constant(_answer(ours, request).encode())
    mine, theirs = _interleave(RUNS_OF_ONE, lambda: _call(ours, request), lambda: _call(rival, request))
    return Comparison(
        "warm handler, 1 animal",
        "FastAPI and Mangum, a constant response",
        "ms",
        Figure.of(mine),
        Figure.of(theirs),
        target=3.0,
    )


def _thousand(ours: Mangum) -> Comparison:
    documents = animals(1000)
    body = json.dumps({"animals": documents})
    request = event("POST", "/predict", body=body)
    answer = json.loads(_answer(ours, request))
    matrix = feature_matrix([Animal.model_validate(each) for each in documents])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(trained_model().onnx, options, providers=["CPUExecutionProvider"])

    def rival() -> None:
        json.loads(body)
        session.run([OUTPUT_NAME], {INPUT_NAME: matrix})
        json.dumps(answer)

    mine, theirs = map(Figure.of, _interleave(RUNS_OF_THOUSAND, lambda: _call(ours, request), rival))
    rows_a_second = 1000 / (mine.median / 1000)
    return Comparison(
        f"warm handler, 1000 animals: {rows_a_second:,.0f} rows a second",
        "onnxruntime, json.loads and json.dumps",
        "ms",
        mine,
        theirs,
        target=2.0,
        more={"rows_a_second": rows_a_second},
    )


def _constant(answer: bytes) -> Mangum:
    """Return a plain FastAPI application with our request model, whose async route returns a constant response."""
    app = FastAPI()

    class Body(PredictRequest, defer_build=False):
        pass

    @app.post("/predict")
    async def predict(body: Body) -> Response:  # noqa: ARG001
        return Response(answer, media_type="application/json")

    return Mangum(app, lifespan="off")


def _answer(handler: Mangum, request: dict[str, Any]) -> str:
    answer = _call(handler, request)
    if answer["statusCode"] != 200:
        raise SystemExit(f"the handler answered {answer['statusCode']}: {answer['body']}")
    body: str = answer["body"]
    return body


def _call(handler: Mangum, request: dict[str, Any]) -> dict[str, Any]:
    return handler(request, Context())  # type: ignore[arg-type]  # the handler uses these attributes only


def _interleave(runs: int, *measured: "Callable[[], object]") -> list[list[float]]:
    return interleave(runs, *measured, warm_up=20)


if __name__ == "__main__":
    main()
