"""Events of a REST API of API Gateway, and the responses that it makes of the result of a function."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from mangum import Mangum


class Context:
    """The attributes of Lambda's context that the functions read."""

    aws_request_id = "11111111-2222-3333-4444-555555555555"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@dataclass(frozen=True)
class Answer:
    """The response to a client."""

    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


def event(
    method: str,
    target: str,
    *,
    resource: str | None = None,
    body: str | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Return the event of a request; `resource` is the route in template.yaml, if it has parameters."""
    headers = {"content-type": "application/json"} if headers is None else headers
    path, _, query = target.partition("?")
    parameters = parse_qs(query, keep_blank_values=True)
    return {
        "resource": resource or path,
        "path": path,
        "httpMethod": method,
        "headers": {"host": "abc.execute-api.us-east-1.amazonaws.com", **headers},
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in parameters.items()} or None,
        "multiValueQueryStringParameters": parameters or None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {"path": f"/v1{path}", "stage": "v1", "identity": {"sourceIp": "127.0.0.1"}},
        "body": body,
        "isBase64Encoded": False,
    }


def call(handler: Mangum, method: str, target: str, *, json_body: Any = None, **how: Any) -> Answer:
    """Send a request through a function's handler."""
    if json_body is not None:
        how["body"] = json.dumps(json_body)
    result = handler(event(method, target, **how), Context())  # type: ignore[arg-type]  # what is read of a context
    assert result["isBase64Encoded"] is False, "a REST API without binary types would pass this on as base64"
    return Answer(result["statusCode"], result["headers"], result["body"])
