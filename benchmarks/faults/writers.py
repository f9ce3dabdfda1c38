"""Run clients that predict without pause, and compare their responses with the stored predictions."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx2

from benchmarks.faults.outcome import Outcome
from menagerie.aws.predictions import from_item
from menagerie.http_client import http_client
from tests.e2e.test_routes import ANIMALS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TRIES = 40
SECONDS_BETWEEN_TRIES = 0.25
# Shared by all scenarios, which use one table: each request has a unique weight.
_NUMBERS = itertools.count()


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledged prediction of one animal, identified by its unique weight."""

    species: str
    weight: float
    at: float
    """Time of the response on the monotonic clock, in seconds."""


@dataclass
class Record:
    """The responses to all clients."""

    answers: list[Answer] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    """Number of responses by status; 0 stands for no response."""
    unexplained: list[str] = field(default_factory=list)
    """5xx responses that are neither problem documents with Retry-After nor the gateway's own."""

    def predict_once(self, client: httpx2.Client, stop: threading.Event) -> None:
        """Request a prediction, and retry with the same key after an error."""
        number = next(_NUMBERS)
        species = list(ANIMALS)[number % len(ANIMALS)]
        animal = {**ANIMALS[species], "weight": ANIMALS[species]["weight"] + number / 2**20}
        key = {"Idempotency-Key": uuid4().hex}
        for _ in range(TRIES):
            try:
                answer = client.post("/predict", json={"animals": [animal]}, headers=key)
            except httpx2.TransportError:
                self.statuses[0] += 1
            else:
                self.statuses[answer.status_code] += 1
                if answer.status_code == httpx2.codes.OK:
                    found = answer.json()["predictions"][0]["species"]
                    self.answers.append(Answer(found, animal["weight"], time.monotonic()))
                    return
                if answer.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR and not _is_explained(answer):
                    self.unexplained.append(f"{answer.status_code}: {answer.text}")
            if stop.wait(SECONDS_BETWEEN_TRIES):
                return


def _is_explained(answer: httpx2.Response) -> bool:
    """Return whether an error is about an unavailable dependency, or the gateway's own about a killed worker."""
    if answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE:
        return "retry-after" in answer.headers
    return answer.status_code in (httpx2.codes.BAD_GATEWAY, httpx2.codes.GATEWAY_TIMEOUT)


@contextmanager
def writing(record: Record, api_url: str, api_key: str, clients: int) -> Iterator[None]:
    """Run clients during the block."""
    stop = threading.Event()

    def keep_sending() -> None:
        with http_client(api_url, timeout=30.0, base_url=api_url, headers={"x-api-key": api_key}) as client:
            while not stop.is_set():
                record.predict_once(client, stop)

    with ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(keep_sending) for _ in range(clients)]
        try:
            yield
        finally:
            stop.set()
        for each in running:
            each.result()


def compare(outcome: Outcome, record: Record, table: "DynamoDBClient", table_name: str, *, before: float) -> None:
    """Compare the responses with the table.

    Counts what is not stored although it was answered before a moment of the monotonic clock, what is stored more than
    once, and what is stored otherwise than it was answered.
    """
    stored: dict[float, list[str]] = {}
    for page in table.get_paginator("scan").paginate(TableName=table_name):
        for item in page["Items"]:
            if item["pk"]["S"].startswith("day#"):
                batch = from_item(item)
                for position, animal in enumerate(batch.animals):
                    stored.setdefault(animal.weight, []).append(batch.species(position))
    outcome.answered += len(record.answers)
    if not record.answers:
        outcome.wrong += 1
        outcome.note("no request was answered at all")
    for answer in record.answers:
        found = stored.get(answer.weight, [])
        if not found and answer.at < before:
            outcome.lost += 1
            outcome.note(f"lost: {answer}")
        if len(found) > 1:
            outcome.doubled += 1
            outcome.note(f"doubled: {answer}")
        if found and found[0] != answer.species:
            outcome.wrong += 1
            outcome.note(f"wrong: {answer}, stored as {found[0]}")
    outcome.unexplained += len(record.unexplained)
    for text in record.unexplained:
        outcome.note(text)
