"""Compare a page of 50 predictions from a history of a million with the same page from a thousand."""

from typing import TYPE_CHECKING, cast

from benchmarks.comparison import Comparison, Figure, interleave, write_report
from menagerie.aws.predictions import DynamoDBPredictionStore
from menagerie.ports.predictions import PageRequest
from tests.sorted_table import SortedTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RUNS = 300
PAGE = PageRequest(limit=50)


def main() -> None:
    """Measure pages of single animals and of uploads of a thousand."""
    write_report("history", [_compared("single animals", 1), _compared("uploads of 1000", 1000)])


def _compared(how: str, animals: int) -> Comparison:
    many, few = (_store(1_000_000 // animals, animals), _store(1_000 // animals, animals))
    mine, theirs = interleave(RUNS, lambda: many.page(PAGE), lambda: few.page(PAGE), warm_up=5)
    return Comparison(
        f"history page of 50 out of 1,000,000, {how}",
        "the same page out of 1,000",
        "ms",
        Figure.of(mine),
        Figure.of(theirs),
        target=1.2,
    )


def _store(requests: int, animals: int) -> DynamoDBPredictionStore:
    return DynamoDBPredictionStore(cast("DynamoDBClient", SortedTable(requests, animals)), "predictions")


if __name__ == "__main__":
    main()
