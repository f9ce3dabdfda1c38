"""Runs an ONNX file that has no manifest yet."""

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from menagerie.animal import CLASSES
from menagerie.classifier import INPUT_NAME, OUTPUT_NAME

ROWS_AT_ONCE = 65_536


class OnnxSession:
    """An opened ONNX file."""

    def __init__(self, onnx: bytes) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = ort.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return class probabilities of shape (n, 5) for feature rows of shape (n, 5)."""
        answered = np.empty((len(rows), len(CLASSES)), dtype=np.float32)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            piece = slice(start, start + ROWS_AT_ONCE)
            (answered[piece],) = self._session.run([OUTPUT_NAME], {INPUT_NAME: rows[piece]})
        return answered
