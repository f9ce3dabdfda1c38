"""Each species and each series has its own colour with enough contrast."""

import pytest

from frontend.charts.operations import ERRORS, SOURCES
from frontend.charts.predictions import ACCENT, BAD, MUTED
from menagerie.animal import Species

# Streamlit's own backgrounds, light and dark.
BACKGROUNDS = ("#ffffff", "#171614")


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize(
    "colour",
    sorted({ACCENT, BAD, MUTED, *SOURCES.values(), *ERRORS.values(), *(each.colour for each in Species)}),
)
def test_a_colour_has_enough_contrast_in_light_and_dark(colour: str, background: str) -> None:
    lighter, darker = sorted((luminance(colour), luminance(background)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3


def test_no_two_species_share_a_colour() -> None:
    assert len({species.colour for species in Species}) == len(Species)
