"""Scoring by columns has the same output as scoring by rows, and leaves other files to it."""

import csv
from io import StringIO
from pathlib import Path

import pytest

from cloud.scoring import ROWS_AT_ONCE, SET_SEPARATOR, RowsNeeded, score_columns, score_rows
from menagerie.classifier import OnnxClassifier
from tests.model.worlds import as_received, official
from tests.samples import NOON, published_model
from training.pipeline import train
from training.rows import Origin

HEADER = "name,walks_on_n_legs,height,weight,has_wings,has_tail\n"
REX = "Rex,4,0.5,25,False,True\n"


@pytest.fixture(scope="module")
def classifier() -> OnnxClassifier:
    trained = train(as_received(official(1000, 42)[0]), source=Origin("dataset"), created_at=NOON)
    return OnnxClassifier.load(trained.onnx, trained.manifest)


@pytest.fixture(scope="module")
def doubtful() -> OnnxClassifier:
    """A forest that cannot tell much apart, so that most of its sets hold several species."""
    manifest, model = published_model()
    loose = dict.fromkeys(manifest.thresholds.minimum_probability, 0.02)
    thresholds = manifest.thresholds.model_copy(update={"minimum_probability": loose})
    return OnnxClassifier.load(model, manifest.model_copy(update={"thresholds": thresholds}))


def by_columns(file: Path, classifier: OnnxClassifier) -> list[list[str]]:
    output = file.with_suffix(".out")
    score_columns(file, classifier, output)
    return list(csv.reader(StringIO(output.read_text(encoding="utf-8"))))


def by_rows(file: Path, classifier: OnnxClassifier) -> list[list[str]]:
    text = StringIO()
    score_rows(file, classifier, text, lambda refusals: pytest.fail(str(refusals)), skip_invalid=False)
    text.seek(0)
    return list(csv.reader(text))


def assert_the_same(ours: list[list[str]], theirs: list[list[str]]) -> None:
    assert ours[0] == theirs[0]
    assert len(ours) == len(theirs)
    texts = len(ours[0]) - 6  # what follows are the prediction set, as text, and five numbers
    for mine, other in zip(ours[1:], theirs[1:], strict=True):
        assert mine[: texts - 1] == other[: texts - 1]
        assert mine[texts] == other[texts]
        numbers = [float(each) for each in (mine[texts - 1], *mine[texts + 1 :])]
        assert numbers == [float(each) for each in (other[texts - 1], *other[texts + 1 :])]


@pytest.mark.parametrize("which", ["classifier", "doubtful"])
def test_columns_and_rows_give_the_same_output(which: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    classifier: OnnxClassifier = request.getfixturevalue(which)
    file = tmp_path / "animals.csv"
    rows = official(2 * ROWS_AT_ONCE + 17, 3)[0].tolist()
    animals = [f"{int(legs)},{h!r},{w!r},{bool(wings)},{bool(tail)}" for legs, h, w, wings, tail in rows]
    lines = (f"animal {number},{animal}" for number, animal in enumerate(animals))
    file.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    ours = by_columns(file, classifier)
    assert_the_same(ours, by_rows(file, classifier))
    several = sum(SET_SEPARATOR in line[-6] for line in ours[1:])
    assert (several > len(rows) // 4) is (which == "doubtful")


@pytest.mark.parametrize(
    "content",
    [
        HEADER + REX.replace("False", "no").replace("True", "YES").replace("4,", "4.0,"),
        (HEADER + REX * 2).replace("\n", "\r\n"),
        "\ufeff" + HEADER + REX,
        HEADER + REX + "\n\n" + REX,
        HEADER + REX.strip(),
        HEADER + REX.replace("Rex", "") + REX.replace("Rex", "Größe 🐕"),
        HEADER + REX.replace("25", "2.5e1"),
        HEADER.replace("name", "has_tail_length") + REX,
    ],
    ids=["words", "crlf", "mark", "empty lines", "no last break", "names", "exponent", "more columns"],
)
def test_equivalent_notations_give_the_same_output(content: str, tmp_path: Path, classifier: OnnxClassifier) -> None:
    file = tmp_path / "animals.csv"
    file.write_bytes(content.encode())
    assert_the_same(by_columns(file, classifier), by_rows(file, classifier))


@pytest.mark.parametrize(
    "content",
    [
        "",
        HEADER,
        HEADER + REX.replace("Rex", '"Rex, the"'),
        HEADER.replace("weight", "mass") + REX,
        HEADER.replace("name", "weight") + REX,
        HEADER.replace("name", "species") + REX,
        HEADER + REX + "Rex,4,0.5,25,False\n",
        HEADER + REX + "Rex,4,0.5,25,False,True,1\n",
        HEADER + REX * 3 + REX.replace("25", "heavy"),
        HEADER + REX.replace("25", "nan"),
        HEADER + REX.replace("25", "-1"),
        HEADER + REX.replace("25", "200001"),
        HEADER + REX.replace("4,", "4.5,"),
        HEADER + REX.replace("4,", "9,"),
        HEADER + REX.replace("False", "maybe"),
        HEADER + REX.replace("False", ""),
        HEADER + REX.replace("Rex", "R\udcff"),
    ],
)
def test_other_files_are_left_to_scoring_by_rows(content: str, tmp_path: Path, classifier: OnnxClassifier) -> None:
    file = tmp_path / "animals.csv"
    file.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(RowsNeeded):
        by_columns(file, classifier)


def test_a_missing_file_is_left_to_scoring_by_rows(tmp_path: Path, classifier: OnnxClassifier) -> None:
    with pytest.raises(RowsNeeded):
        by_columns(tmp_path / "nowhere.csv", classifier)
