"""Uses a copy of the product whose animals have more features and classes; `test_one_animal.py` makes and runs it.

`python richer_animals.py PART FOLDER`: the part `model` trains and writes the folder that the other parts read.
"""

import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from menagerie.animal import CLASSES, FEATURES, Animal, Species

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
MORE = {"length", "n_eyes"}
SPIDER = Species("spider")
# Legs, wings, tail, eyes, then ranges of height, weight, length.
KINDS: dict[Species, tuple[int, bool, bool, int, tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    Species.KANGAROO: (2, False, True, 2, (1.6, 2.0), (40, 90), (0.8, 1.2)),
    Species.ELEPHANT: (4, False, True, 2, (2.5, 3.4), (2600, 6900), (5.0, 7.0)),
    Species.CHICKEN: (2, True, True, 2, (0.15, 0.5), (0.1, 4.2), (0.2, 0.6)),
    Species.DOG: (4, False, True, 2, (0.15, 0.8), (0.5, 79), (0.3, 1.3)),
    SPIDER: (8, False, False, 8, (0.005, 0.04), (0.01, 0.15), (0.02, 0.2)),
}


def rows(count: int, seed: int) -> tuple[list[dict[str, Any]], list[Species]]:
    """Return rows and their true species; one in twenty is an outlier."""
    source = random.Random(seed)
    made, truth = [], []
    for _ in range(count):
        species = Species.UNKNOWN if source.random() < 0.05 else source.choice(list(KINDS))
        if species is Species.UNKNOWN:
            values: tuple[Any, ...] = (
                source.randint(1, 8),
                source.uniform(0.001, 10),
                source.uniform(0.001, 1000),
                source.choice([True, False]),
                source.choice([True, False]),
                source.uniform(0.001, 20),
                source.randint(0, 10),
            )
        else:
            legs, wings, tail, eyes, height, weight, length = KINDS[species]
            values = (
                legs,
                source.uniform(*height),
                source.uniform(*weight),
                wings,
                tail,
                source.uniform(*length),
                eyes,
            )
        made.append(dict(zip(FEATURES, values, strict=True)))
        truth.append(species)
    return made, truth


def spider() -> Animal:
    """Return an ordinary spider."""
    return Animal.model_validate(dict(zip(FEATURES, (8, 0.02, 0.08, False, False, 0.1, 8), strict=True)))


def check_model(folder: Path) -> None:
    """Train, export, verify, report."""
    from menagerie.animal import feature_matrix
    from menagerie.ports.feedback import LabelledAnimal
    from training.model_folder import load, write
    from training.pipeline import train
    from training.report.page import render_report
    from training.rows import LabelledRows, Origin, validate

    trained = train(validate(rows(1500, seed=1)[0]), source=Origin("dataset", key="rich.csv"), created_at=NOON)
    assert trained.manifest.features == FEATURES
    assert trained.manifest.classes == CLASSES
    assert all(check.holds for check in trained.manifest.zoology), trained.manifest.zoology
    assert f"the {SPIDER}" in " ".join(check.statement for check in trained.manifest.zoology)
    report = render_report(trained.manifest, trained.rows)
    assert SPIDER.value in report.lower()
    stored = LabelledRows.from_csv_gz(trained.rows.to_csv_gz())
    assert stored.labels.tolist() == trained.rows.labels.tolist()
    given = LabelledAnimal(prediction_id="1-0", animal=spider(), species=SPIDER, given_at=NOON)
    assert len(stored.with_feedback([given], random_seed=0).matrix) == len(stored.matrix) + 1
    write(folder, trained.onnx, trained.manifest, beside={"rows.csv.gz": trained.rows.to_csv_gz()})

    fresh, truth = rows(2000, seed=2)
    answers = load(folder).classify(feature_matrix(map(Animal.model_validate, fresh))).species
    right = sum(answer is species for answer, species in zip(answers, truth, strict=True))
    assert right / len(truth) > 0.98, right
    # The classifier uses the new features: a spider with two eyes, or as long as a dog, is no spider.
    odd = [spider().model_copy(update={"n_eyes": 2}), spider().model_copy(update={"length": 1.0})]
    assert load(folder).classify(feature_matrix([spider(), *odd])).species == [SPIDER, *[Species.UNKNOWN] * 2]


def check_api(folder: Path) -> None:
    """Answer requests and describe them."""
    from starlette.testclient import TestClient

    from functions.openapi import openapi_document
    from functions.predict.app import create_app
    from functions.predict.current_model import CurrentModel
    from tests.fakes import InMemoryFeedback, InMemoryMetrics, InMemoryPredictions, InMemoryRegistry
    from training.model_folder import load

    classifier = load(folder)
    manifest, onnx = classifier.manifest, (folder / "model.onnx").read_bytes()
    registry, predictions = InMemoryRegistry(), InMemoryPredictions()
    training = manifest.training.model_copy(update={"rows_file": "rows.csv.gz"})
    manifest = manifest.model_copy(update={"training": training})
    registry.publish(manifest, onnx, (folder / "rows.csv.gz").read_bytes())
    registry.promote(manifest.version, expected=None)
    app = create_app(
        CurrentModel(registry, refresh_seconds=60),
        registry,
        predictions,
        InMemoryFeedback(predictions),
        InMemoryMetrics(),
    )
    with TestClient(app) as client:
        answered = client.post("/predict", json={"animals": [spider().model_dump()]})
        assert answered.status_code == 200, answered.text
        (prediction,) = answered.json()["predictions"]
        assert prediction["species"] == SPIDER
        assert set(prediction["probabilities"]) == set(CLASSES)
        (stored,) = client.get("/predictions", params={"species": SPIDER.value}).json()["items"]
        assert stored["animal"] == spider().model_dump()
        said = client.put(f"/predictions/{stored['id']}/feedback", json={"species": SPIDER.value})
        assert said.status_code == 200, said.text
        sample = client.get(f"/models/{manifest.version}/rows", params={"limit": 5}).json()
        assert [set(animal) for animal in sample["items"]] == [set(FEATURES)] * 5
        lacking = {name: value for name, value in spider().model_dump().items() if name not in MORE}
        refused = client.post("/predict", json={"animals": [lacking]})
        assert {error["field"] for error in refused.json()["errors"]} == {f"animals.0.{name}" for name in MORE}
    schemas = openapi_document()["components"]["schemas"]
    assert set(schemas["Animal"]["required"]) >= MORE
    assert schemas["Animal"]["properties"]["length"]["maximum"] == 60.0
    assert SPIDER in schemas["Species"]["enum"]
    example = schemas["PredictRequest"]["examples"][0]["animals"][0]
    assert set(example) == set(FEATURES)


def check_storage(folder: Path) -> None:
    """Encode and decode the item of a request."""
    from menagerie.animal import feature_matrix
    from menagerie.aws.predictions import from_item, to_item
    from menagerie.prediction import PredictionBatch
    from training.model_folder import load

    animals = [spider(), *map(Animal.model_validate, rows(20, seed=3)[0])]
    classifier = load(folder)
    batch = PredictionBatch.of(NOON, classifier.manifest.version, animals, classifier.classify(feature_matrix(animals)))
    item = to_item(batch)
    assert {*MORE, SPIDER.value} <= set(item)
    assert from_item(item) == batch


def check_files(folder: Path) -> None:
    """Read files and classify them on the command line."""
    import csv

    from cloud.commands.predict import predict
    from menagerie.animal_file import Refusal, read_path

    file, output = folder / "animals.csv", folder / "answers.csv"
    made, _ = rows(50, seed=4)
    for quote in ("", '"'):  # by columns, then line by line
        with file.open("w", newline="", encoding="utf-8") as text:
            text.write(",".join(("name", *FEATURES)) + "\n")
            text.writelines(",".join((f"{quote}animal{quote}", *map(str, row.values()))) + "\n" for row in made)
        predict(file, folder, output)
        with output.open(newline="", encoding="utf-8") as text:
            answered = list(csv.DictReader(text))
        assert len(answered) == len(made)
        assert f"probability_{SPIDER}" in answered[0]
    file.write_text(";".join(FEATURES) + "\n8;0,02;0,08;no;no;0,1;8\n8;0,02;0,08;no;no;99;8\n", encoding="utf-8")
    (chunk,) = read_path(file)
    (_, animal), (line, refusal) = chunk.rows()
    assert animal == spider()
    assert isinstance(refusal, Refusal)
    assert (line, refusal.reason) == (3, "length: input should be less than or equal to 60, not '99'")


def check_dashboard(folder: Path) -> None:
    """Describe, tabulate and chart animals; fill in a form."""
    import os

    from streamlit.testing.v1 import AppTest

    import frontend.pages.main
    from frontend.api.settings import KEY_VARIABLE, URL_VARIABLE
    from frontend.charts import animals as charts
    from frontend.charts.drift import drift_chart, drift_of
    from frontend.charts.models import confusion_chart
    from frontend.tables.animals import animal_table, read_csv, read_table, template_csv
    from frontend.tables.predictions import column_configuration, prediction_frame, predictions_csv
    from frontend.wording import describe_animal, describe_prediction_set
    from menagerie.animal import EXAMPLES, FEATURE_DETAILS, feature_matrix
    from menagerie.prediction import PredictionBatch
    from training.model_folder import load

    made = list(map(Animal.model_validate, rows(100, seed=5)[0]))
    classifier = load(folder)
    batch = PredictionBatch.of(NOON, classifier.manifest.version, made, classifier.classify(feature_matrix(made)))
    predictions = [batch.prediction(position) for position in range(len(batch))]
    assert read_table(animal_table(made)).animals == made
    assert read_csv(template_csv(), "template.csv").animals == list(EXAMPLES.values())
    assert set(prediction_frame(predictions).columns) & set(column_configuration("UTC")) >= MORE
    assert f"probability_{SPIDER}" in predictions_csv(predictions).decode().splitlines()[0]
    assert "length 0.1\N{NO-BREAK SPACE}m" in describe_animal(spider())
    assert "8 eyes" in describe_animal(spider())
    assert "a spider" in describe_prediction_set([SPIDER], 0.95)
    assert {drift.feature.name for drift in drift_of(made[:50], made[50:])} == set(FEATURES)
    frame = charts.animal_frame(made, predictions)
    length = FEATURE_DETAILS[FEATURES.index("length")]
    drawn = [
        charts.scatter_chart(frame, *charts.MEASURES[:2]),
        charts.distribution_chart(frame, length),
        charts.combinations_chart(frame),
        *map(drift_chart, drift_of(made[:50], made[50:])),
        confusion_chart(classifier.manifest),
    ]
    assert any("Length in metres" in str(chart.to_dict()) for chart in drawn)

    os.environ |= {URL_VARIABLE: "http://127.0.0.1:9", KEY_VARIABLE: "no API is needed to show a form"}
    page = AppTest.from_file(frontend.pages.main.__file__, default_timeout=60).run()
    assert not page.exception, page.exception
    assert {"Length in metres", "Eyes it sees with"} <= {field.label for field in page.number_input}
    assert f"{SPIDER.icon} Spider" in {button.label for button in page.button}
    page.button_group(key="predict_how_many").set_value("Many animals").run()
    assert not page.exception, page.exception
    assert f"Classify {len(EXAMPLES)} animals" in {button.label for button in page.button}


PARTS: dict[str, Callable[[Path], None]] = {
    "model": check_model,
    "api": check_api,
    "storage": check_storage,
    "files": check_files,
    "dashboard": check_dashboard,
}

if __name__ == "__main__":
    assert set(FEATURES) > MORE, "the packages are not those of the copy"
    PARTS[sys.argv[1]](Path(sys.argv[2]))
