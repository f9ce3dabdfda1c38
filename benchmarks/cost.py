"""Estimate the cost of a million predictions on AWS from measured time and bytes."""

import math

from benchmarks.comparison import Comparison, Figure, write_report
from benchmarks.storage import item_bytes
from benchmarks.warm_handler import handler_and_floor

# Public list prices in dollars, us-east-1, x86-64, without the free tier; docs/aws.md has their sources.
PER_REQUEST_GATEWAY = 3.50e-6
PER_REQUEST_LAMBDA = 0.20e-6
PER_GB_SECOND = 0.0000166667
PER_WRITE_UNIT = 0.625e-6
PER_GB_OF_LOG = 0.50
MEMORY_GB = 1769 / 1024
# Bytes of a log line with CloudWatch's overhead; duration of a write within a region, the same in both columns.
LOG_BYTES = 450
WRITE_SECONDS = 0.005
BATCHES = (1, 100, 1000)


def dollars(animals: int, handler_seconds: float) -> dict[str, float]:
    """Return the cost of a million predictions by service, with this many animals in each request."""
    requests = 1_000_000 / animals
    billed = math.ceil(1000 * (handler_seconds + WRITE_SECONDS)) / 1000
    return {
        "API Gateway": requests * PER_REQUEST_GATEWAY,
        "Lambda": requests * (PER_REQUEST_LAMBDA + billed * MEMORY_GB * PER_GB_SECOND),
        "DynamoDB": requests * math.ceil(item_bytes(animals) / 1024) * PER_WRITE_UNIT,
        "CloudWatch Logs": requests * LOG_BYTES / 1e9 * PER_GB_OF_LOG,
    }


def main() -> None:
    """Measure the handler and compute the cost."""
    write_report("cost", [_priced(animals) for animals in BATCHES])


def _priced(animals: int) -> Comparison:
    handler, floor = handler_and_floor(animals)
    ours, theirs = dollars(animals, handler), dollars(animals, floor)
    shares = ", ".join(f"{service} {cost:.3g}" for service, cost in ours.items())
    return Comparison(
        f"a million predictions, {animals} at a time: {shares}",
        "a write of the same bytes and a constant response",
        "$",
        Figure.of([sum(ours.values())]),
        Figure.of([sum(theirs.values())]),
        target=1.3,
        more={"ours": ours, "floor": theirs},
    )


if __name__ == "__main__":
    main()
