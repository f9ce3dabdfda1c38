"""Every permission in the template is needed: without it an operation fails, with it the operation works."""

import time
from collections.abc import Callable, Iterator

import pytest

from cloud.clients import Clients
from cloud.commands.options import clients_for
from tests.e2e.conftest import Up, client_for
from tests.e2e.permissions import Permission, Roles, permissions, statements
from tests.e2e.probes import CONDITIONS_NOT_EVALUATED, NOT_EVALUATED, PROBES
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
    with client_for(up.wait()) as api:
        uses = Uses(api, clients)
        current = api.get("/models").json()["current"]
        uses.predict()
        with uses.prepared():
            yield uses
            uses.settle()
        api.put("/models/current", json={"version": current})


def test_there_is_a_probe_for_every_permission_of_the_template() -> None:
    assert sorted([*PROBES, *NOT_EVALUATED]) == sorted(permissions())
    assert sorted(CONDITIONS_NOT_EVALUATED) == sorted(
        (role, statement["Sid"]) for role, statement in statements() if "Condition" in statement
    )


@pytest.mark.parametrize("permission", PROBES, ids=str)
def test_an_operation_fails_without_the_permission_and_works_with_it(
    uses: Uses, roles: Roles, permission: Permission
) -> None:
    probe = PROBES[permission]
    others = [probe.also_removed] if probe.also_removed else []
    with roles.without(permission.role, [permission, *others]):
        assert probe.use(uses) == probe.fails
    with roles.without(permission.role, others):
        assert probe.use(uses) == probe.works


@pytest.mark.parametrize(
    ("role", "function", "use"),
    [
        ("PredictRole", "predict", lambda uses: uses.status("GET", "/health")),
        ("RetrainRole", "retrain", lambda uses: uses.status("GET", "/retrain")),
        ("TrainRole", "train", Uses.run),
    ],
)
def test_the_emulator_does_not_evaluate_the_permissions_without_a_probe(
    uses: Uses, roles: Roles, clients: Clients, role: str, function: str, use: Callable[[Uses], object]
) -> None:
    began = int(time.time() * 1000)
    with roles.without(role, [each for each in NOT_EVALUATED if each.role == role]):
        use(uses)
        group = f"/aws/lambda/menagerie-{function}"
        wait_until(
            lambda: clients.logs.filter_log_events(logGroupName=group, startTime=began)["events"],
            what="a log line; if there is none, the emulator now evaluates these permissions: move them to PROBES",
        )


@pytest.mark.parametrize(("role", "sid"), CONDITIONS_NOT_EVALUATED)
def test_the_emulator_does_not_evaluate_the_conditions_without_a_test(
    uses: Uses, roles: Roles, role: str, sid: str
) -> None:
    probe = PROBES[Permission(role, sid, "dynamodb:Query")]
    with roles.with_condition(role, sid, "dynamodb:LeadingKeys", "nobody"):
        assert probe.use(uses) == probe.works, "the emulator now evaluates conditions: test them"
