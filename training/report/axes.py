"""Axes of a plot in SVG: where a value goes, and the lines and numbers that say so."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 48


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a plot, from its lowest to its highest value; logarithmic ones are above zero."""

    title: str
    low: float
    high: float
    ticks: Sequence[float]
    logarithmic: bool = False

    @classmethod
    def of_decades(cls, title: str, values: NDArray[np.floating]) -> "Axis":
        """Return a logarithmic axis that holds all values, shape (n,), n ≥ 1, with a tick at every power of ten."""
        low, high = math.floor(math.log10(values.min())), math.ceil(math.log10(values.max()))
        high = max(high, low + 1)
        return cls(title, 10.0**low, 10.0**high, [10.0**power for power in range(low, high + 1)], logarithmic=True)

    def place(self, values: NDArray[np.floating] | Sequence[float] | float) -> NDArray[np.float64]:
        """Return how far along the axis values lie, 0 to 1."""
        low, high, at = self.low, self.high, np.asarray(values, dtype=np.float64)
        if self.logarithmic:
            low, high, at = math.log10(low), math.log10(high), np.log10(at)
        return np.asarray((at - low) / (high - low))


@dataclass(frozen=True, slots=True)
class Plane:
    """Two axes, and pixels between them."""

    across: Axis
    upwards: Axis

    def x(self, values: NDArray[np.floating] | Sequence[float] | float) -> NDArray[np.float64]:
        """Return pixels from the left."""
        return LEFT + (WIDTH - LEFT - RIGHT) * self.across.place(values)

    def y(self, values: NDArray[np.floating] | Sequence[float] | float) -> NDArray[np.float64]:
        """Return pixels from the top."""
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * self.upwards.place(values)

    def drawing(self, description: str, marks: Sequence[str]) -> str:
        """Return the whole plot: axes with their titles, then the marks; `description` is for those who cannot see."""
        middle = (TOP + HEIGHT - BOTTOM) / 2
        return "\n".join(
            [
                f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(description)}">',
                *(self._vertical(tick) for tick in self.across.ticks),
                *(self._horizontal(tick) for tick in self.upwards.ticks),
                text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, self.across.title),
                text(14, middle, self.upwards.title, f'transform="rotate(-90 14 {middle:.0f})"'),
                *marks,
                "</svg>",
            ]
        )

    def _vertical(self, tick: float) -> str:
        x = float(self.x(tick))
        line = f'<path class="grid" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
        return line + text(x, HEIGHT - BOTTOM + 16, f"{tick:g}")

    def _horizontal(self, tick: float) -> str:
        y = float(self.y(tick))
        line = f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        return line + text(LEFT - 8, y + 4, f"{tick:g}", 'class="end"')


def text(x: float, y: float, words: str, attributes: str = "") -> str:
    """Return words at a place; `attributes` are SVG."""
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(words)}</text>'
