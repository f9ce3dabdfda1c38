"""The report: everything a reader needs is on one page, and the page needs nothing else."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from menagerie.animal import CLASSES
from menagerie.manifest import CalibrationBin, ModelManifest
from tests.model.worlds import WORLDS, as_received, draw
from tests.samples import NOON, published_model
from training.pipeline import TrainedModel, train
from training.report import plots, tables
from training.report.axes import HEIGHT, LEFT, WIDTH, Axis
from training.report.page import page
from training.rows.labelled_rows import LabelledRows
from training.rows.validation import Origin

BINS = (
    CalibrationBin(lower=0.5, upper=0.7, rows=4, confidence=0.6, accuracy=0.5),
    CalibrationBin(lower=0.999, upper=1, rows=1200, confidence=0.9999, accuracy=1),
)


class Outline(HTMLParser):
    """Notes headings, and whether every element that was opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)


@pytest.fixture(scope="module")
def noisy() -> TrainedModel:
    """A model that is not always right, of enough rows that not all can be drawn."""
    rows = draw(WORLDS["30 % noise"], 9000, 0)[0]
    return train(as_received(rows), source=Origin("dataset", key="<animals> & more.csv"), created_at=NOON)


@pytest.fixture(scope="module")
def written(noisy: TrainedModel) -> str:
    return page(noisy.manifest, noisy.rows)


def test_the_page_is_whole_and_in_order(written: str) -> None:
    outline = Outline()
    outline.feed(written)
    assert outline.open == []
    assert outline.headings == [
        outline.headings[0],
        "The labels found",
        "Right and wrong",
        "Does confidence mean what it says?",
        "Prediction sets",
        "Checks against zoology",
        "The file",
        "Where it comes from",
        "What the figures are",
    ]
    assert outline.headings[0].startswith("Model 2026")


def test_the_page_loads_nothing_and_is_small(written: str) -> None:
    assert not re.search(r"https?:|src=|href=|url\(|@import|<script", written)
    assert len(written.encode()) < 300_000
    assert "prefers-color-scheme: dark" in written


def test_the_figures_of_the_manifest_are_on_the_page(written: str, noisy: TrainedModel) -> None:
    manifest = noisy.manifest
    for figure in (
        f"{manifest.metrics.accuracy:.5f}",
        f"{manifest.metrics.onnx_rows_compared:,}",
        f"{manifest.metrics.threshold_reached:.1%}",
        manifest.sha256,
        manifest.libraries["onnxruntime"],
        manifest.zoology[0].statement,
    ):
        assert figure in written


def test_what_others_wrote_is_text_and_no_markup(written: str) -> None:
    assert "&lt;animals&gt; &amp; more.csv" in written
    assert "<animals>" not in written


def test_a_manifest_from_before_there_were_these_figures_has_a_report(noisy: TrainedModel) -> None:
    old: ModelManifest = published_model()[0]
    assert old.metrics.brier_score is None
    assert f"<b>{tables.NONE}</b>calibration error" in page(old, noisy.rows)


@pytest.mark.parametrize("name", CLASSES)
def test_of_each_label_a_limited_number_is_drawn_and_outliers_are_crosses(name: str, noisy: TrainedModel) -> None:
    rows = noisy.rows
    drawing = ET.fromstring(plots.height_against_weight(rows.matrix, rows.labels))
    (path,) = (each for each in drawing.iter("path") if name in (each.get("class") or ""))
    labelled = int((rows.labels == CLASSES.index(name)).sum())
    assert (path.get("d") or "").count("M") == min(labelled, plots.DRAWN_OF_EACH_LABEL)
    assert ("l6 6" in (path.get("d") or "")) == (name == "unknown") == (path.get("class") == "cross unknown")


def test_every_mark_lies_on_the_drawing(noisy: TrainedModel) -> None:
    rows = noisy.rows
    drawing = ET.fromstring(plots.height_against_weight(rows.matrix, rows.labels))
    places = [
        place for path in drawing.iter("path") for place in re.findall(r"M([\d.]+) ([\d.]+)", path.get("d") or "")
    ]
    assert all(LEFT <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT for x, y in places)


def test_a_label_that_no_row_got_has_no_sizes(noisy: TrainedModel) -> None:
    known: LabelledRows = noisy.rows.select(noisy.rows.labels != CLASSES.index("unknown"))
    assert f'0.0%</td><td class="number">{tables.NONE}' in tables.labels_found(known.matrix, known.labels)


def test_a_reliability_plot_has_a_mark_for_each_bin_and_a_whisker_that_holds_it() -> None:
    drawing = ET.fromstring(plots.reliability(BINS))
    marks = [float(each.get("cy") or 0) for each in drawing.iter("circle")]
    whiskers = [each.get("d") or "" for each in drawing.iter("path") if each.get("class") == "range"]
    ends = [tuple(map(float, re.findall(r"(?: |V)([\d.]+)", whisker))) for whisker in whiskers]
    assert marks[0] > marks[1]
    assert [low >= mark >= high for mark, (low, high) in zip(marks, ends, strict=True)] == [True, True]
    assert ends[0][0] - ends[0][1] > 10 * (ends[1][0] - ends[1][1])


def test_a_coverage_plot_names_the_classes_that_were_measured_and_what_was_wanted(noisy: TrainedModel) -> None:
    metrics = noisy.manifest.metrics
    without_dogs = {name: scores for name, scores in metrics.per_class.items() if name != "dog"}
    drawing = ET.fromstring(plots.coverage_by_class(metrics.model_copy(update={"per_class": without_dogs}), 0.95))
    words = [each.text for each in drawing.iter("text")]
    assert {"kangaroo", "elephant", "chicken", "unknown", "wanted: 0.95"} <= set(words)
    assert "dog" not in words


@pytest.mark.parametrize(("share", "rows", "expected"), [(0.5, 10, (0.2366, 0.7634)), (1.0, 10, (0.7225, 1.0))])
def test_few_rows_leave_a_wide_range(share: float, rows: int, expected: tuple[float, float]) -> None:
    assert plots.likely_range(share, rows) == pytest.approx(expected, abs=1e-3)


def test_an_axis_of_decades_holds_all_values() -> None:
    axis = Axis.of_decades("weight (kg)", np.array([0.04, 6900.0]))
    assert (axis.low, axis.high, len(axis.ticks)) == (0.01, 10_000, 7)
    assert axis.place([0.01, 10.0, 10_000.0]) == pytest.approx([0, 0.5, 1])


def test_a_check_that_does_not_hold_is_plain_to_see(noisy: TrainedModel) -> None:
    check = noisy.manifest.zoology[0].model_copy(update={"holds": False})
    assert "does not hold" in tables.zoology([check])
    assert "does not hold" not in tables.zoology([check.model_copy(update={"holds": True})])


def test_the_page_is_the_same_for_the_same_model(written: str, noisy: TrainedModel) -> None:
    assert page(noisy.manifest, replace(noisy.rows)) == written
