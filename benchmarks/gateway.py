"""Compare a prediction through the emulated gateway with an empty function that stores one item."""

from benchmarks.comparison import Comparison, Figure, interleave, write_report
from benchmarks.stack import RunningStack, running_stack
from benchmarks.subject import animals

RUNS = 500


def main() -> None:
    """Measure on a separate embedded cloud, started as by `make up`, without IAM enforcement."""
    with running_stack() as stack:
        write_report("gateway", measured(stack))


def measured(stack: RunningStack) -> list[Comparison]:
    """Return comparisons of the median and the 99th percentile."""
    body = {"animals": animals(1)}
    with stack.client() as client:
        mine, theirs = interleave(
            RUNS,
            lambda: client.post(f"{stack.api}/predict", json=body).raise_for_status(),
            lambda: client.post(stack.rival, json=body).raise_for_status(),
            warm_up=20,
        )
    return [
        Comparison(
            "predict 1 animal through the gateway, 1 client",
            "an empty function that writes one item",
            "ms",
            Figure.of(mine),
            Figure.of(theirs),
            target=1.3,
        ),
        Comparison(
            "the same, 99th percentile",
            "the same",
            "ms",
            Figure.of([_p99(mine)]),
            Figure.of([_p99(theirs)]),
            target=1.3,
        ),
    ]


def _p99(times: list[float]) -> float:
    return sorted(times)[int(0.99 * len(times))]


if __name__ == "__main__":
    main()
