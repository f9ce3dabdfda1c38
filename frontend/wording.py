"""Sentences and formatted numbers: pure functions from values to Streamlit's Markdown."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from frontend.api.errors import Rejected
from menagerie.animal import FEATURE_DETAILS, Animal, Feature, Kind, Species
from menagerie.job import Job
from menagerie.prediction import Prediction

UNKNOWN_EXPLAINED = (
    "**Unknown** means that the animal does not resemble any species that the model was trained on: "
    "either a value is wrong, or it is another kind of animal. It is a valid answer, not an error."
)
# A number and its unit stay on one line.
NO_BREAK = "\N{NO-BREAK SPACE}"


def number(value: float) -> str:
    """Format a number with thousands separators and without trailing zeros: 5,200 or 0.037."""
    return f"{value:,.10g}"


def percent(share: float) -> str:
    """Format a share of one as a percentage; a share below 1 is never rounded to 100%, nor one above 0 to 0%."""
    if 0.9995 <= share < 1:
        return f">{NO_BREAK}99.9%"
    if 0 < share < 0.0005:
        return f"<{NO_BREAK}0.1%"
    return f"{share * 100:.1f}".removesuffix(".0") + "%"


def quantity(value: float, unit: str) -> str:
    """Format a value with its unit: 5,200 kg."""
    return f"{number(value)}{NO_BREAK}{unit}" if unit else number(value)


def counted(count: int, word: str) -> str:
    """Format a number of things: 1 animal, 2 animals."""
    return f"{number(count)} {word}{'' if count == 1 else 's'}"


def joined(words: Sequence[str], conjunction: str) -> str:
    """List words in a sentence: a, b and c."""
    *most, last = words
    return f"{', '.join(most)} {conjunction} {last}" if most else last


def describe_value(feature: Feature, value: float) -> str:
    """Describe one feature of an animal: 4 legs, height 0.5 m, tail, no wings."""
    match feature.kind:
        case Kind.COUNT:
            return counted(int(value), feature.label.lower().removesuffix("s"))
        case Kind.MEASURE:
            return f"{feature.label.lower()} {quantity(value, feature.unit)}"
        case Kind.FLAG:
            return f"{'' if value else 'no '}{feature.label.lower()}"


def describe_animal(animal: Animal) -> str:
    """Describe an animal in one line: 4 legs, height 0.5 m, weight 25 kg, no wings, tail."""
    return ", ".join(describe_value(feature, getattr(animal, feature.name)) for feature in FEATURE_DETAILS)


def with_icon(species: Species) -> str:
    """Return the icon and the name of a species, as a heading."""
    return f"{species.icon} {species.label}"


def describe_prediction_set(prediction_set: Sequence[Species], target_coverage: float | None) -> str:
    """Explain a prediction set; `target_coverage` is the model's, None if it is not known."""
    named = joined([f"**{species.phrase}**" for species in prediction_set], "or") if prediction_set else "nothing"
    coverage = "coverage not known" if target_coverage is None else f"{percent(target_coverage)} coverage"
    ruled_out = "; all other species are ruled out" if len(prediction_set) == 1 else ""
    return f"It is {named}{ruled_out} ({coverage})."


_STAGES = {
    None: "Waiting for a worker",
    "fetching": "Fetching rows",
    "validating": "Validating rows",
    "labelling": "Assigning labels",
    "fitting": "Fitting the classifier",
    "evaluating": "Evaluating on held-out rows",
    "exporting": "Exporting to ONNX",
    "publishing": "Storing the model",
}


def describe_stage(job: Job) -> str:
    """Describe the progress of a training that has not ended."""
    return f"{_STAGES.get(job.stage, str(job.stage).capitalize())} … {percent(round(job.progress, 2))}"


def describe_job(job: Job) -> tuple[str, str]:
    """Return a title and the reason for the result of a training that has ended."""
    if job.status == "failed":
        return "The training failed", job.error or "No reason is known."
    model = f"the model of {describe_version(job.model_version)}" if job.model_version else "a model"
    reason = (job.reason or "").removeprefix("promoted: ").removeprefix("not promoted: ")
    if job.promoted:
        return f"Training succeeded: {model} is now the current one", reason
    return f"Training succeeded: {model} was not promoted", reason


def needs_unknown_explained(prediction: Prediction) -> bool:
    """Return whether the answer or its prediction set contains `unknown`."""
    return Species.UNKNOWN in {prediction.species, *prediction.prediction_set}


def describe_version(version: str) -> str:
    """Return the date of a version such as 20260131T120000Z-0a1b2c3d; return any other version unchanged."""
    made = made_at(version)
    return f"{made:%d %b %Y, %H:%M} UTC" if made else version


def made_at(version: str) -> datetime | None:
    """Return the time in a version such as 20260131T120000Z-0a1b2c3d, or None if it contains none."""
    try:
        return datetime.strptime(version.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def describe_rejection(error: Rejected) -> str:
    """List the rejected fields as Markdown, with the labels of the form; empty if the API named none."""
    return "\n".join(f"- **{_label(entry.field)}**: {entry.message}" for entry in error.fields)


def probabilities_in_words(probabilities: Mapping[Species, float]) -> str:
    """List probabilities, highest first, for people who cannot see the chart."""
    ordered = sorted(probabilities.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {percent(share)}" for name, share in ordered)


def _label(field: str) -> str:
    labels = {feature.name: feature.label for feature in FEATURE_DETAILS}
    return labels.get(field.rpartition(".")[2], field or "The request")
