"""The species an answer may name: one label, one icon and one colour each, used on every page and in every chart."""

from dataclasses import dataclass

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Species:
    """How a species is shown."""

    name: str
    """As the API writes it."""
    phrase: str
    """With its article, for use in a sentence."""
    icon: str
    colour: str
    """Hexadecimal; at least 3:1 against the light and the dark background, and told apart without red and green."""

    @property
    def label(self) -> str:
        """The name as a heading."""
        return self.name.capitalize()

    @property
    def title(self) -> str:
        """Icon and heading."""
        return f"{self.icon} {self.label}"


_SHOWN = (
    Species("kangaroo", "a kangaroo", "🦘", "#d1622b"),
    Species("elephant", "an elephant", "🐘", "#4a7fd4"),
    Species("chicken", "a chicken", "🐔", "#b98a00"),
    Species("dog", "a dog", "🐕", "#0f9d8a"),
    Species(UNKNOWN, "none of the four", "❓", "#8a8d94"),
)
SPECIES: dict[str, Species] = {species.name: species for species in _SHOWN}
KNOWN_SPECIES = tuple(name for name in SPECIES if name != UNKNOWN)
COLOURS = {species.name: species.colour for species in _SHOWN}


def species_named(name: str) -> Species:
    """Return how to show a species, also one that a later API knows and this page does not."""
    return SPECIES.get(name) or Species(name, f"a {name}", "🐾", COLOURS[UNKNOWN])
