"""Counts every run of a function and every request to the API in MiniStack's CloudWatch, as AWS counts them.

By itself MiniStack (1.5.33) counts what Lambda's Invoke is asked for and nothing else: no request that came through API
Gateway, no event, and of an asynchronous run neither its time nor whether it failed. Here they are counted in the one
place that each of them passes; an end-to-end test tells when a later MiniStack has moved these places.
"""

import threading
import time
from importlib import import_module
from typing import Any, NamedTuple

Module = Any  # MiniStack's modules say nothing of their types
_UNITS = {"Duration": "Milliseconds", "Latency": "Milliseconds"}


class _Value(NamedTuple):
    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    value: float


class Tally:
    """Adds up what has the same value in the same minute: MiniStack keeps each point for good, in memory."""

    def __init__(self, cloudwatch: Module) -> None:
        """Take MiniStack's CloudWatch."""
        self._cloudwatch = cloudwatch
        self._minute = 0
        self._points: dict[_Value, dict[str, Any]] = {}
        # Functions run in threads.
        self._lock = threading.Lock()

    def add(self, namespace: str, dimensions: dict[str, str], **values: float) -> None:
        """Count one value of each metric, as of now; times are milliseconds."""
        with self._lock:
            minute = int(time.time() // 60)
            if minute != self._minute:
                self._minute, self._points = minute, {}
            for metric, value in values.items():
                self._add(_Value(namespace, metric, tuple(sorted(dimensions.items())), float(round(value))))

    def _add(self, value: _Value) -> None:
        point = self._points.get(value)
        if point is None:
            unit, dimensions = _UNITS.get(value.metric, "Count"), dict(value.dimensions)
            self._cloudwatch.record_metric(value.namespace, value.metric, value.value, unit, dimensions)
            key = (value.namespace, value.metric, self._cloudwatch._dims_key(dimensions))
            self._points[value] = self._cloudwatch._metric_bucket(key)[-1]
        else:
            point["Count"] = point.get("Count", 1.0) + 1.0


def count_runs(functions: Module, tally: Tally) -> None:
    """Make MiniStack's Lambda count each run of a function once, with its time and outcome, whoever asked for it."""
    run = functions._execute_function_dispatch

    def counted(
        function: object, config: dict[str, str], event: object, request_id: str, started: float
    ) -> dict[str, object]:
        result: dict[str, object] = run(function, config, event, request_id, started)
        count(config["FunctionName"], (time.time() - started) * 1000, error=bool(result.get("error")), throttle=False)
        return result

    def count(function_name: str, duration_ms: float, *, error: bool, throttle: bool) -> None:
        times = {} if throttle else {"Invocations": 1, "Errors": error, "Duration": duration_ms}
        tally.add("AWS/Lambda", {"FunctionName": function_name}, Throttles=throttle, **times)

    def only_throttled(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:
        if throttle:
            count(function_name, duration_ms, error=error, throttle=throttle)

    functions._execute_function_dispatch = counted
    functions._emit_lambda_metrics = only_throttled


def count_requests(gateway: Module, tally: Tally) -> None:
    """Make MiniStack's API Gateway count each request to a stage of a REST API, with its time and kind of answer."""
    answer = gateway._handle_execute_in_scope

    async def counted(api_id: str, stage: str, *request: object) -> tuple[int, dict[str, str], bytes]:
        began = time.monotonic()
        response: tuple[int, dict[str, str], bytes] = await answer(api_id, stage, *request)
        milliseconds, kind = (time.monotonic() - began) * 1000, response[0] // 100
        api = gateway._rest_apis.get(api_id)
        if api:
            counts = {"Count": 1, "4XXError": kind == 4, "5XXError": kind == 5}
            tally.add("AWS/ApiGateway", {"ApiName": api["name"], "Stage": stage}, **counts, Latency=milliseconds)
        return response

    gateway._handle_execute_in_scope = counted


def count_everything() -> None:
    """Make the MiniStack that is installed count; to be called before it serves."""
    names = ("cloudwatch", "lambda_svc", "apigateway_v1")
    cloudwatch, functions, gateway = (import_module(f"ministack.services.{name}") for name in names)
    tally = Tally(cloudwatch)
    count_runs(functions, tally)
    count_requests(gateway, tally)
