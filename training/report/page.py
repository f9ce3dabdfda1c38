"""The report of one training as a page of HTML: no script, no address of others, readable in light and in dark."""

from collections.abc import Iterator
from html import escape
from importlib.resources import files

from menagerie.manifest import ModelManifest
from training.report import plots, tables
from training.rows.labelled_rows import LabelledRows

REPORT_FILE = "report.html"


def page(manifest: ModelManifest, rows: LabelledRows) -> str:
    """Return the page for a model and all rows that it was made from."""
    style = files("training.report").joinpath("report.css").read_text(encoding="utf-8")
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Model {manifest.version}</title><style>{style}</style></head><body>",
            *_opening(manifest),
            *_labels(rows),
            *_mistakes(manifest),
            *_confidence(manifest),
            *_checks(manifest),
            *_provenance(manifest),
            "</body></html>\n",
        ]
    )


def _opening(manifest: ModelManifest) -> Iterator[str]:
    metrics, training = manifest.metrics, manifest.training
    source = {"data-service": f"the data service {training.url}, seed {training.seed}", "feedback": "feedback"}
    came_from = escape(source.get(training.kind, f"the file {training.key}"))
    yield f"<h1>Model {manifest.version}</h1>"
    yield (
        "<p>It tells kangaroos, elephants, chickens and dogs by their legs, height, weight, wings and tail, and says "
        f"<em>unknown</em> to what is none of them. It was made from {training.rows:,} rows of {came_from}, "
        "which do not say what they are.</p>"
    )
    tiles = {
        "accuracy": f"{metrics.accuracy:.5f}",
        "log loss, nats": f"{metrics.log_loss:.2g}",
        "calibration error": _figure(metrics.expected_calibration_error, ".2g"),
        "threshold reached": _figure(metrics.threshold_reached, ".1%"),
        "answered unknown": _figure(metrics.share_unknown, ".1%"),
        "rows refused": _figure(training.share_refused, ".2%"),
        "bytes of ONNX": f"{manifest.size:,}",
    }
    yield '<div class="tiles">'
    yield from (f"<div><b>{value}</b>{name}</div>" for name, value in tiles.items())
    yield "</div>"
    yield (
        f'<p class="faint">Measured on {metrics.rows:,} held-out rows, which the classifier was not fitted on, against '
        "the labels that training itself gave them: nobody told it the truth. Rows refused were no valid animals.</p>"
    )


def _labels(rows: LabelledRows) -> Iterator[str]:
    yield "<h2>The labels found</h2>"
    yield (
        "<p>Rows of one body plan that crowd together in height and weight are a species. Rows spread thin, and "
        "rows of any other plan, are unknown, drawn as crosses.</p>"
    )
    yield f"<figure>{plots.height_against_weight(rows.matrix, rows.labels)}"
    yield f"<figcaption>Of each label, at most {plots.DRAWN_OF_EACH_LABEL:,} rows are drawn.</figcaption></figure>"
    yield tables.labels_found(rows.matrix, rows.labels)


def _mistakes(manifest: ModelManifest) -> Iterator[str]:
    yield "<h2>Right and wrong</h2>"
    yield "<p>Held-out rows by their label and by the answer of the model.</p>"
    yield tables.confusion_matrix(manifest.metrics)
    yield "<p></p>"
    yield tables.by_class(manifest.metrics)


def _confidence(manifest: ModelManifest) -> Iterator[str]:
    metrics, target = manifest.metrics, manifest.thresholds.target_coverage
    yield "<h2>Does confidence mean what it says?</h2>"
    yield (
        "<p>Of the answers given with a confidence of 90 %, nine in ten should be right: the marks should lie on the "
        "broken line. Whiskers are what chance allows (95 %).</p>"
    )
    yield f"<figure>{plots.reliability(metrics.calibration)}</figure>"
    yield tables.calibration(metrics.calibration)
    yield "<h2>Prediction sets</h2>"
    yield (
        f"<p>Split conformal prediction sets a threshold for each class that {target:.0%} of fresh rows of the class "
        "are to reach. A set holds the classes that reach theirs, and always the most probable one, so that it holds "
        f"the label even more often: for {metrics.coverage:.1%} of the rows, with {metrics.mean_set_size:.3f} classes "
        "in a set.</p>"
    )
    yield f"<figure>{plots.coverage_by_class(metrics, target)}</figure>"


def _checks(manifest: ModelManifest) -> Iterator[str]:
    metrics = manifest.metrics
    yield "<h2>Checks against zoology</h2>"
    yield tables.zoology(manifest.zoology)
    yield "<h2>The file</h2>"
    yield (
        f"<p>ONNX and scikit-learn were compared on {metrics.onnx_rows_compared:,} rows, borders of the species "
        f"included: the largest difference of a probability is {metrics.onnx_max_difference:.2g}. "
        f"{len(manifest.canaries)} canary rows with their answers are verified whenever the model is loaded.</p>"
    )


def _provenance(manifest: ModelManifest) -> Iterator[str]:
    yield "<h2>Where it comes from</h2>"
    yield tables.facts(
        {
            "version": manifest.version,
            "parent": manifest.parent,
            "made": f"{manifest.created_at:%Y-%m-%d %H:%M:%S} UTC",
            "promotion": manifest.reason,
            "classifier": manifest.algorithm,
            "random seed": manifest.random_seed,
            "SHA-256": manifest.sha256,
            **manifest.libraries,
        }
    )
    yield "<h2>What the figures are</h2>"
    yield tables.facts(manifest.metrics.definitions)


def _figure(value: float | None, form: str) -> str:
    return tables.NONE if value is None else format(value, form)
