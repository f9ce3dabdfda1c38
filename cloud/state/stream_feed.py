"""Record changes from DynamoDB Streams in the journal, on disk within a second."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from cloud.state.journal import Change, Journal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

StreamsClient = Any  # stubs for two calls would be one more locked dependency
POLL_SECONDS = 0.3
ANOTHER_PAGE_BYTES = 256 * 1024
FLUSH_SECONDS = 0.3
MAX_RECORDS = 1000
_LOST_PLACE = ("ExpiredIteratorException", "TrimmedDataAccessException")


class StreamFeed:
    """Reads the streams of tables into a journal: first all existing records, then new ones in the background."""

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        streams: StreamsClient,
        tables: Mapping[str, str],
        journal: Journal,
        known: Mapping[str, Change],
    ) -> None:
        """Take table names by their logical names, and the changes that the journal has and the streams repeat."""
        self._dynamodb = dynamodb
        self._streams = streams
        self._journal = journal
        self._known = dict(known)
        self._tables = dict(tables)
        self._iterators: dict[str, str] = {}
        self._last_read: dict[str, str] = {}
        self._stopping = threading.Event()
        # A separate thread flushes, because a busy disk is slow. Unflushed writes survive the end of the process.
        self._threads = [
            threading.Thread(target=self._repeat, args=(self._poll_if_possible, POLL_SECONDS), daemon=True),
            threading.Thread(target=self._repeat, args=(self._flush_if_needed, FLUSH_SECONDS), daemon=True),
        ]
        self._unflushed = threading.Event()
        self._quiet: set[str] = set()
        self._read_problem: str | None = None
        self._flush_problem: str | None = None

    @property
    def problem(self) -> str | None:
        """The reason why changes are not written to disk at present, or None."""
        return self._read_problem or self._flush_problem

    def start(self) -> None:
        """Read the existing records, and continue in the background. Raises if the first read fails."""
        self.read()
        self._known.clear()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Read new records a last time, if the emulator responds, and stop."""
        self._stopping.set()
        for thread in self._threads:
            if thread.ident:
                thread.join()
        self._try(self.read)
        self._flush_if_needed()
        # On an orderly stop the server waits for open connections.
        self._streams.close()
        self._dynamodb.close()

    def read(self) -> None:
        """Append all new records to the journal. Raises OSError if the disk is full; they are then read again."""
        self._quiet.clear()
        while len(self._quiet) < len(self._tables):
            self._quiet.clear()
            self._read_pages(list(self._tables))

    def _poll(self) -> None:
        # Each request takes time of the emulator, so a table without new records is skipped once.
        busy = [label for label in self._tables if label not in self._quiet]
        self._quiet.clear()
        while self._read_pages(busy) >= ANOTHER_PAGE_BYTES:
            pass

    def _read_pages(self, labels: list[str]) -> int:
        """Append the next page of each table's stream; return the number of bytes appended."""
        changes: list[Change] = []
        places: dict[str, tuple[str, str | None]] = {}
        for label in labels:
            page = self._records(label, self._tables[label])
            records = page["Records"]
            changes += [_change(label, record) for record in records]
            places[label] = page["NextShardIterator"], records[-1]["dynamodb"]["SequenceNumber"] if records else None
        new = [change for change in changes if self._known.get(change.identity) != change]
        written = self._journal.append(new)
        if written:
            self._unflushed.set()
        # After the write, so that records are read again if it fails.
        for label, (iterator, last) in places.items():
            self._iterators[label] = iterator
            if last:
                self._last_read[label] = last
            else:
                self._quiet.add(label)
        return written

    def _repeat(self, act: Callable[[], None], seconds: float) -> None:
        pause = seconds
        while not self._stopping.wait(pause):
            began = time.monotonic()
            act()
            pause = max(0.0, seconds - (time.monotonic() - began))

    def _flush_if_needed(self) -> None:
        if self._unflushed.is_set():
            self._unflushed.clear()
            try:
                self._journal.flush()
                self._flush_problem = None
            except OSError as error:
                self._unflushed.set()
                self._flush_problem = f"the journal cannot be flushed ({error.strerror})"

    def _poll_if_possible(self) -> None:
        self._try(self._poll)

    def _try(self, read: Callable[[], None]) -> None:
        try:
            read()
            self._read_problem = None
        except OSError as error:
            self._read_problem = f"the journal cannot be written ({error.strerror or error})"
        except (BotoCoreError, ClientError) as error:
            # The emulator has ended, which `up` reports, or it is busy and responds to the next request.
            self._read_problem = (
                None if self._stopping.is_set() else f"the tables' streams cannot be read ({type(error).__name__})"
            )

    def _records(self, label: str, table: str) -> Any:  # noqa: ANN401  # see StreamsClient
        for _ in range(2):
            if label not in self._iterators:
                self._iterators[label] = self._iterator(label, table)
            try:
                return self._streams.get_records(ShardIterator=self._iterators[label], Limit=MAX_RECORDS)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in _LOST_PLACE:
                    raise
                del self._iterators[label]  # for example after the machine was suspended
        raise TimeoutError("the stream iterator expires repeatedly")

    def _iterator(self, label: str, table: str) -> str:
        arn = self._dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
        shard = self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        place: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
        if label in self._last_read:
            place = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self._last_read[label]}
        try:
            return str(self._streams.get_shard_iterator(StreamArn=arn, ShardId=shard, **place)["ShardIterator"])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _LOST_PLACE or label not in self._last_read:
                raise
            del self._last_read[label]
            return self._iterator(label, table)


def restore(
    changes: Mapping[str, Change], dynamodb: "DynamoDBClient", tables: Mapping[str, str], report: Callable[[int], None]
) -> None:
    """Write the last change of each item to the tables; report the number of changes that are done."""
    ready = list(changes.values())
    for begin in range(0, len(ready), 25):
        requests: dict[str, list[Any]] = {}
        for change in ready[begin : begin + 25]:
            if change.table in tables:
                request = (
                    {"PutRequest": {"Item": change.item}} if change.item else {"DeleteRequest": {"Key": change.key}}
                )
                requests.setdefault(tables[change.table], []).append(request)
        while requests:
            requests = dict(dynamodb.batch_write_item(RequestItems=requests).get("UnprocessedItems") or {})
        report(begin + len(ready[begin : begin + 25]))


def _change(label: str, record: Mapping[str, Any]) -> Change:
    change = record["dynamodb"]
    return Change(label, change["Keys"], None if record["eventName"] == "REMOVE" else change["NewImage"])
