"""What the environment says, read once and in one place."""

import os
import re
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from menagerie.errors import Misconfigured

_PREFIX = "Value error, "  # pydantic's, before the text of an error that a validator raises
_Name = Annotated[str, Field(min_length=1)]


def _require_bucket_name(name: str) -> str:
    # Plain `sam local` passes the logical id of the template, and S3's own error would not say why.
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
        raise ValueError(f"{name!r} is not a bucket name; `menagerie sam local` runs the functions with the real one")
    return name


_BucketName = Annotated[str, AfterValidator(_require_bucket_name)]


class _Settings(BaseModel):
    """A field is filled from the variable of its name in capitals."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; raise Misconfigured, in one line that names every variable that is missing or wrong."""
        try:
            return cls.model_validate({name.lower(): value for name, value in environment.items()})
        except ValidationError as error:
            faults = (
                f"{str(fault['loc'][0]).upper()} ({fault['msg'].removeprefix(_PREFIX)})" for fault in error.errors()
            )
            raise Misconfigured(f"the environment needs {', '.join(faults)}") from error


class PredictSettings(_Settings):
    """Of the predict function."""

    models_bucket: _BucketName
    predictions_table: _Name
    model_refresh_seconds: Annotated[float, Field(ge=0)] = 5.0
    # CloudWatch knows functions and API by names that begin with it.
    stack_name: _Name = "menagerie"


class JobSettings(_Settings):
    """Of both functions that see jobs."""

    models_bucket: _BucketName
    jobs_table: _Name
    # An event may wait five minutes for the worker (template.yaml), then it is dropped; once started, the worker says
    # itself how long it has.
    job_patience_seconds: Annotated[float, Field(gt=0)] = 360.0


class RetrainSettings(JobSettings):
    """Of the retrain function's HTTP side."""

    trainer_function: _Name
    predictions_table: _Name
    minimum_new_feedback: Annotated[int, Field(ge=1)] = 10
    # Without either, nobody may retrain or promote through the API.
    operator_key_id: str = ""
    operator_key_sha256: str = ""


class TrainerSettings(JobSettings):
    """Of the retrain function's worker."""

    data_service_url: _Name
    predictions_table: _Name
    event_bus: _Name
    retained_models: Annotated[int, Field(ge=1)] = 20
