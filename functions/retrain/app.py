"""The retrain function's HTTP side as an application: its one composition root."""

from typing import TYPE_CHECKING

from functions.http.app import http_app
from functions.http.json_log import JsonLog
from functions.http.operator_key import NO_OPERATOR, OperatorKey
from functions.retrain.dependencies import RetrainDependencies
from functions.retrain.routes import router

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from menagerie.job_store import JobStore
    from menagerie.manifest import ModelManifest
    from menagerie.registry import ModelRegistry


def open_model(model: bytes, manifest: "ModelManifest") -> object:
    """Open a model as the predict function would; raise ModelRejected."""
    # Late: of all routes only a promotion needs onnxruntime.
    from menagerie.classifier import OnnxClassifier

    return OnnxClassifier.load(model, manifest)


def create_app(
    jobs: "JobStore",
    registry: "ModelRegistry",
    start_worker: "Callable[[str], None]",
    *,
    operator: OperatorKey = NO_OPERATOR,
    verify: "Callable[[bytes, ModelManifest], object]" = open_model,
) -> "FastAPI":
    """Return the application for a store of jobs, the registry, and the way to start the worker of a job."""
    dependencies = RetrainDependencies(jobs, registry, start_worker, verify, operator)
    return http_app(router, dependencies=dependencies, log=JsonLog("retrain"))
