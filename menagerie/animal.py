"""An animal as the data service describes it, and the species it may be given."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Species(StrEnum):
    """The answers a classifier may give, in the order of its output columns."""

    KANGAROO = "kangaroo"
    ELEPHANT = "elephant"
    CHICKEN = "chicken"
    DOG = "dog"
    UNKNOWN = "unknown"


CLASSES: tuple[Species, ...] = tuple(Species)
KNOWN_SPECIES: tuple[Species, ...] = CLASSES[:-1]
FEATURES: tuple[str, ...] = ("walks_on_n_legs", "height", "weight", "has_wings", "has_tail")

MAX_LEGS = 8
# Generous on purpose: the tallest living animal is under 6 m and the heaviest under 200 t, so only slips of the
# keyboard or of the unit are refused.
MAX_HEIGHT_M = 30.0
MAX_WEIGHT_KG = 200_000.0


def _without_fraction(value: object) -> object:
    """Turn 4.0 into 4: JSON has one type of number, and pandas writes a column of counts with a gap as floats."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


JSON_INTEGER = BeforeValidator(_without_fraction)
"""Behind a strict integer's bounds, makes it an integer as JSON Schema defines it: 4 and 4.0, but neither "4" nor true.

In front of the bounds it would keep them out of the OpenAPI document.
"""


class Animal(BaseModel):
    """One row: what is known of an animal before it is classified."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    walks_on_n_legs: Annotated[int, Field(ge=0, le=MAX_LEGS, description="Legs it walks on."), JSON_INTEGER]
    height: Annotated[float, Field(gt=0, le=MAX_HEIGHT_M, description="Height in metres.")]
    weight: Annotated[float, Field(gt=0, le=MAX_WEIGHT_KG, description="Weight in kilograms.")]
    has_wings: bool
    has_tail: bool


def feature_matrix(animals: Iterable[Animal]) -> "NDArray[np.float32]":
    """Return the animals as float32 of shape (n, 5), columns in the order of `FEATURES`."""
    import numpy as np

    rows = [(a.walks_on_n_legs, a.height, a.weight, a.has_wings, a.has_tail) for a in animals]
    return np.array(rows, dtype=np.float32).reshape(-1, len(FEATURES))
