"""The errors this application raises on purpose.

MenagerieError
├── InvalidInput          what was sent cannot be used               422
├── NotFound              no such prediction, model or job           404
├── Forbidden             the key does not allow it                  403
├── Conflict              somebody else was first                    409
├── Unavailable           a dependency or the model is not there     503
│   ├── NothingPromoted   there is no current model yet              503
│   └── NoUsableModel     the current model does not verify          503
├── ModelRejected         a stored model does not verify             409
├── TrainingFailed        the rows do not make a model               422
├── Unreadable            a stored item is damaged                   500
└── Misconfigured         the environment lacks a variable           500
"""


class MenagerieError(Exception):
    """Root of the tree; its text is one line that a person can act on."""


class InvalidInput(MenagerieError):
    """What was sent cannot be used; the text names the field or the line."""


class NotFound(MenagerieError):
    """There is no prediction, model or job of that name."""


class Forbidden(MenagerieError):
    """The caller is known and may not do this; the text says who may."""


class Conflict(MenagerieError):
    """The state moved on in the meantime, or the name is taken."""


class Unavailable(MenagerieError):
    """A dependency does not answer, or no model has been promoted yet; trying again later may help."""


class NothingPromoted(Unavailable):
    """No model has been promoted yet: train the first one."""


class NoUsableModel(Unavailable):
    """The current model does not verify and no earlier one is loaded: promote another one."""


class ModelRejected(MenagerieError):
    """A model's digest, metadata or canary rows do not match its manifest."""


class TrainingFailed(MenagerieError):
    """The rows do not show the four species clearly enough to make a model."""


class Unreadable(MenagerieError):
    """A stored item is not what this application writes. Stores skip such items, so no caller sees this error."""

    def __init__(self, key: str, reason: BaseException) -> None:
        """Take the key of the item, and what reading it raised."""
        # pydantic's texts have several lines and repeat the whole input.
        self.reason = f"{type(reason).__name__}: {' '.join(str(reason).split())}"[:300]
        self.key = key
        super().__init__(f"{key}: {self.reason}")


class Misconfigured(MenagerieError):
    """The environment does not say what the application needs; the text names the variables."""
