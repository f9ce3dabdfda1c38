"""Which routes each API key may use, through the gateway."""

import httpx2
import pytest

from cloud.commands.up import curl_line
from cloud.state.directory import StackAddresses
from tests.e2e.test_routes import PROTECTED, is_problem

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

OPERATORS = {("POST", "/retrain"), ("PUT", "/models/current")}


@pytest.mark.usefixtures("api_keys_are_checked")
@pytest.mark.parametrize(("method", "path"), PROTECTED)
@pytest.mark.parametrize("key", ["none", "wrong", "client", "operator"])
def test_a_key_may_use_its_routes_and_no_others(addresses: StackAddresses, method: str, path: str, key: str) -> None:
    keys = {"wrong": "wrong", "client": addresses.client_api_key, "operator": addresses.api_key}
    headers = {"x-api-key": keys[key]} if key in keys else {}
    # The body is invalid on every route, so nothing changes.
    body = b"{" if method != "GET" else None
    answer = httpx2.request(method, addresses.api_url + path, headers=headers, content=body, timeout=30.0)
    if key in ("none", "wrong"):
        assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})
    elif key == "client" and (method, path) in OPERATORS:
        assert "operator" in is_problem(answer, 403)["detail"]
    else:
        assert answer.status_code in (200, 404, 422)


def test_the_curl_line_has_the_clients_key(addresses: StackAddresses) -> None:
    line = curl_line(addresses)
    assert addresses.client_api_key in line
    assert addresses.api_key not in line
    assert addresses.client_api_key != addresses.api_key
