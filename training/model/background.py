"""The background density: where outliers were seen, and a little of it anywhere, so that nothing is ever certain."""

from dataclasses import dataclass

import numpy as np

from training.model.plateau import TINY, Floats, Plateau

# Of the background, this share is spread evenly over all that was seen, and all of it when hardly any was seen.
EVEN_SHARE = 0.02
ENOUGH_ROWS = 10


@dataclass(frozen=True, slots=True)
class Background:
    """A mixture of a plateau over the background rows and an even spread over the range of all rows."""

    plateau: Plateau | None
    log_even: float
    """Logarithm of the even density."""

    @classmethod
    def fit(cls, background: Floats, everything: Floats) -> "Background":
        """Fit to background rows of shape (m, d), m ≥ 0, among all rows of shape (n, d)."""
        spread = np.maximum(np.ptp(everything, axis=0), TINY)
        plateau = Plateau.fit(background) if len(background) >= ENOUGH_ROWS else None
        return cls(plateau, -float(np.log(spread).sum()))

    @property
    def log_shares(self) -> tuple[float, float]:
        """Logarithms of the shares of the plateau and of the even spread."""
        return (float(np.log1p(-EVEN_SHARE)), float(np.log(EVEN_SHARE))) if self.plateau else (-np.inf, 0.0)

    def log_density(self, values: Floats) -> Floats:
        """Return the logarithm of the density, shape (n,), at values of shape (n, d)."""
        even = np.full(len(values), self.log_shares[1] + self.log_even)
        if self.plateau is None:
            return even
        return np.asarray(np.logaddexp(self.log_shares[0] + self.plateau.log_density(values), even))
