"""The permissions of template.yaml one by one, and the deployed roles without one of them."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from cloud.clients import Clients
from cloud.deployment import STACK_NAME
from cloud.resources import TEMPLATE

Statement = dict[str, Any]


@dataclass(frozen=True, order=True)
class Permission:
    """One action of a statement, on one of its resources."""

    role: str
    sid: str
    action: str
    resource: str = ""
    """Only where a statement names several: how this one ends."""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.role, self.sid, self.action, self.resource)))


def listed(value: Any) -> list[Any]:
    """Return what a policy gives as one or as several, as several."""
    return value if isinstance(value, list) else [value]


def _end(resource: Any) -> str:
    # In the template a !Sub, deployed an ARN; behind the bucket's name both read the same.
    return str(resource.get("Fn::Sub") if isinstance(resource, dict) else resource).partition("/")[2]


def statements() -> Iterator[tuple[str, Statement]]:
    """Yield each statement of the template with the role that it belongs to."""
    resources: Mapping[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            assert not resource["Properties"].get("ManagedPolicyArns"), f"{name} may do what nobody wrote down here"
            for policy in resource["Properties"]["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement


def permissions() -> list[Permission]:
    """Return every permission that the template gives."""
    found = []
    for role, statement in statements():
        resources = listed(statement["Resource"])
        ends = [_end(each) for each in resources] if len(resources) > 1 else [""]
        found += [Permission(role, statement["Sid"], a, end) for a in listed(statement["Action"]) for end in ends]
    assert len(set(found)) == len(found), "statements of a role need different names"
    return found


class Roles:
    """The roles of the deployed stack."""

    def __init__(self, clients: Clients) -> None:
        self._iam = clients.session.client("iam", endpoint_url=clients.endpoint_url)
        self._stack = clients.cloudformation

    @contextmanager
    def without(self, role: str, taken: list[Permission]) -> Iterator[None]:
        """Take permissions of a role away for as long as the block runs."""

        def change(document: list[Statement]) -> None:
            for permission in taken:
                _take(document, permission)

        with self._changed(role, change):
            yield

    @contextmanager
    def with_condition(self, role: str, sid: str, key: str, value: str) -> Iterator[None]:
        """Let the condition of a statement ask for another value for as long as the block runs."""

        def change(document: list[Statement]) -> None:
            (statement,) = [each for each in document if each["Sid"] == sid]
            (keys,) = statement["Condition"].values()
            assert key in keys
            keys[key] = [value]

        with self._changed(role, change):
            yield

    @contextmanager
    def _changed(self, role: str, change: Callable[[list[Statement]], None]) -> Iterator[None]:
        described = self._stack.describe_stack_resource(StackName=STACK_NAME, LogicalResourceId=role)
        name = described["StackResourceDetail"]["PhysicalResourceId"]
        (policy,) = self._iam.list_role_policies(RoleName=name)["PolicyNames"]
        where = {"RoleName": name, "PolicyName": policy}
        whole = self._iam.get_role_policy(**where)["PolicyDocument"]
        document = copy.deepcopy(whole)
        change(document["Statement"])
        self._iam.put_role_policy(**where, PolicyDocument=json.dumps(document))
        try:
            yield
        finally:
            self._iam.put_role_policy(**where, PolicyDocument=json.dumps(whole))


def _take(document: list[Statement], permission: Permission) -> None:
    (statement,) = [each for each in document if each["Sid"] == permission.sid]
    if permission.resource:
        kept = [each for each in listed(statement["Resource"]) if _end(each) != permission.resource]
        assert len(kept) == len(listed(statement["Resource"])) - 1
        statement["Resource"] = kept
        return
    actions = listed(statement["Action"])
    actions.remove(permission.action)
    statement["Action"] = actions
    if not actions:
        document.remove(statement)
