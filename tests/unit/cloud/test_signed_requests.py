"""Only requests with valid signatures, and routes that need none, get to an emulated AWS."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from cloud.perimeter.signed_requests import SignedRequestsMiddleware
from tests.asgi import Answer, Headers, Service, ask

ENDPOINT = "http://127.0.0.1:4566"
KEYS = {("000000000000", ""): "root-secret", ("ASIAFUNCTION", "token"): "function-secret"}
ROOT = ("000000000000", "root-secret", None)
FUNCTION = ("ASIAFUNCTION", "function-secret", "token")

Sent = tuple[str, str, Headers, bytes]
"""Method, target, headers and body of a request."""


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def app(service: Service) -> SignedRequestsMiddleware:
    return SignedRequestsMiddleware(service, lambda key, token: KEYS.get((key, token)))


def client(name: str, key: str, secret: str, token: str | None, **config: Any) -> Any:
    session = boto3.Session(key, secret, token, region_name="eu-west-1")
    make: Callable[..., Any] = session.client
    return make(name, endpoint_url=ENDPOINT, config=Config(**config))


def sent_by(name: str, operation: str, arguments: dict[str, Any], credentials: tuple[str, str, str | None]) -> Sent:
    """Return what boto3 sends for a call."""
    sender, caught = client(name, *credentials, retries={"total_max_attempts": 1}), []

    def catch(request: Any, **_: object) -> None:
        caught.append(request)
        raise InterruptedError

    sender.meta.events.register("before-send", catch)
    with pytest.raises(InterruptedError):
        getattr(sender, operation)(**arguments)
    (request,) = caught
    body = request.body
    body = body.read() if hasattr(body, "read") else body or b""
    text = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
    headers = [*text.items(), ("Host", "127.0.0.1:4566")]
    return (
        request.method,
        request.url.removeprefix(ENDPOINT),
        headers,
        body if isinstance(body, bytes) else body.encode(),
    )


def send(app: SignedRequestsMiddleware, sent: Sent) -> Answer:
    return ask(app, *sent)


CALLS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "JSON": ("dynamodb", "get_item", {"TableName": "t", "Key": {"pk": {"S": "ü"}}}),
    "a form": ("iam", "list_users", {}),
    "a path with an ARN": (
        "lambda",
        "invoke",
        {"FunctionName": "arn:aws:lambda:eu-west-1:0:function:f", "Payload": b"{}"},
    ),
    "a query": ("apigateway", "get_api_keys", {"includeValues": True, "limit": 5}),
    "an object": (
        "s3",
        "put_object",
        {"Bucket": "b-1", "Key": "a b/ü+*~.csv", "Body": b"1,2", "Metadata": {"a": "b  c"}},
    ),
    "a list of objects": ("s3", "list_objects_v2", {"Bucket": "b-1", "Prefix": "a/ +&=", "StartAfter": ""}),
    "an object of a name like a parent": ("s3", "get_object", {"Bucket": "b-1", "Key": "a/./b"}),
}


@pytest.mark.parametrize("who", [ROOT, FUNCTION], ids=["root", "function"])
@pytest.mark.parametrize("call", CALLS)
def test_a_request_signed_by_boto3_is_served_with_its_body(
    app: SignedRequestsMiddleware, service: Service, call: str, who: tuple[str, str, str | None]
) -> None:
    sent = sent_by(*CALLS[call], who)
    assert send(app, sent).status == 200
    assert (service.requests, service.body) == (1, sent[3])


@pytest.mark.parametrize("call", CALLS)
def test_a_changed_request_is_refused(app: SignedRequestsMiddleware, service: Service, call: str) -> None:
    method, target, headers, body = sent_by(*CALLS[call], ROOT)
    changed: list[Sent] = [
        ("DELETE", target, headers, body),
        (method, "/other", headers, body),
        (method, target + ("&" if "?" in target else "?") + "x=1", headers, body),
        (method, target, headers, body + b"x"),
        (method, target, [*headers, ("X-Amz-Target", "DynamoDB_20120810.DeleteTable")], body),
        (method, target, [*headers, ("X-Amz-Copy-Source", "/b-1/other")], body),
        (method, target, [h for h in headers if h[0] != "Host"] + [("Host", "localhost:4566")], body),
        (method, target, [*headers, ("Authorization", "AWS4-HMAC-SHA256 Credential=a")], body),
        (method, target, [h for h in headers if h[0] != "Authorization"], body),
    ]
    assert [send(app, each).status for each in changed] == [403] * len(changed)
    assert service.requests == 0


@pytest.mark.parametrize(
    "credentials",
    [
        ("000000000000", "wrong", None),
        ("000000000000", "root-secret", "a token that root has not"),
        ("test", "root-secret", None),
        ("111111111111", "root-secret", None),
        ("ASIAFUNCTION", "function-secret", None),
        ("ASIAFUNCTION", "function-secret", "another token"),
        ("ASIAFUNCTION", "root-secret", "token"),
    ],
)
def test_other_credentials_are_refused(
    app: SignedRequestsMiddleware, service: Service, credentials: tuple[str, str, str | None]
) -> None:
    assert send(app, sent_by(*CALLS["a query"], credentials)).status == 403
    assert service.requests == 0


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_signature_of_another_time_is_refused(service: Service, minutes: int) -> None:
    app = SignedRequestsMiddleware(
        service, lambda *_: "root-secret", now=lambda: datetime.now(UTC) + timedelta(minutes=minutes)
    )
    assert send(app, sent_by(*CALLS["JSON"], ROOT)).status == 403
    assert service.requests == 0


OPEN = [
    ("GET", "/_ministack/health"),
    ("GET", "/_localstack/health"),
    ("GET", "/_aws/execute-api/abc123/v1/predictions?limit=5"),
    ("POST", "/_aws/execute-api/abc123/v1/predict"),
    ("GET", "/_aws/execute-api/abc123/v1"),
    ("GET", "/restapis/abc123/v1/_user_request_/health"),
]
CLOSED = [
    ("POST", "/_ministack/reset"),
    ("POST", "/_ministack/config"),
    ("POST", "/_ministack/health"),
    ("GET", "/_ministack/lambda-code/predict"),
    ("PUT", "/_ministack/cfn-response/x"),
    ("GET", "/apikeys?includeValues=true"),
    ("GET", "/"),
    ("OPTIONS", "/"),
    ("GET", "/bucket/key"),
    ("POST", "/2015-03-31/functions"),
    ("POST", "/WriteGetObjectResponse"),
    ("GET", "/_aws/execute-api/"),
    ("GET", "/_aws/execute-api/abc123"),
    ("GET", "/_aws/execute-api//v1/predict"),
    ("GET", "/_aws/execute-api/abc123//predict"),
    ("POST", "/_aws/execute-api/abc123/v1/@connections/1"),
    ("GET", "//_aws/execute-api/abc123/v1/predict"),
    ("GET", "/_aws/lambda-url/abc/"),
    ("GET", "/restapis/abc123/v1/predict"),
    ("GET", "/restapis/abc123"),
    ("GET", "http://127.0.0.1/_aws/execute-api/abc123/v1/health"),
]


@pytest.mark.parametrize(("method", "target"), OPEN)
def test_the_apis_routes_and_health_need_no_signature(
    app: SignedRequestsMiddleware, service: Service, method: str, target: str
) -> None:
    assert ask(app, method, target, [("Host", "localhost:4566")]).status == 200
    assert service.requests == 1


@pytest.mark.parametrize(("method", "target"), CLOSED)
def test_every_other_path_needs_a_signature(
    app: SignedRequestsMiddleware, service: Service, method: str, target: str
) -> None:
    assert ask(app, method, target, [("Host", "localhost:4566")]).status == 403
    assert service.requests == 0


def test_websockets_are_refused(app: SignedRequestsMiddleware, service: Service) -> None:
    assert ask(app, target="/_aws/execute-api/abc123/v1", kind="websocket").status == 403
    assert service.requests == 0


def presigned(credentials: tuple[str, str, str | None], version: str, operation: str = "get_object") -> str:
    url: str = client("s3", *credentials, signature_version=version).generate_presigned_url(
        operation, Params={"Bucket": "b-1", "Key": "a b/ü.csv"}, ExpiresIn=60
    )
    return url.removeprefix(ENDPOINT)


HOST: Headers = [("Host", "127.0.0.1:4566")]


@pytest.mark.parametrize("version", ["s3v4", "s3"])
@pytest.mark.parametrize("who", [ROOT, FUNCTION], ids=["root", "function"])
def test_a_presigned_url_works_as_it_was_signed(
    app: SignedRequestsMiddleware, service: Service, who: tuple[str, str, str | None], version: str
) -> None:
    assert ask(app, "GET", presigned(who, version), HOST).status == 200
    assert ask(app, "PUT", presigned(who, version, "put_object"), HOST, b"1,2,3").status == 200
    assert (service.requests, service.body) == (2, b"1,2,3")


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_presigned_url_works_for_nothing_else(app: SignedRequestsMiddleware, service: Service, version: str) -> None:
    url = presigned(ROOT, version, "put_object")
    form = ("Content-Type", "application/x-www-form-urlencoded")
    signature = "Signature=" if version == "s3" else "X-Amz-Signature="
    head, _, tail = url.partition(signature)
    attempts = [
        ("DELETE", url, HOST),
        ("PUT", url.replace("a%20b", "a%20c"), HOST),
        ("PUT", url + "&Action=ListUsers", HOST),
        ("PUT", url + "&versionId=1", HOST),
        ("PUT", url, [*HOST, form]),
        ("PUT", url, [*HOST, ("x-amz-copy-source", "/b-1/other")]),
        ("PUT", url, [*HOST, ("Authorization", "AWS4-HMAC-SHA256 Credential=a")]),
        ("PUT", f"{head}{signature}00", HOST),
        ("PUT", f"{head}{signature}{tail}&{signature}{tail}", HOST),
        ("PUT", head.rstrip("&?"), HOST),
        ("PUT", url.replace("000000000000", "test"), HOST),
        ("PUT", f"{urlsplit(url).path}#?{urlsplit(url).query}", HOST),
    ]
    assert [ask(app, method, target, headers).status for method, target, headers in attempts] == [403] * len(attempts)
    assert service.requests == 0


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_presigned_url_expires(service: Service, version: str) -> None:
    url = presigned(ROOT, version)
    now = datetime.now(UTC)

    def at(seconds: float) -> int:
        moment = now + timedelta(seconds=seconds)
        return ask(
            SignedRequestsMiddleware(service, lambda *_: "root-secret", now=lambda: moment), "GET", url, HOST
        ).status

    assert (at(30), at(90)) == (200, 403)


def test_a_url_without_a_valid_duration_is_refused(app: SignedRequestsMiddleware) -> None:
    def url(expires: Any) -> str:
        request = AWSRequest("GET", f"{ENDPOINT}/apikeys")
        SigV4QueryAuth(Credentials(*ROOT[:2]), "apigateway", "eu-west-1", expires).add_auth(request)
        return str(request.url).removeprefix(ENDPOINT)

    statuses = [ask(app, "GET", url(expires), HOST).status for expires in (604800, 604801, 0, -5, "x", "")]
    assert statuses == [200, 403, 403, 403, 403, 403]


SCOPE = "20260101/eu-west-1/apigateway/aws4_request"
MADE_UP_QUERIES = {
    "complete": (
        f"includeValues=true&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=000000000000/{SCOPE}"
        "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
    ),
    "a key alone": "X-Amz-Credential=000000000000",
    "in small letters": f"x-amz-credential=000000000000/{SCOPE}&x-amz-signature=00",
    "version 2": "AWSAccessKeyId=000000000000&Signature=00&Expires=99999999999",
    "version 2 for ever": "AWSAccessKeyId=000000000000&Signature=00&Expires=never",
    "version 2, a key alone": "AWSAccessKeyId=000000000000",
    "no text": "X-Amz-Signature=%ff%fe",
}


@pytest.mark.parametrize("query", MADE_UP_QUERIES)
def test_an_invalid_query_is_refused(app: SignedRequestsMiddleware, service: Service, query: str) -> None:
    assert ask(app, "GET", f"/apikeys?{MADE_UP_QUERIES[query]}", HOST).status == 403
    assert service.requests == 0


V4, KEY_SCOPE = "AWS4-HMAC-SHA256", "000000000000/20260101/eu-west-1/s3/aws4_request"
OTHER_AUTHORIZATIONS = {
    "empty": "",
    "basic": "Basic dGVzdDp0ZXN0",
    "version 2": "AWS 000000000000:signature",
    "nothing behind the name": V4,
    "a strange scope": f"{V4} Credential=a/b/c/d/e, SignedHeaders=host, Signature=é",
    "no signed header": f"{V4} Credential={KEY_SCOPE}, SignedHeaders=, Signature=00",
    "version 4a": f"AWS4-ECDSA-P256-SHA256 Credential={KEY_SCOPE}, SignedHeaders=host, Signature=00",
}


@pytest.mark.parametrize("authorization", OTHER_AUTHORIZATIONS)
def test_another_authorization_scheme_is_refused(
    app: SignedRequestsMiddleware, service: Service, authorization: str
) -> None:
    headers = [*HOST, ("Authorization", OTHER_AUTHORIZATIONS[authorization]), ("X-Amz-Date", "20260101T000000Z")]
    assert ask(app, "GET", "/", headers).status == 403
    assert service.requests == 0
