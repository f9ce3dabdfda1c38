"""Answers in plain words: pure functions from values to sentences, in Streamlit's Markdown."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from frontend.api.errors import Rejected
from frontend.species import UNKNOWN, species_named
from menagerie.animal import Animal, Species
from menagerie.job import Job
from menagerie.prediction import Prediction

UNKNOWN_EXPLAINED = (
    "**Unknown** means that the animal does not look like any species that the model has learned: "
    "a measurement is off, or it is another animal altogether. It is an answer, not an error."
)
# A number and its unit stay on one line.
NO_BREAK = "\N{NO-BREAK SPACE}"
FIELD_LABELS = {
    "walks_on_n_legs": "Legs it walks on",
    "height": "Height",
    "weight": "Weight",
    "has_wings": "Has wings",
    "has_tail": "Has a tail",
}


def percent(share: float) -> str:
    """Write a share of one as a percentage, and never round a doubt away: 0.9999 is not 100 %."""
    if 0.9995 <= share < 1:
        return f">{NO_BREAK}99.9{NO_BREAK}%"
    if 0 < share < 0.0005:
        return f"<{NO_BREAK}0.1{NO_BREAK}%"
    return f"{share * 100:.1f}".removesuffix(".0") + f"{NO_BREAK}%"


def quantity(value: float, unit: str) -> str:
    """Write a measurement without needless zeros: 5200 kg, 0.037 kg."""
    return f"{value:,.10g}".replace(",", NO_BREAK) + f"{NO_BREAK}{unit}"


def counted(count: int, word: str) -> str:
    """Write a number with its word: 1 animal, 2 animals."""
    return f"{count:,}".replace(",", NO_BREAK) + f" {word}{'' if count == 1 else 's'}"


def describe_animal(animal: Animal) -> str:
    """Say in one line what was asked."""
    legs = counted(animal.walks_on_n_legs, "leg")
    extras = {"wings": animal.has_wings, "a tail": animal.has_tail}
    has = " and ".join(name for name, there in extras.items() if there)
    size = f"{quantity(animal.height, 'm')} tall, {quantity(animal.weight, 'kg')}"
    return f"{legs}, {size}, {f'with {has}' if has else 'no wings, no tail'}"


def describe_prediction_set(prediction_set: Sequence[str], target_coverage: float | None) -> str:
    """Say what split conformal prediction leaves open; `target_coverage` is the model's, None while it is not known."""
    named = [f"**{species_named(name).phrase}**" for name in prediction_set]
    choices = ", ".join(named[:-1]) + (" or " if len(named) > 1 else "") + named[-1] if named else "nothing"
    if target_coverage is None:
        return f"It is {choices}, as far as this model can tell."
    sure = percent(target_coverage)
    if len(named) == 1:
        return f"It is {choices}: {sure} sure, everything else is ruled out."
    return f"It is {choices}: {sure} sure it is one of these."


_STAGES = {
    None: "Waiting for a worker to start",
    "fetching": "Fetching rows",
    "validating": "Checking the rows",
    "labelling": "Finding out which animal is which",
    "fitting": "Fitting the classifier",
    "evaluating": "Measuring it on rows it has not seen",
    "exporting": "Exporting to ONNX and comparing",
    "publishing": "Storing the model",
}


def describe_stage(job: Job) -> str:
    """Say what a training that has not ended is doing."""
    return f"{_STAGES.get(job.stage, str(job.stage).capitalize())} … {percent(round(job.progress, 2))}"


def describe_job(job: Job) -> tuple[str, str]:
    """Say what came of a training that has ended: a title and the reason."""
    if job.status == "failed":
        return "The training failed", job.error or "No reason is known."
    made = f"the model of {describe_version(job.model_version)}" if job.model_version else "a model"
    reason = (job.reason or "").removeprefix("promoted: ").removeprefix("not promoted: ")
    if job.promoted:
        return f"Trained, and {made} is current now", reason
    return f"Trained, but {made} was not promoted", reason


def needs_unknown_explained(prediction: Prediction) -> bool:
    """Whether the answer speaks of `unknown`."""
    return prediction.species == UNKNOWN or UNKNOWN in prediction.prediction_set


def describe_version(version: str) -> str:
    """Turn a version such as 20260131T120000Z-0a1b2c3d into its date; give any other version back as it is."""
    made = made_at(version)
    return f"{made:%d %b %Y, %H:%M} UTC" if made else version


def made_at(version: str) -> datetime | None:
    """Return when a version such as 20260131T120000Z-0a1b2c3d was made; None if it does not say so."""
    try:
        return datetime.strptime(version.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def describe_rejection(error: Rejected) -> str:
    """List the fields that were refused under the labels of the form; empty when the API named none."""
    return "\n".join(f"- **{_label(entry.field)}**: {entry.message}" for entry in error.fields)


def probabilities_in_words(probabilities: Mapping[Species, float]) -> str:
    """Read the chart out, most probable first, for people who cannot see it."""
    ordered = sorted(probabilities.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {percent(share)}" for name, share in ordered)


def _label(field: str) -> str:
    return FIELD_LABELS.get(field.rpartition(".")[2], field or "The request")
