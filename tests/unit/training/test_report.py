"""The report: one HTML page with all figures of the manifest, which loads nothing."""

import re
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from menagerie.animal import CLASSES
from menagerie.manifest import CalibrationBin, ModelManifest
from tests.model.worlds import WORLDS, as_received, draw
from tests.samples import NOON, published_model
from training.pipeline import TrainedModel, train
from training.report.page import NONE, render_report
from training.report.plots import Plot, coverage_plot, reliability_plot, size_plot, wilson_interval
from training.rows import Origin

SVG = "{http://www.w3.org/2000/svg}"
BINS = (
    CalibrationBin(lower=0.5, upper=0.7, rows=4, confidence=0.6, accuracy=0.5),
    CalibrationBin(lower=0.999, upper=1, rows=1200, confidence=0.9999, accuracy=1),
)


class Outline(HTMLParser):
    """Collects headings and images, and checks that elements other than table cells are closed."""

    IMPLICIT = frozenset({"meta", "img", "td", "th", "dd", "dt"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.images: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.images.append(dict(attrs))
        if tag not in self.IMPLICIT:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.IMPLICIT:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)


@pytest.fixture(scope="module")
def noisy() -> TrainedModel:
    """A model with errors, from more rows than are drawn."""
    rows = draw(WORLDS["30 % noise"], 9000, 0)[0]
    return train(as_received(rows), source=Origin("dataset", key="<animals> & more.csv"), created_at=NOON)


@pytest.fixture(scope="module")
def page(noisy: TrainedModel) -> str:
    return render_report(noisy.manifest, noisy.rows)


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    outline = Outline()
    outline.feed(page)
    return outline


def drawing(plot: Plot) -> ET.Element:
    return ET.fromstring(b64decode(plot.url.removeprefix("data:image/svg+xml;base64,")))


def words(plot: Plot) -> set[str]:
    return {(element.text or "").strip() for element in drawing(plot).iter(f"{SVG}text")}


def test_the_page_has_its_sections_in_order(outline: Outline) -> None:
    assert outline.open == []
    assert outline.headings[0].startswith("Model 2026")
    assert outline.headings[1:] == [
        "Labels",
        "Errors",
        "Calibration",
        "Prediction sets",
        "Checks against zoology",
        "ONNX file",
        "Provenance",
        "Definitions",
    ]


def test_the_page_loads_nothing(page: str, outline: Outline) -> None:
    assert not re.search(r"https?:|href=|url\(|@import|<script", page)
    assert all((image["src"] or "").startswith("data:image/svg+xml;base64,") for image in outline.images)
    assert len(page.encode()) < 300_000


def test_each_plot_has_a_text_alternative(outline: Outline) -> None:
    assert len(outline.images) == 3
    assert all(len(image["alt"] or "") > 30 for image in outline.images)


def test_the_page_and_its_plots_have_a_dark_mode(page: str, noisy: TrainedModel) -> None:
    plot = size_plot(noisy.rows.matrix, noisy.rows.labels)
    assert "prefers-color-scheme: dark" in page
    assert "prefers-color-scheme: dark" in "".join(drawing(plot).itertext())


def test_the_figures_of_the_manifest_are_on_the_page(page: str, noisy: TrainedModel) -> None:
    manifest = noisy.manifest
    for figure in (
        f"{manifest.metrics.accuracy:.5f}",
        f"{manifest.metrics.onnx_rows_compared:,}",
        f"{manifest.metrics.threshold_reached:.1%}",
        manifest.sha256,
        manifest.libraries["onnxruntime"],
        manifest.zoology[0].statement,
    ):
        assert figure in page


def test_text_of_others_is_escaped(page: str) -> None:
    assert "&lt;animals&gt; &amp; more.csv" in page
    assert "<animals>" not in page


def test_an_older_manifest_without_some_figures_has_a_report(noisy: TrainedModel) -> None:
    old: ModelManifest = published_model()[0]
    assert old.metrics.brier_score is None
    assert f"<b>{NONE}</b>calibration error" in render_report(old, noisy.rows)


def test_a_label_without_rows_has_no_sizes(noisy: TrainedModel) -> None:
    known = noisy.rows.select(noisy.rows.labels != CLASSES.index("unknown"))
    assert f'0.0%<td class="number">{NONE}' in render_report(noisy.manifest, known)


def test_a_check_that_does_not_hold_is_marked(page: str, noisy: TrainedModel) -> None:
    first, *rest = noisy.manifest.zoology
    failed = noisy.manifest.model_copy(update={"zoology": (first.model_copy(update={"holds": False}), *rest)})
    assert '<span class="bad">does not hold</span>' in render_report(failed, noisy.rows)
    assert "does not hold" not in page


def test_the_same_model_gives_the_same_page(page: str, noisy: TrainedModel) -> None:
    assert render_report(noisy.manifest, replace(noisy.rows)) == page


def test_the_size_plot_names_classes_with_axes(noisy: TrainedModel) -> None:
    shown = words(size_plot(noisy.rows.matrix, noisy.rows.labels))
    assert {*CLASSES, "Height (m)", "Weight (kg)", "0.1", "10"} <= shown


def test_the_reliability_plot_describes_each_bin() -> None:
    plot = reliability_plot(BINS)
    assert "confidence 0.600, accuracy 0.500; confidence 1.000, accuracy 1.000" in plot.alt
    assert {"mean confidence", "accuracy"} <= words(plot)


def test_the_coverage_plot_names_the_measured_classes_with_the_target(noisy: TrainedModel) -> None:
    metrics = noisy.manifest.metrics
    without_dogs = {name: scores for name, scores in metrics.per_class.items() if name != "dog"}
    plot = coverage_plot(metrics.model_copy(update={"per_class": without_dogs}), 0.95)
    assert {"kangaroo", "elephant", "chicken", "unknown"} <= words(plot)
    assert "dog" not in words(plot)
    assert "target 0.95: kangaroo 0.9" in plot.alt


@pytest.mark.parametrize(("share", "rows", "expected"), [(0.5, 10, (0.2366, 0.7634)), (1.0, 10, (0.7225, 1.0))])
def test_few_rows_have_a_wide_interval(share: float, rows: int, expected: tuple[float, float]) -> None:
    assert wilson_interval(share, rows) == pytest.approx(expected, abs=1e-3)
