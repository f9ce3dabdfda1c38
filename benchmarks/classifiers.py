"""Compare the classifier with those of scikit-learn on the same labels: accuracy, size, time to load, time per row.

`python -m benchmarks.classifiers` takes two minutes; docs/decisions quotes it.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime as ort
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer, StandardScaler

from menagerie.animal import DISCRETE_COLUMNS
from tests.model.worlds import UNKNOWN, Sample, official
from training.labelling.label import label
from training.model.flat_top import FlatTopNaiveBayes
from training.model.onnx_export import export

ROWS = (500, 1000, 5000)
TEST = (100_000, 2_000_000)
SINGLE_ROWS = 1000

CANDIDATES: dict[str, Callable[[], Any]] = {
    "flat-top naive Bayes": lambda: FlatTopNaiveBayes(counts=DISCRETE_COLUMNS, background=UNKNOWN),
    "Gaussian naive Bayes": lambda: make_pipeline(StandardScaler(), GaussianNB(var_smoothing=1e-4)),
    "quadratic discriminant": lambda: make_pipeline(StandardScaler(), QuadraticDiscriminantAnalysis(reg_param=1e-3)),
    "random forest": lambda: RandomForestClassifier(100, random_state=0),
    "extra trees": lambda: ExtraTreesClassifier(100, random_state=0),
    "gradient boosting": lambda: HistGradientBoostingClassifier(random_state=0),
    "neural network": lambda: make_pipeline(PowerTransformer(), MLPClassifier((32, 32), max_iter=400, random_state=0)),
}


@dataclass
class Figures:
    """Results of one candidate with one number of rows, over all seeds."""

    accuracy: list[float] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    load_ms: list[float] = field(default_factory=list)
    row_us: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the medians as text."""
        accuracy = f"{np.median(self.accuracy):.5f}  {min(self.accuracy):.5f} "
        if not self.size:
            return accuracy + "  cannot be exported"
        return accuracy + (
            f"{np.median(self.size):>9,.0f} {np.median(self.load_ms):8.1f} {np.median(self.row_us):7.1f}"
        )


def measure(make: Callable[[], Any], rows: int, seeds: int, test: Sample) -> Figures:
    """Fit a candidate for each seed to the labels of the training, and run its ONNX model."""
    figures = Figures()
    test_rows, truth = test
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    for seed in range(seeds):
        matrix, _ = official(rows, seed)
        fitted = make().fit(matrix, label(matrix))
        onnx = _onnx(fitted)
        if onnx is None:
            figures.accuracy.append(float((fitted.predict(test_rows) == truth).mean()))
            continue
        started = time.perf_counter()
        session = ort.InferenceSession(onnx, options)
        figures.load_ms.append(1e3 * (time.perf_counter() - started))
        output = [session.get_outputs()[-1].name]
        (probabilities,) = session.run(output, {"animals": test_rows})
        figures.accuracy.append(float((probabilities.argmax(axis=1) == truth).mean()))
        figures.size.append(len(onnx))
        started = time.perf_counter()
        for _ in range(SINGLE_ROWS):
            session.run(output, {"animals": test_rows[:1]})
        figures.row_us.append(1e6 * (time.perf_counter() - started) / SINGLE_ROWS)
    return figures


def _onnx(fitted: Any) -> bytes | None:  # noqa: ANN401 - any scikit-learn classifier
    """Return the ONNX file, or None where skl2onnx fails: HistGradientBoosting with protobuf 7."""
    if isinstance(fitted, FlatTopNaiveBayes):
        return export(fitted)
    if isinstance(fitted, HistGradientBoostingClassifier):
        with suppress(ValueError):
            return _converted(fitted)
        return None
    return _converted(fitted)


def _converted(fitted: Any) -> bytes:  # noqa: ANN401 - any scikit-learn classifier
    model = to_onnx(
        fitted,
        initial_types=[("animals", FloatTensorType([None, 5]))],
        options={id(fitted): {"zipmap": False}},
        target_opset=17,
    )
    content: bytes = model.SerializeToString()
    return content


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds: int = parser.parse_args().seeds
    # A network that has not converged after 400 iterations is part of the comparison.
    warnings.simplefilter("ignore")
    test = official(*TEST)
    print(f"{'':<29} accuracy worst    {'bytes':>9} {'load ms':>8} {'µs a row':>8}")
    for rows in ROWS:
        for name, make in CANDIDATES.items():
            print(f"{name + f', n={rows}':<29} {measure(make, rows, seeds, test)}", flush=True)


if __name__ == "__main__":
    main()
