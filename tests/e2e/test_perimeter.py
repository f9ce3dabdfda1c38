"""The embedded cloud accepts valid AWS signatures and API keys, and refuses requests of web pages."""

from typing import Any

import boto3
import httpx2
import pytest
from botocore.auth import HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from cloud.commands.options import clients_for
from cloud.local.services import ACCOUNT, REGION
from cloud.state.directory import StackAddresses, StateDirectory
from tests.e2e.conftest import Up
from tests.raw_http import exchange, handshake
from tests.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

FORGED = (
    f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={ACCOUNT}/20260101/{REGION}/apigateway/aws4_request"
    "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
)
PAGES = {
    "another site": ("Host: {own}", "Origin: https://evil.example"),
    "another port": ("Host: {own}", "Origin: http://127.0.0.1:1"),
    "rebound name": ("Host: evil.example", "Origin: http://evil.example"),
    "no origin": ("Host: {own}", "Sec-Fetch-Site: cross-site"),
    "two hosts": ("Host: {own}", "Host: evil.example"),
    "no host": (),
}


@pytest.fixture
def credentials(up: Up) -> Credentials:
    return Credentials(ACCOUNT, StateDirectory.open(up.state_dir).secret("emulator-secret-key"))


def is_forbidden(answer: httpx2.Response) -> bool:
    cors = [name for name in answer.headers if name.startswith("access-control-")]
    return answer.status_code == 403 and answer.json()["title"] == "Forbidden" and not cors


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/apikeys?includeValues=true"),
        pytest.param("GET", f"/apikeys?includeValues=true&{FORGED}", id="GET-forged query"),
        ("GET", f"/apikeys?includeValues=true&AWSAccessKeyId={ACCOUNT}&Signature=00&Expires=99999999999"),
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("POST", "/2015-03-31/functions"),
        ("POST", "/2015-03-31/functions/menagerie-predict/invocations"),
        ("GET", "/"),
        ("OPTIONS", "/"),
    ],
)
def test_a_request_without_a_valid_signature_is_forbidden(up: Up, api: httpx2.Client, method: str, path: str) -> None:
    url = up.wait().endpoint_url + path
    forged = f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/{REGION}/lambda/aws4_request"
    for headers in (
        {},
        {"Authorization": f"{forged}, SignedHeaders=host, Signature=00", "X-Amz-Date": "20260101T000000Z"},
    ):
        assert is_forbidden(httpx2.request(method, url, headers=headers))
    assert api.get("/models").json()["current"]


@pytest.mark.parametrize("who", PAGES)
def test_a_page_of_another_origin_stores_no_prediction_even_with_the_key(
    addresses: StackAddresses, api: httpx2.Client, who: str
) -> None:
    before = api.get("/predictions").json()
    own, path = addresses.endpoint_url.removeprefix("http://"), addresses.api_url.removeprefix(addresses.endpoint_url)
    body = b'{"animals": [{"walks_on_n_legs": 4, "height": 3, "weight": 4000, "has_wings": false, "has_tail": true}]}'
    headers = [f"x-api-key: {addresses.api_key}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    page = [header.format(own=own) for header in PAGES[who]]
    version = "HTTP/1.1" if page else "HTTP/1.0"
    answer = exchange(addresses.endpoint_url, f"POST {path}/predict {version}", *page, *headers, body=body)
    # A request with two hosts is invalid HTTP; the server refuses it before the application sees it.
    assert answer.status in ((400, 403) if who == "two hosts" else (403,))
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert api.get("/predictions").json() == before


@pytest.mark.parametrize("who", PAGES)
def test_a_page_of_another_origin_cannot_read_the_data_service(up: Up, who: str) -> None:
    url = up.wait().data_service_url
    page = [header.format(own=url.removeprefix("http://")) for header in PAGES[who]]
    version = "HTTP/1.1" if page else "HTTP/1.0"
    answer = exchange(url, f"POST /api/v1/animals/data {version}", *page, "Content-Length: 0")
    assert answer.status in ((400, 403) if who == "two hosts" else (403,))


def test_an_address_in_the_request_line_does_not_replace_the_host(up: Up) -> None:
    url = up.wait().endpoint_url
    own = url.removeprefix("http://")
    assert exchange(url, f"GET {url}/_ministack/health HTTP/1.1", "Host: evil.example").status == 403
    assert exchange(url, "GET http://evil.example/apikeys HTTP/1.1", f"Host: {own}").status == 403


def test_a_websocket_is_forbidden(addresses: StackAddresses) -> None:
    own, path = addresses.endpoint_url.removeprefix("http://"), addresses.api_url.removeprefix(addresses.endpoint_url)
    for origin in (addresses.endpoint_url, "http://127.0.0.1:1"):
        assert handshake(addresses.endpoint_url, path, f"Host: {own}", f"Origin: {origin}") == 403


def test_responses_have_no_cors_headers(addresses: StackAddresses) -> None:
    for url in (
        f"{addresses.api_url}/health",
        f"{addresses.api_url}/docs",
        f"{addresses.endpoint_url}/_ministack/health",
    ):
        answer = httpx2.get(url, headers={"Origin": addresses.endpoint_url})
        assert answer.status_code == 200
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_presigned_url_works_unchanged_until_it_expires(up: Up, credentials: Credentials, version: str) -> None:
    bucket = clients_for(up.state_dir).s3.list_buckets()["Buckets"][0]["Name"]
    session = boto3.Session(credentials.access_key, credentials.secret_key, region_name=REGION)
    s3: Any = session.client("s3", endpoint_url=up.wait().endpoint_url, config=Config(signature_version=version))

    def url(operation: str, key: str, seconds: int = 60) -> str:
        signed: str = s3.generate_presigned_url(operation, Params={"Bucket": bucket, "Key": key}, ExpiresIn=seconds)
        return signed

    assert httpx2.put(url("put_object", "perimeter/a b.csv"), content=b"1,2").status_code == 200
    valid = url("get_object", "perimeter/a b.csv")
    assert httpx2.get(valid).content == b"1,2"
    assert is_forbidden(httpx2.get(valid.replace("a%20b", "another")))
    assert is_forbidden(httpx2.delete(valid))
    assert is_forbidden(httpx2.get(valid[:-4] + "0000"))
    short = url("get_object", "perimeter/a b.csv", 1)
    wait_until(lambda: is_forbidden(httpx2.get(short)), what="the URL to expire", retry_on=ValueError)
    clients_for(up.state_dir).s3.delete_object(Bucket=bucket, Key="perimeter/a b.csv")


def test_an_expired_presigned_url_is_refused(up: Up, credentials: Credentials) -> None:
    request = AWSRequest("GET", f"{up.wait().endpoint_url}/")
    HmacV1QueryAuth(credentials, expires=-60).add_auth(request)
    assert is_forbidden(httpx2.get(str(request.url)))


def test_only_credentials_that_sts_issued_are_accepted(up: Up, credentials: Credentials) -> None:
    endpoint = up.wait().endpoint_url
    root = boto3.Session(credentials.access_key, credentials.secret_key, region_name=REGION)
    issued = root.client("sts", endpoint_url=endpoint).get_session_token()["Credentials"]

    def functions(secret: str, token: str | None) -> set[str]:
        session = boto3.Session(issued["AccessKeyId"], secret, token, region_name=REGION)
        found = session.client("lambda", endpoint_url=endpoint).list_functions()["Functions"]
        return {function["FunctionName"] for function in found}

    assert "menagerie-predict" in functions(issued["SecretAccessKey"], issued["SessionToken"])
    for secret, token in ((credentials.secret_key, issued["SessionToken"]), (issued["SecretAccessKey"], None)):
        with pytest.raises(ClientError, match="403"):
            functions(secret, token)
