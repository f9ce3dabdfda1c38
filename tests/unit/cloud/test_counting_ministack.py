"""MiniStack counts every run of a function and every request to the API once, in its own CloudWatch."""

import asyncio
import time
from contextlib import closing
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from cloud.local.counting_ministack import Tally, count_requests, count_runs

MINISTACK = {
    "cloudwatch": ("record_metric", "_metric_bucket", "_dims_key"),
    "lambda_svc": ("_execute_function_dispatch", "_emit_lambda_metrics"),
    "apigateway_v1": ("_handle_execute_in_scope",),
}


class CloudWatch:
    """Keeps points as MiniStack's does."""

    def __init__(self) -> None:
        self.points: dict[str, list[dict[str, Any]]] = {}

    def record_metric(self, namespace: str, name: str, value: float, unit: str, dimensions: dict[str, str]) -> None:
        point = {"Value": value, "Unit": unit}
        self._metric_bucket((namespace, name, self._dims_key(dimensions))).append(point)

    def _dims_key(self, dimensions: dict[str, str]) -> str:
        return "/".join(dimensions.values())

    def _metric_bucket(self, key: tuple[str, str, str]) -> list[dict[str, Any]]:
        return self.points.setdefault(":".join((key[2], key[1])), [])

    def sums(self) -> dict[str, float]:
        return {key: sum(p["Value"] * p.get("Count", 1) for p in points) for key, points in self.points.items()}


@pytest.fixture
def cloudwatch() -> CloudWatch:
    return CloudWatch()


def lambda_service(cloudwatch: CloudWatch, **outcome: object) -> Any:
    service = SimpleNamespace(_execute_function_dispatch=lambda *_: outcome, _emit_lambda_metrics=None)
    count_runs(service, Tally(cloudwatch))
    return service


def run(service: Any, seconds: float = 0) -> Any:
    return service._execute_function_dispatch({}, {"FunctionName": "zoo"}, {}, "id", time.time() - seconds)


@pytest.mark.parametrize("failed", [False, True])
def test_a_run_is_counted_with_its_time_and_outcome(cloudwatch: CloudWatch, failed: bool) -> None:
    service = lambda_service(cloudwatch, error=failed)
    assert run(service, seconds=2) == {"error": failed}
    sums = cloudwatch.sums()
    assert 2000 <= sums.pop("zoo:Duration") < 60_000
    assert sums == {"zoo:Throttles": 0, "zoo:Invocations": 1, "zoo:Errors": int(failed)}


def test_what_ministack_counts_by_itself_is_not_counted_twice(cloudwatch: CloudWatch) -> None:
    lambda_service(cloudwatch)._emit_lambda_metrics("zoo", 12.0, error=False, throttle=False)
    assert cloudwatch.points == {}


def test_a_request_that_was_throttled_is_no_invocation(cloudwatch: CloudWatch) -> None:
    lambda_service(cloudwatch)._emit_lambda_metrics("zoo", 0.0, error=False, throttle=True)
    assert cloudwatch.sums() == {"zoo:Throttles": 1}


@pytest.mark.parametrize(("status", "four", "five"), [(200, 0, 0), (202, 0, 0), (403, 1, 0), (503, 0, 1)])
def test_a_request_is_counted_by_the_kind_of_its_answer(
    cloudwatch: CloudWatch, status: int, four: int, five: int
) -> None:
    async def answer(*_: object) -> tuple[int, dict[str, str], bytes]:
        return status, {}, b"{}"

    gateway: Any = SimpleNamespace(_handle_execute_in_scope=answer, _rest_apis={"a1": {"name": "zoo"}})
    count_requests(gateway, Tally(cloudwatch))
    # Not asyncio.run, which takes away the loop that Mangum keeps for other tests in this process.
    with closing(asyncio.new_event_loop()) as loop:
        ask = gateway._handle_execute_in_scope
        assert loop.run_until_complete(ask("a1", "v1", "GET", "/health")) == (status, {}, b"{}")
        loop.run_until_complete(ask("gone", "v1", "GET", "/health"))
    sums = cloudwatch.sums()
    assert sums.pop("zoo/v1:Latency") < 1000
    assert sums == {"zoo/v1:Count": 1, "zoo/v1:4XXError": four, "zoo/v1:5XXError": five}


def test_many_equal_values_are_few_points(cloudwatch: CloudWatch) -> None:
    service = lambda_service(cloudwatch)
    for _ in range(1000):
        run(service)
    assert cloudwatch.sums()["zoo:Invocations"] == 1000
    # Two, if a minute ended in between.
    assert len(cloudwatch.points["zoo:Invocations"]) <= 2


@pytest.mark.parametrize("module", MINISTACK)
def test_the_ministack_that_is_installed_has_what_is_relied_on(module: str) -> None:
    installed = import_module(f"ministack.services.{module}")
    for name in MINISTACK[module]:
        assert callable(getattr(installed, name))
