"""A fake DynamoDB partition with the documented costs: items sorted by key, found by key, 1 MB for each read.

The emulators scan a partition as a list, so measurements there would show the emulator's cost.
"""

from bisect import bisect_left, bisect_right
from datetime import UTC, datetime, timedelta
from typing import Any

from menagerie.animal import CLASSES
from menagerie.aws.predictions import DAYS, to_item
from menagerie.ulid import lowest_ulid
from tests.samples import batch_of

MIDNIGHT = datetime(2026, 1, 31, tzinfo=UTC)
READ_BYTES = 1024 * 1024


class SortedTable:
    """A day of identical requests, created when they are read."""

    def __init__(self, requests: int, animals: int) -> None:
        """Distribute this many requests of this many animals evenly over the day."""
        step = timedelta(days=1) / requests
        self.ids = [lowest_ulid(MIDNIGHT + number * step) for number in range(requests)]
        self._item = to_item(batch_of(*(CLASSES[place % len(CLASSES)] for place in range(animals)), at=MIDNIGHT))
        self._bytes = sum(len(name) + len(str(value)) for name, value in self._item.items())

    def query(self, **request: Any) -> dict[str, Any]:
        """Respond to a query for a range of keys, newest first."""
        values = {name: value["S"] for name, value in request["ExpressionAttributeValues"].items()}
        if values[":pk"] == DAYS:
            return {"Items": [{"pk": {"S": DAYS}, "sk": {"S": f"{MIDNIGHT:%Y-%m-%d}"}}]}
        low = bisect_left(self.ids, values[":first"])
        start = request.get("ExclusiveStartKey")
        high = bisect_left(self.ids, start["sk"]["S"]) if start else bisect_right(self.ids, values[":last"])
        count = min(request.get("Limit", high), max(1, READ_BYTES // self._bytes), high - low)
        items = [{**self._item, "sk": {"S": key}} for key in reversed(self.ids[high - count : high])]
        return {"Items": items, "LastEvaluatedKey": items[-1]} if count < high - low else {"Items": items}
