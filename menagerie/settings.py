"""The settings of each function, read from environment variables."""

import os
import re
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from menagerie.errors import Misconfigured

_PREFIX = "Value error, "  # pydantic puts this before the text of a validator's error
_Name = Annotated[str, Field(min_length=1)]


def _require_bucket_name(name: str) -> str:
    # Plain `sam local` passes the logical id of the template, and S3's own error would not explain that.
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
        raise ValueError(f"{name!r} is not a bucket name; `menagerie sam local` runs the functions with the real one")
    return name


_BucketName = Annotated[str, AfterValidator(_require_bucket_name)]


class _Settings(BaseModel):
    """Reads each field from the variable with its name in capitals."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; raise Misconfigured, which names every missing or invalid variable in one line."""
        try:
            return cls.model_validate({name.lower(): value for name, value in environment.items()})
        except ValidationError as error:
            faults = (
                f"{str(fault['loc'][0]).upper()} ({fault['msg'].removeprefix(_PREFIX)})" for fault in error.errors()
            )
            raise Misconfigured(f"the environment needs {', '.join(faults)}") from error


class PredictSettings(_Settings):
    """Settings of the predict function."""

    models_bucket: _BucketName
    predictions_table: _Name
    model_refresh_seconds: Annotated[float, Field(ge=0)] = 5.0
    # The names of the functions and of the API in CloudWatch begin with it.
    stack_name: _Name = "menagerie"


class JobSettings(_Settings):
    """Settings of both functions that use the job store."""

    models_bucket: _BucketName
    jobs_table: _Name
    # Lambda drops an event that waits for the train function for five minutes (template.yaml). A started job has the
    # deadline of its function.
    job_patience_seconds: Annotated[float, Field(gt=0)] = 360.0


class RetrainSettings(JobSettings):
    """Settings of the retrain function."""

    trainer_function: _Name
    predictions_table: _Name
    minimum_new_feedback: Annotated[int, Field(ge=1)] = 10
    # Without either of them, the API refuses to retrain or promote.
    operator_key_id: str = ""
    operator_key_sha256: str = ""


class TrainSettings(JobSettings):
    """Settings of the train function."""

    data_service_url: _Name
    predictions_table: _Name
    event_bus: _Name
    retained_models: Annotated[int, Field(ge=1)] = 20
