"""The client of the data service, which returns the same animals without labels for the same seed."""

import json
from dataclasses import dataclass, field
from typing import Self

import httpx2
from pydantic import ValidationError

from frontend.api.transport import Transport, http_client
from menagerie.animal import Animal
from menagerie.animal_file import Refusal, refusal_reason

MAX_SAMPLE = 10_000
# Larger integers lose digits in a browser.
MAX_SEED = 2**53 - 1


@dataclass(frozen=True, slots=True)
class AnimalRows:
    """Valid animals and refused rows, each in their order."""

    animals: list[Animal] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


class DataService:
    """The client. Every call raises a `frontend.api.errors.ApiError` and nothing else."""

    def __init__(self, http: httpx2.Client) -> None:
        """Use an HTTP client that has the base address and the timeout."""
        self._http = http
        self._transport = Transport(
            http,
            service="The data service",
            advice="Is it running? `make up` starts it, `menagerie data-service` starts it alone.",
        )

    @classmethod
    def connect(cls, url: str, timeout_s: float) -> Self:
        """Return a client with its own connection pool; nothing is sent yet."""
        return cls(http_client(url, timeout_s=timeout_s))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def sample(self, seed: int, rows: int) -> AnimalRows:
        """Return up to `MAX_SAMPLE` rows; those that are no valid animals are refusals, counted from 1."""
        body = {"seed": seed, "number_of_datapoints": rows}
        return self._transport.call("POST", "/api/v1/animals/data", _parse_rows, json=body)


def _parse_rows(body: bytes) -> AnimalRows:
    rows = json.loads(body)
    if not isinstance(rows, list):
        raise TypeError("not a list of rows")
    found = AnimalRows()
    for line, row in enumerate(rows, 1):
        try:
            found.animals.append(Animal.model_validate(row))
        except ValidationError as error:
            found.refusals.append(Refusal(line, refusal_reason(error)))
    if rows and not found.animals:
        raise ValueError(f"no row is an animal: {found.refusals[0]}")
    return found
