"""What training knows of animals before it sees a row: plain zoology in words, and nothing measured."""

from dataclasses import dataclass
from typing import Literal

from menagerie.animal import Species


@dataclass(frozen=True, slots=True)
class BodyPlan:
    """What can be counted on an animal; the species that share a plan are listed from the lightest to the heaviest."""

    legs: int
    wings: bool
    tail: bool
    species: tuple[Species, ...]

    def __str__(self) -> str:
        """Describe it, as in: two-legged, wingless, with a tail."""
        legs = {2: "two-legged", 4: "four-legged"}.get(self.legs, f"{self.legs}-legged")
        return f"{legs}, {'winged' if self.wings else 'wingless'}, {'with a tail' if self.tail else 'tailless'}"


# All four have a tail and only the bird has wings. Dog and elephant both walk on four legs, and no dog is
# heavier than an elephant.
BODY_PLANS: tuple[BodyPlan, ...] = (
    BodyPlan(legs=2, wings=False, tail=True, species=(Species.KANGAROO,)),
    BodyPlan(legs=2, wings=True, tail=True, species=(Species.CHICKEN,)),
    BodyPlan(legs=4, wings=False, tail=True, species=(Species.DOG, Species.ELEPHANT)),
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which of two species is the greater one as a rule; labelling does not use it, it judges the finished model."""

    feature: Literal["height", "weight"]
    more: Species
    less: Species

    def __str__(self) -> str:
        """Say it, as in: the elephant is heavier than the dog."""
        return f"the {self.more} is {'heavier' if self.feature == 'weight' else 'taller'} than the {self.less}"


# The elephant is the heaviest of the four, the chicken the lightest; a kangaroo stands upright.
SIZES: tuple[Comparison, ...] = (
    Comparison("weight", Species.ELEPHANT, Species.KANGAROO),
    Comparison("weight", Species.ELEPHANT, Species.DOG),
    Comparison("weight", Species.KANGAROO, Species.CHICKEN),
    Comparison("weight", Species.DOG, Species.CHICKEN),
    Comparison("height", Species.ELEPHANT, Species.DOG),
    Comparison("height", Species.KANGAROO, Species.CHICKEN),
)
