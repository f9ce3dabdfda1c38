"""The template declares exactly the routes of both applications, with the keys that the document requires."""

from typing import Any

from pydantic import BaseModel

from functions.openapi import openapi_document
from functions.openapi import router as documentation
from functions.predict.app import router as predict
from functions.retrain.app import router as retrain
from menagerie.settings import PredictSettings, RetrainSettings, TrainSettings

Resources = dict[str, Any]
Route = tuple[str, str]


def events(resources: Resources, function: str) -> dict[Route, bool]:
    """Return a function's routes in the template, and whether each requires the API key."""
    found = {}
    for event in resources[function]["Properties"]["Events"].values():
        assert event["Type"] == "Api"
        properties = event["Properties"]
        key = properties.get("Auth", {}).get("ApiKeyRequired", True)
        found[properties["Method"], properties["Path"]] = key
    return found


def routes(*routers: Any) -> set[Route]:
    return {(method, route.path) for router in routers for route in router.routes for method in route.methods}


def test_each_function_gets_the_routes_of_its_application(resources: Resources) -> None:
    # PUT makes /models/current a resource that hides /models/{version}, so GET is declared there too.
    hidden = {("GET", "/models/current"), ("GET", "/models/current/rows")}
    assert set(events(resources, "PredictFunction")) == routes(predict, documentation) | hidden
    assert set(events(resources, "RetrainFunction")) == routes(retrain)
    assert "Events" not in resources["TrainFunction"]["Properties"]


def test_no_route_has_method_any_or_a_greedy_path(resources: Resources) -> None:
    for function in ("PredictFunction", "RetrainFunction"):
        for method, path in events(resources, function):
            assert method in ("GET", "POST", "PUT")
            assert "+" not in path


def test_the_document_and_the_template_agree_on_required_keys(resources: Resources) -> None:
    declared = {**events(resources, "PredictFunction"), **events(resources, "RetrainFunction")}
    document = openapi_document()
    documented = {
        (method.upper(), path): operation.get("security", document["security"]) != []
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert {route: declared[route] for route in documented} == documented
    closed = {route for route, key in declared.items() if key}
    assert set(declared) - closed == {("GET", "/health"), ("GET", "/docs"), ("GET", "/openapi.json")}


def test_the_api_requires_the_key_by_default(resources: Resources) -> None:
    assert resources["Api"]["Properties"]["Auth"] == {"ApiKeyRequired": True}
    assert resources["UsagePlanKey"]["Properties"]["KeyId"] == {"Ref": "ApiKey"}
    assert set(resources["UsagePlan"]["Properties"]["Throttle"]) == {"RateLimit", "BurstLimit"}


def test_each_function_has_the_variables_of_its_settings(template: dict[str, Any], resources: Resources) -> None:
    shared = set(template["Globals"]["Function"]["Environment"]["Variables"])
    readers: dict[str, type[BaseModel]] = {
        "PredictFunction": PredictSettings,
        "RetrainFunction": RetrainSettings,
        "TrainFunction": TrainSettings,
    }
    for function, settings in readers.items():
        given = shared | set(resources[function]["Properties"]["Environment"]["Variables"])
        needed = {name.upper() for name, field in settings.model_fields.items() if field.is_required()}
        assert needed <= given, f"{function} lacks {needed - given}"
