"""`menagerie predict`: a CSV file in, a CSV file out."""

import csv
import stat
from io import StringIO
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cloud.commands.predict import predict
from cloud.scoring import ANSWER_COLUMNS
from menagerie.animal import CLASSES
from menagerie.errors import InvalidInput, NotFound
from tests.model.worlds import as_received, official
from tests.samples import NOON
from training.model_folder import write
from training.pipeline import train
from training.rows import Origin

HEADER = "name,walks_on_n_legs,height,weight,has_wings,has_tail\n"
FIVE = """Skippy,2,1.8,65,False,True
Dumbo,4,3.0,4500,False,True
"Hen, the",2,0.3,2.0,True,True
Rex,4,0.5,25,False,True
Griffin,5,9.0,700,True,False
"""
NAMES = ["Skippy", "Dumbo", "Hen, the", "Rex", "Griffin"]

app = typer.Typer()
app.command()(predict)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    trained = train(as_received(official(1000, 42)[0]), source=Origin("dataset"), created_at=NOON)
    write(folder, trained.onnx, trained.manifest)
    return folder


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    path = tmp_path / "animals.csv"
    path.write_text(HEADER + FIVE, encoding="utf-8")
    return path


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_the_output_has_the_columns_of_the_file_first(model: Path, animals: Path) -> None:
    output = run("--model", model, animals)
    rows = table(output)
    assert output.splitlines()[0] == HEADER.strip() + "," + ",".join(ANSWER_COLUMNS)
    assert [row["name"] for row in rows] == NAMES
    assert [row["species"] for row in rows] == list(CLASSES)
    assert rows[1]["weight"] == "4500"
    assert rows[0]["prediction_set"] == "kangaroo"
    for row in rows:
        probabilities = [float(row[f"probability_{species}"]) for species in CLASSES]
        assert sum(probabilities) == pytest.approx(1, abs=1e-5)
        assert float(row["confidence"]) == max(probabilities) == float(row[f"probability_{row['species']}"])


def test_a_file_with_semicolons_keeps_its_separator_and_its_decimal_commas(model: Path, animals: Path) -> None:
    animals.write_text(HEADER.replace(",", ";") + "Rex;4;0,5;25;no;yes\n", encoding="utf-8")
    (row,) = csv.DictReader(StringIO(run("--model", model, animals)), delimiter=";")
    assert (row["height"], row["species"]) == ("0,5", "dog")


def test_a_file_is_written_instead_of_standard_output(model: Path, animals: Path, tmp_path: Path) -> None:
    output = tmp_path / "answers.csv"
    assert run("--model", model, animals, "--output", output) == ""
    assert [row["species"] for row in table(output.read_text(encoding="utf-8"))] == list(CLASSES)
    assert stat.S_IMODE(output.stat().st_mode) == stat.S_IMODE(animals.stat().st_mode)


def test_invalid_lines_are_named_and_nothing_is_written(model: Path, animals: Path, tmp_path: Path) -> None:
    animals.write_text(HEADER + FIVE + "Bad,4,tall,25,False,True\nWorse,4\n", encoding="utf-8")
    output = tmp_path / "answers.csv"
    output.write_text("before", encoding="utf-8")
    result = CliRunner().invoke(app, ["--model", str(model), str(animals), "--output", str(output)])
    assert isinstance(result.exception, InvalidInput)
    assert "2 invalid lines, nothing written" in str(result.exception)
    assert f"{animals}, line 7: height: input should be a valid number" in result.stderr
    assert f"{animals}, line 8: " in result.stderr
    assert result.stdout == ""
    assert output.read_text(encoding="utf-8") == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["animals.csv", "answers.csv"]


def test_invalid_lines_can_be_omitted(model: Path, animals: Path) -> None:
    animals.write_text(HEADER + "Bad,4,tall,25,False,True\n" + FIVE, encoding="utf-8")
    assert [row["name"] for row in table(run("--model", model, animals, "--skip-invalid"))] == NAMES


def test_many_invalid_lines_are_counted_after_the_first(model: Path, animals: Path) -> None:
    animals.write_text(HEADER + "Bad,4,tall,25,False,True\n" * 30 + FIVE, encoding="utf-8")
    result = CliRunner().invoke(app, ["--model", str(model), str(animals)])
    assert "and 10 more" in result.stderr
    assert "30 invalid lines" in str(result.exception)


def test_a_file_without_a_valid_animal_is_refused(model: Path, animals: Path) -> None:
    animals.write_text(HEADER + "Bad,4,tall,25,False,True\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="has no valid animal"):
        run("--model", model, animals, "--skip-invalid")


def test_a_column_of_the_output_is_not_overwritten(model: Path, animals: Path) -> None:
    animals.write_text("species," + HEADER[5:] + FIVE.replace('"Hen, the"', "Hen"), encoding="utf-8")
    with pytest.raises(InvalidInput, match="already has a column species"):
        run("--model", model, animals)


def test_a_folder_without_a_model_is_named(animals: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no model in"):
        run("--model", tmp_path, animals)


def test_a_folder_that_cannot_be_written_is_named(model: Path, animals: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot write .*answers\.csv: No such file"):
        run("--model", model, animals, "--output", tmp_path / "missing" / "answers.csv")
