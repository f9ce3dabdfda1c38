"""How a species is shown by its name: one label, one icon and one colour each, on every page and in every chart."""

from dataclasses import dataclass

from menagerie import animal
from menagerie.animal import Animal

UNKNOWN = animal.Species.UNKNOWN.value


@dataclass(frozen=True, slots=True)
class Species:
    """How a species is shown."""

    name: str
    """As the API writes it."""
    phrase: str
    """With its article, for use in a sentence."""
    icon: str
    colour: str

    @property
    def label(self) -> str:
        """The name as a heading."""
        return self.name.capitalize()

    @property
    def title(self) -> str:
        """Icon and heading."""
        return f"{self.icon} {self.label}"


SPECIES: dict[str, Species] = {
    each.value: Species(each.value, each.phrase, each.icon, each.colour) for each in animal.CLASSES
}
COLOURS = {species.name: species.colour for species in SPECIES.values()}


def species_named(name: str) -> Species:
    """Return how to show a species, also one that a newer API has and this dashboard does not."""
    return SPECIES.get(name) or Species(name, f"a {name}", animal.DEFAULT_ICON, animal.UNKNOWN_COLOUR)


EXAMPLES: dict[str, Animal] = {species.value: example for species, example in animal.EXAMPLES.items()}
