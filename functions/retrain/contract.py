"""What the retrain function reads and answers, beside the words that all parts share."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from menagerie.job import Job


class Jobs(BaseModel):
    """Newest first."""

    items: list[Job]


class Promotion(BaseModel):
    """Which version is to answer."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"version": "20260131T120000Z-0a1b2c3d"}]}
    )

    version: Annotated[str, Field(max_length=100)]


class Promoted(BaseModel):
    """Which version answers; predict functions follow within seconds."""

    version: str
    promoted_at: datetime
