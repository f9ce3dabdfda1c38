"""What a million predictions cost on AWS, from measured time and bytes, beside one write and the handler's floor."""

import math

from benchmarks.comparison import Comparison, Figure, tell
from benchmarks.storage import item_bytes
from benchmarks.warm_handler import handler_and_floor

# Public list prices in dollars, us-east-1, x86-64, without the free tier; docs/aws.md says where they were found.
PER_REQUEST_GATEWAY = 3.50e-6
PER_REQUEST_LAMBDA = 0.20e-6
PER_GB_SECOND = 0.0000166667
PER_WRITE_UNIT = 0.625e-6
PER_GB_OF_LOG = 0.50
MEMORY_GB = 1769 / 1024
# A line of the request log with what CloudWatch adds; and what a write takes within a region, in both columns alike.
LOG_BYTES = 450
WRITE_SECONDS = 0.005
BATCHES = (1, 100, 1000)


def dollars(animals: int, handler_seconds: float) -> dict[str, float]:
    """Return what a million predictions cost by service, sent so many animals at a time."""
    requests = 1_000_000 / animals
    billed = math.ceil(1000 * (handler_seconds + WRITE_SECONDS)) / 1000
    return {
        "API Gateway": requests * PER_REQUEST_GATEWAY,
        "Lambda": requests * (PER_REQUEST_LAMBDA + billed * MEMORY_GB * PER_GB_SECOND),
        "DynamoDB": requests * math.ceil(item_bytes(animals) / 1024) * PER_WRITE_UNIT,
        "CloudWatch Logs": requests * LOG_BYTES / 1e9 * PER_GB_OF_LOG,
    }


def main() -> None:
    """Measure the handler and price it."""
    tell("cost", [_priced(animals) for animals in BATCHES])


def _priced(animals: int) -> Comparison:
    handler, floor = handler_and_floor(animals)
    ours, theirs = dollars(animals, handler), dollars(animals, floor)
    shares = ", ".join(f"{service} {cost:.3g}" for service, cost in ours.items())
    return Comparison(
        f"a million predictions, {animals} at a time: {shares}",
        "a write of the same bytes and a ready-made answer",
        "$",
        Figure.of([sum(ours.values())]),
        Figure.of([sum(theirs.values())]),
        reach=1.3,
        more={"ours": ours, "floor": theirs},
    )


if __name__ == "__main__":
    main()
