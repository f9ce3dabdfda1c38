"""Compare `menagerie predict` on a million rows with a script of pyarrow and onnxruntime."""

import csv
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.comparison import Comparison, Figure, interleave, write_report
from benchmarks.subject import animals, trained_model
from training.model_folder import write

ROWS = 1_000_000
RUNS = 3

_RIVAL = """
import os, sys
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import numpy, onnxruntime, pyarrow
from pyarrow import csv
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1] + "/model.onnx", options, providers=["CPUExecutionProvider"])
rows = csv.read_csv(sys.argv[2])
numbers = [rows[name].cast("uint8" if "has" in name else "float64") for name in rows.column_names]
matrix = numpy.column_stack([column.to_numpy() for column in numbers]).astype("float32")
parts = [session.run(None, {"animals": matrix[i : i + 4096]})[0] for i in range(0, len(matrix), 4096)]
probabilities = numpy.concatenate(parts)
for place in range(5):
    rows = rows.append_column(f"probability_{place}", pyarrow.array(numpy.ascontiguousarray(probabilities[:, place])))
csv.write_csv(rows, sys.argv[3])
"""


def main() -> None:
    """Write the file, then measure both in alternation."""
    with tempfile.TemporaryDirectory() as folder:
        source, model = Path(folder, "animals.csv"), Path(folder, "model")
        rows = animals(ROWS)
        with source.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        trained = trained_model()
        write(model, trained.onnx, trained.manifest)
        output = str(Path(folder, "answers.csv"))
        ours = [sys.executable, "-m", "cloud.cli", "predict", "--model", str(model), str(source), "--output", output]
        rival = [sys.executable, "-c", _RIVAL, str(model), str(source), output]
        times = interleave(RUNS, lambda: subprocess.run(ours, check=True), lambda: subprocess.run(rival, check=True))
    mine, theirs = ([each / 1000 for each in taken] for taken in times)
    write_report(
        "bulk_scoring",
        [
            Comparison(
                f"menagerie predict, {ROWS:,} rows",
                "pyarrow, onnxruntime, pyarrow",
                "s",
                Figure.of(mine),
                Figure.of(theirs),
                target=1.5,
            )
        ],
    )


if __name__ == "__main__":
    main()
