"""What the routes of the retrain function need; tests fill the same slots with fakes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.http.operator_key import NO_OPERATOR, OperatorKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from menagerie.job_store import JobStore
    from menagerie.manifest import ModelManifest
    from menagerie.registry import ModelRegistry


@dataclass(frozen=True, slots=True)
class RetrainDependencies:
    """The outer world of the retrain function."""

    jobs: "JobStore"
    registry: "ModelRegistry"
    start_worker: "Callable[[str], None]"
    """Takes a job id and returns before the work is done; raises Unavailable."""
    verify: "Callable[[bytes, ModelManifest], object]"
    """Opens a model; raises ModelRejected."""
    operator: OperatorKey = NO_OPERATOR
    """The key that starts jobs and promotes models."""


def dependencies_of(request: "Request") -> RetrainDependencies:
    """Return what `create_app` was given."""
    dependencies: RetrainDependencies = request.app.state.dependencies
    return dependencies
