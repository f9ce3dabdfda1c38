"""Numbers that options take: no infinity, no NaN, nothing below zero; a minimum alone lets NaN and infinity pass."""

import math

import typer

from menagerie.errors import InvalidInput

# A hundred years in minutes.
LARGEST = 52_600_000


def finite(parameter: typer.CallbackParam, value: float) -> float:
    """Return the number; raise InvalidInput that names the option unless it lies between 0 and a hundred years."""
    if not (math.isfinite(value) and 0 <= value <= LARGEST):
        option = f"--{(parameter.name or '').replace('_', '-')}"
        raise InvalidInput(f"{option} takes a number from 0 to {LARGEST}, not {value}")
    return value
