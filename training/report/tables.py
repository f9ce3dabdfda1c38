"""The tables of the report, as HTML."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from menagerie.animal import CLASSES, Species
from menagerie.manifest import CalibrationBin, Metrics, ZoologyCheck

NONE = "-"


def labels_found(rows: NDArray[np.float32], labels: NDArray[np.int64]) -> str:
    """Return how many rows of shape (n, 5) got which label, and where nine tenths of their sizes lie."""
    lines = []
    for index, species in enumerate(CLASSES):
        own = rows[labels == index]
        sizes = [_middle(own[:, 1], "m"), _middle(own[:, 2], "kg")] if len(own) else [NONE, NONE]
        lines.append([key(species), f"{len(own):,}", f"{len(own) / len(rows):.1%}", *sizes])
    return table(["label", "rows", "share", "height, 5 % to 95 %", "weight, 5 % to 95 %"], lines)


def confusion_matrix(metrics: Metrics) -> str:
    """Return the confusion matrix: a line for each label, a column for each answer, mistakes in red."""
    lines = []
    for label, (species, counts) in enumerate(zip(CLASSES, metrics.confusion_matrix, strict=True)):
        cells = [
            f'<span class="{"holds" if answer == label else "fails"}">{count:,}</span>' if count else NONE
            for answer, count in enumerate(counts)
        ]
        lines.append([key(species), *cells])
    return table(["label ↓ answer →", *CLASSES], lines, "confusion")


def by_class(metrics: Metrics) -> str:
    """Return precision, recall, F1, support and coverage of every class."""
    lines = [
        [
            key(species),
            *(f"{value:.4f}" for value in (scores.precision, scores.recall, scores.f1)),
            f"{scores.support:,}",
            *(NONE if value is None else f"{value:.4f}" for value in (scores.threshold_reached, scores.coverage)),
        ]
        for species, scores in metrics.per_class.items()
    ]
    return table(["class", "precision", "recall", "F1", "rows", "threshold reached", "label in the set"], lines)


def calibration(bins: Sequence[CalibrationBin]) -> str:
    """Return confidence against accuracy, bin by bin."""
    lines = [
        [f"{each.lower:g} to {each.upper:g}", f"{each.rows:,}", f"{each.confidence:.5f}", f"{each.accuracy:.5f}"]
        for each in bins
    ]
    return table(["confidence", "rows", "mean confidence", "right"], lines)


def zoology(checks: Iterable[ZoologyCheck]) -> str:
    """Return every check with what was seen."""
    lines = [
        [
            '<span class="holds">holds</span>' if check.holds else '<span class="fails">does not hold</span>',
            escape(check.statement),
            escape(check.seen),
        ]
        for check in checks
    ]
    return table(["", "what is known", "what was seen"], lines, numbers=False)


def facts(named: Mapping[str, object]) -> str:
    """Return names with what they stand for; what is None is left out."""
    told = ((name, value) for name, value in named.items() if value is not None)
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in told) + "</dl>"


def table(head: Sequence[str], lines: Iterable[Sequence[str]], style: str = "", *, numbers: bool = True) -> str:
    """Return a table whose cells are HTML already; with `numbers`, all columns but the first stand to the right."""

    def row(cells: Sequence[str], tag: str) -> str:
        right = ["", *[' class="number"' if numbers else ""] * (len(cells) - 1)]
        return f"<tr>{''.join(f'<{tag}{at}>{cell}</{tag}>' for at, cell in zip(right, cells, strict=True))}</tr>"

    body = "".join(row(line, "td") for line in lines)
    return f'<div class="wide"><table class="{style}">{row(head, "th")}{body}</table></div>'


def key(species: Species) -> str:
    """Return the name of a class after the mark it has in the plots."""
    return f'<i class="{species}"></i>{species}'


def _middle(values: NDArray[np.float32], unit: str) -> str:
    low, high = np.quantile(values, [0.05, 0.95]).tolist()
    return f"{_three_digits(low)} to {_three_digits(high)} {unit}"


def _three_digits(value: float) -> str:
    return f"{float(f'{value:.3g}'):,g}"
