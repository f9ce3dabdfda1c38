"""What the API tells of models, as typed values. Parsing raises KeyError, TypeError or ValueError for anything else."""

from dataclasses import dataclass, field
from datetime import datetime

from frontend.api.contract import Json


@dataclass(frozen=True, slots=True)
class Training:
    """Where a model's rows came from."""

    kind: str
    rows: int
    seed: int | None = None
    key: str | None = None
    rows_refused: int = 0
    rows_by_label: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Held-out rows answered with about the same confidence, and the share of them that was right."""

    rows: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class ZoologyCheck:
    """Something known of animals, and whether the model's answers agree."""

    statement: str
    holds: bool
    seen: str
    """The figures behind it."""


@dataclass(frozen=True, slots=True)
class Model:
    """The part of a model's manifest that a visitor wants to know; shares of one where nothing else is said."""

    version: str
    created_at: datetime
    target_coverage: float
    """The share of prediction sets that are meant to hold the true species."""
    accuracy: float
    held_out_rows: int
    training: Training
    log_loss: float | None = None
    coverage: float | None = None
    """The share of held-out prediction sets that did."""
    mean_set_size: float | None = None
    threshold_reached: float | None = None
    """The share of held-out rows whose label reaches its conformal threshold: what is promised."""
    brier_score: float | None = None
    """Mean squared difference of the probabilities from 1 or 0, from 0 to 2."""
    calibration_error: float | None = None
    """How far confidence and accuracy are apart on average."""
    calibration: tuple[CalibrationBin, ...] = ()
    classes: tuple[str, ...] = ()
    confusion_matrix: tuple[tuple[int, ...], ...] = ()
    """Rows are labels and columns answers, both as in `classes`."""
    recall: dict[str, float] = field(default_factory=dict)
    precision: dict[str, float] = field(default_factory=dict)
    algorithm: str = ""
    parent: str | None = None
    zoology: tuple[ZoologyCheck, ...] = ()
    reason: str | None = None
    """Why it was or was not promoted."""

    @property
    def training_rows(self) -> int:
        """How many rows it was made from."""
        return self.training.rows


@dataclass(frozen=True, slots=True)
class Models:
    """All models, newest first; `current` is None before the first promotion."""

    current: str | None
    items: list[Model]

    def named(self, version: str | None) -> Model | None:
        """Return the model of that version, if there is one."""
        return next((model for model in self.items if model.version == version), None)


def parse_models(body: Json) -> Models:
    """Read the answer of `GET /models`."""
    current = body["current"]
    return Models(None if current is None else str(current), [parse_model(item) for item in body["items"]])


def parse_model(body: Json) -> Model:
    """Read a manifest; what only some manifests have may be absent."""
    metrics = body["metrics"]
    per_class = metrics.get("per_class", {})
    return Model(
        version=str(body["version"]),
        created_at=datetime.fromisoformat(body["created_at"]),
        target_coverage=float(body["thresholds"]["target_coverage"]),
        accuracy=float(metrics["accuracy"]),
        held_out_rows=int(metrics["rows"]),
        training=_parse_training(body["training"]),
        log_loss=_number(metrics.get("log_loss")),
        coverage=_number(metrics.get("coverage")),
        mean_set_size=_number(metrics.get("mean_set_size")),
        threshold_reached=_number(metrics.get("threshold_reached")),
        brier_score=_number(metrics.get("brier_score")),
        calibration_error=_number(metrics.get("expected_calibration_error")),
        calibration=tuple(
            CalibrationBin(int(each["rows"]), float(each["confidence"]), float(each["accuracy"]))
            for each in metrics.get("calibration", ())
        ),
        classes=tuple(map(str, body.get("classes", ()))),
        confusion_matrix=tuple(tuple(map(int, row)) for row in metrics.get("confusion_matrix", ())),
        recall={str(name): float(scores["recall"]) for name, scores in per_class.items()},
        precision={str(name): float(scores["precision"]) for name, scores in per_class.items()},
        algorithm=str(body.get("algorithm", "")),
        parent=_text(body.get("parent")),
        zoology=tuple(
            ZoologyCheck(str(each["statement"]), bool(each["holds"]), str(each["seen"]))
            for each in body.get("zoology", ())
        ),
        reason=_text(body.get("reason")),
    )


def _parse_training(body: Json) -> Training:
    seed = body.get("seed")
    return Training(
        kind=str(body["kind"]),
        rows=int(body["rows"]),
        seed=None if seed is None else int(seed),
        key=_text(body.get("key")),
        rows_refused=int(body.get("rows_refused", 0)),
        rows_by_label={str(name): int(count) for name, count in body.get("rows_by_label", {}).items()},
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
