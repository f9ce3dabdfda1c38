"""One colour for each species, and one that can be seen."""

import itertools

import pytest

from frontend.species import COLOURS, species_named

# Streamlit's own backgrounds, light and dark.
BACKGROUNDS = ("#ffffff", "#171614")


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("name", COLOURS)
def test_a_colour_stands_out_in_light_and_in_dark(name: str, background: str) -> None:
    lighter, darker = sorted((luminance(COLOURS[name]), luminance(background)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3


def test_no_two_species_share_a_colour() -> None:
    assert all(one != other for one, other in itertools.combinations(COLOURS.values(), 2))


def test_a_species_not_known_here_is_shown_in_the_colour_of_unknown() -> None:
    zebra = species_named("zebra")
    assert (zebra.label, zebra.phrase, zebra.colour) == ("Zebra", "a zebra", COLOURS["unknown"])
