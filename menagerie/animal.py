"""The one definition of an animal: its features with units, bounds and labels, and the species it may be.

Request models, forms, tables, charts, drift, file headers and the OpenAPI document derive from `Animal` and `Species`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pydantic.fields import FieldInfo

_UNIT = "x-unit"


class Species(StrEnum):
    """The answers a classifier may give, in the order of its output columns."""

    KANGAROO = "kangaroo"
    ELEPHANT = "elephant"
    CHICKEN = "chicken"
    DOG = "dog"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        """The name as a heading."""
        return self.value.capitalize()

    @property
    def phrase(self) -> str:
        """The name with its article, for use in a sentence."""
        if self is Species.UNKNOWN:
            return "none of the known species"
        return f"{'an' if self.value[0] in 'aeiou' else 'a'} {self.value}"

    @property
    def icon(self) -> str:
        """An emoji, of a paw for a species without one of its own."""
        return _ICONS.get(self, "🐾")

    @property
    def colour(self) -> str:
        """Hexadecimal; at least 3:1 against a white and a dark background, and distinct without red and green."""
        return UNKNOWN_COLOUR if self is Species.UNKNOWN else _COLOURS[KNOWN_SPECIES.index(self) % len(_COLOURS)]


CLASSES: tuple[Species, ...] = tuple(Species)
KNOWN_SPECIES: tuple[Species, ...] = tuple(species for species in CLASSES if species is not Species.UNKNOWN)

_ICONS: Mapping[Species, str] = {
    Species.KANGAROO: "🦘",
    Species.ELEPHANT: "🐘",
    Species.CHICKEN: "🐔",
    Species.DOG: "🐕",
    Species.UNKNOWN: "❓",
}
UNKNOWN_COLOUR = "#8a8d94"
# In the order of the species; a species beyond the last colour gets the first one again.
_COLOURS = ("#d1622b", "#4a7fd4", "#b98a00", "#0f9d8a", "#a565c9", "#c9527f", "#6f8f2f", "#8a6d4f")


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

    # A title is a heading, for a count a plural; a description is one sentence and names the unit in words.
    # The bounds are generous on purpose: the tallest living animal is under 6 m and the heaviest under 200 t, so only
    # slips of the keyboard or of the unit are refused.
    walks_on_n_legs: Annotated[int, Field(title="Legs", description="Legs it walks on.", ge=0, le=8), JSON_INTEGER]
    height: Annotated[
        float,
        Field(title="Height", description="Height in metres.", gt=0, le=30.0, json_schema_extra={_UNIT: "m"}),
    ]
    weight: Annotated[
        float,
        Field(title="Weight", description="Weight in kilograms.", gt=0, le=200_000.0, json_schema_extra={_UNIT: "kg"}),
    ]
    has_wings: Annotated[bool, Field(title="Wings", description="Has wings.")]
    has_tail: Annotated[bool, Field(title="Tail", description="Has a tail.")]


class Kind(StrEnum):
    """What a feature's values are: whole numbers, real numbers with a unit, or booleans."""

    COUNT = "count"
    MEASURE = "measure"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature as forms, tables, charts and readers need it; derived from the field of `Animal` with its name."""

    name: str
    kind: Kind
    label: str
    """As a heading: Height."""
    description: str
    """As a label with its unit in words: Height in metres."""
    unit: str
    """Symbol of the unit: m. Empty for counts and flags."""
    minimum: float
    minimum_is_exclusive: bool
    maximum: float
    """The largest value allowed; 1 for a flag."""

    @property
    def heading(self) -> str:
        """The label with the unit's symbol: Height (m)."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


def _feature(name: str, field: "FieldInfo") -> Feature:
    kinds: dict[type | None, Kind] = {int: Kind.COUNT, float: Kind.MEASURE, bool: Kind.FLAG}
    kind = kinds[field.annotation]
    minimum, is_exclusive, maximum = (0.0, False, 1.0) if kind is Kind.FLAG else (-math.inf, False, math.inf)
    for bound in field.metadata:
        match bound:
            case Ge(ge=float() | int() as value):
                minimum = float(value)
            case Gt(gt=float() | int() as value):
                minimum, is_exclusive = float(value), True
            case Le(le=float() | int() as value):
                maximum = float(value)
    extra = field.json_schema_extra
    return Feature(
        name=name,
        kind=kind,
        label=field.title or name,
        description=(field.description or name).removesuffix("."),
        unit=str(extra.get(_UNIT, "")) if isinstance(extra, dict) else "",
        minimum=minimum,
        minimum_is_exclusive=is_exclusive,
        maximum=maximum,
    )


def describe_features(model: type[BaseModel]) -> tuple[Feature, ...]:
    """Return the features that the fields of a model describe, in their order."""
    return tuple(_feature(name, field) for name, field in model.model_fields.items())


FEATURES: tuple[str, ...] = tuple(Animal.model_fields)
FEATURE_DETAILS: tuple[Feature, ...] = describe_features(Animal)
"""One for each of `FEATURES`, in their order."""
MEASURE_COLUMNS: tuple[int, ...] = tuple(i for i, each in enumerate(FEATURE_DETAILS) if each.kind is Kind.MEASURE)
"""Places of the measures among `FEATURES`."""
DISCRETE_COLUMNS: tuple[int, ...] = tuple(i for i in range(len(FEATURES)) if i not in MEASURE_COLUMNS)
"""Places of the counts and flags among `FEATURES`."""

EXAMPLES: Mapping[Species, Animal] = {
    Species.KANGAROO: Animal(walks_on_n_legs=2, height=1.75, weight=62.0, has_wings=False, has_tail=True),
    Species.ELEPHANT: Animal(walks_on_n_legs=4, height=3.1, weight=5200.0, has_wings=False, has_tail=True),
    Species.CHICKEN: Animal(walks_on_n_legs=2, height=0.4, weight=2.4, has_wings=True, has_tail=True),
    Species.DOG: Animal(walks_on_n_legs=4, height=0.5, weight=25.0, has_wings=False, has_tail=True),
    Species.UNKNOWN: Animal(walks_on_n_legs=5, height=6.2, weight=340.0, has_wings=True, has_tail=False),
}
"""An ordinary animal of each species, for documentation, templates and first requests; training must not use them."""

_FLAGS = tuple(feature.name for feature in FEATURE_DETAILS if feature.kind is Kind.FLAG)
_values = attrgetter(*FEATURES)


def feature_matrix(animals: Iterable[Animal]) -> "NDArray[np.float32]":
    """Return the animals as float32 of shape (n, features), columns in the order of `FEATURES`."""
    import numpy as np

    return np.array([_values(animal) for animal in animals], dtype=np.float32).reshape(-1, len(FEATURES))


def animal_of(row: Sequence[float]) -> Animal:
    """Return the animal of one row of a feature matrix; raise ValidationError if a value is not one of its feature."""
    values = dict(zip(FEATURES, row, strict=True))
    # Of a count, the field itself takes a number without a fraction.
    flags = {name: bool(values[name]) for name in _FLAGS if values[name] in (0, 1)}
    return Animal.model_validate(values | flags)
