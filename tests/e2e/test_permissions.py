"""No permission is spare: without any one of them something breaks, and with it that works again."""

import time
from collections.abc import Callable, Iterator

import pytest

from cloud.clients import Clients
from cloud.commands.target import clients_for
from tests.e2e.conftest import Up, client_of
from tests.e2e.permissions import Permission, Roles, permissions, statements
from tests.e2e.probes import CONDITIONS_NOT_EVALUATED, NOT_ASKED_FOR, PROBES
from tests.e2e.uses import Uses
from tests.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def clients(up: Up) -> Clients:
    return clients_for(up.state_dir)


@pytest.fixture(scope="module")
def roles(clients: Clients) -> Roles:
    return Roles(clients)


@pytest.fixture(scope="module")
def uses(up: Up, clients: Clients) -> Iterator[Uses]:
    with client_of(up.wait()) as api:
        uses = Uses(api, clients)
        current = api.get("/models").json()["current"]
        uses.predict()
        with uses.arranged():
            yield uses
            uses.settle()
        api.put("/models/current", json={"version": current})


def test_every_permission_of_the_template_is_tried_and_no_other() -> None:
    assert sorted([*PROBES, *NOT_ASKED_FOR]) == sorted(permissions())
    assert sorted(CONDITIONS_NOT_EVALUATED) == sorted(
        (role, statement["Sid"]) for role, statement in statements() if "Condition" in statement
    )


@pytest.mark.parametrize("permission", PROBES, ids=str)
def test_without_it_something_breaks_and_with_it_that_works(uses: Uses, roles: Roles, permission: Permission) -> None:
    probe = PROBES[permission]
    given = [probe.given_without] if probe.given_without else []
    with roles.without(permission.role, [permission, *given]):
        assert probe.use(uses) == probe.fails
    with roles.without(permission.role, given):
        assert probe.use(uses) == probe.works


@pytest.mark.parametrize(
    ("role", "function", "use"),
    [
        ("PredictRole", "predict", lambda uses: uses.status("GET", "/health")),
        ("RetrainRole", "retrain", lambda uses: uses.status("GET", "/retrain")),
        ("TrainRole", "train", Uses.run),
    ],
)
def test_the_emulator_still_does_not_ask_for_the_permissions_that_are_not_tried(
    uses: Uses, roles: Roles, clients: Clients, role: str, function: str, use: Callable[[Uses], object]
) -> None:
    began = int(time.time() * 1000)
    with roles.without(role, [each for each in NOT_ASKED_FOR if each.role == role]):
        use(uses)
        group = f"/aws/lambda/menagerie-{function}"
        wait_until(
            lambda: clients.logs.filter_log_events(logGroupName=group, startTime=began)["events"],
            what="a log line; if there is none, they need a permission now: move it to PROBES",
        )


@pytest.mark.parametrize(("role", "sid"), CONDITIONS_NOT_EVALUATED)
def test_the_emulator_still_does_not_evaluate_the_conditions_that_are_not_tried(
    uses: Uses, roles: Roles, role: str, sid: str
) -> None:
    probe = PROBES[Permission(role, sid, "dynamodb:Query")]
    with roles.with_condition(role, sid, "dynamodb:LeadingKeys", "nobody"):
        assert probe.use(uses) == probe.works, "conditions are evaluated now: try them"
