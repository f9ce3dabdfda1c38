"""The errors that this application raises on purpose.

MenagerieError
├── InvalidInput               the input cannot be used                     422
│   ├── InvalidFields          fields of a request cannot be used           422
│   └── KeyReused              the key belongs to another request           422
├── NotFound                   no such prediction, model or job             404
├── Forbidden                  the API key does not allow the operation     403
├── Conflict                   the state has changed, or the name exists    409
├── Unavailable                a dependency or the model is not available   503
│   ├── NothingPromoted        there is no current model yet                503
│   └── NoUsableModel          the current model fails verification         503
├── ModelRejected              a stored model fails verification            409
│   └── UnreadablePointer      the pointer to the current model is damaged  409
├── TrainingFailed             the rows do not make a model                 422
├── Unreadable                 a stored item is damaged                     500
└── Misconfigured              the environment lacks a variable             500
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from menagerie.manifest import Pointer


class MenagerieError(Exception):
    """The root of the tree; its text is one line that tells a person what to do."""


class InvalidInput(MenagerieError):
    """The input cannot be used; the text names the field or the line."""


class InvalidFields(InvalidInput):
    """Fields of a request cannot be used."""

    def __init__(self, fields: "Sequence[tuple[str, str]]") -> None:
        """Take the name of each field and the reason why it cannot be used."""
        super().__init__(f"{len(fields)} field{'s' * (len(fields) != 1)} cannot be used.")
        self.fields = fields


class KeyReused(InvalidInput):
    """An idempotency key was sent before with another request."""

    def __init__(self) -> None:
        super().__init__("Idempotency-Key: it was used for another request; a new request needs a new key")


class NotFound(MenagerieError):
    """There is no prediction, model or job of that name."""


class Forbidden(MenagerieError):
    """The caller is known and may not do this; the text says who may."""


class Conflict(MenagerieError):
    """The state has changed since it was read, or the name already exists."""


class Unavailable(MenagerieError):
    """A dependency does not answer, or no model has been promoted yet; trying again later may help."""


class NothingPromoted(Unavailable):
    """No model has been promoted yet: train the first one."""


class NoUsableModel(Unavailable):
    """The current model fails verification and no earlier one is loaded: promote another one."""


class ModelRejected(MenagerieError):
    """A model's digest, metadata or canary rows do not match its manifest."""


class UnreadablePointer(ModelRejected):
    """The pointer to the current model exists but names no version; a promotion may replace it."""

    def __init__(self, name: str, pointer: "Pointer") -> None:
        """Take the name of the pointer's file, and the pointer that `ModelRegistry.promote` expects."""
        super().__init__(f"{name} cannot be read: promote a version to replace it")
        self.pointer = pointer


class TrainingFailed(MenagerieError):
    """The rows do not show the species clearly enough to make a model."""


class Unreadable(MenagerieError):
    """A stored item was not written by this application. Stores skip such items, so no caller sees this error."""

    def __init__(self, key: str, reason: BaseException) -> None:
        """Take the key of the item, and the error that reading it raised."""
        # pydantic's texts have several lines and repeat the whole input.
        self.reason = f"{type(reason).__name__}: {' '.join(str(reason).split())}"[:300]
        self.key = key
        super().__init__(f"{key}: {self.reason}")


class Misconfigured(MenagerieError):
    """The environment lacks a setting that the application needs; the text names the variables."""
