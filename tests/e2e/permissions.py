"""List the permissions of template.yaml, and remove single ones from the deployed roles."""

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
    """The part of the ARN behind the bucket, if the statement has several resources."""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.role, self.sid, self.action, self.resource)))


def listed(value: Any) -> list[Any]:
    """Return a policy's value as a list; policies may have a single value instead."""
    return value if isinstance(value, list) else [value]


def _end(resource: Any) -> str:
    # The template has a !Sub and the deployed role an ARN; they agree behind the bucket's name.
    return str(resource.get("Fn::Sub") if isinstance(resource, dict) else resource).partition("/")[2]


def statements() -> Iterator[tuple[str, Statement]]:
    """Yield the role and the statement, for each statement in the template."""
    resources: Mapping[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            assert not resource["Properties"].get("ManagedPolicyArns"), (
                f"{name} has a managed policy, which these tests do not list"
            )
            for policy in resource["Properties"]["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement


def permissions() -> list[Permission]:
    """Return every permission in the template."""
    found = []
    for role, statement in statements():
        resources = listed(statement["Resource"])
        ends = [_end(each) for each in resources] if len(resources) > 1 else [""]
        found += [Permission(role, statement["Sid"], a, end) for a in listed(statement["Action"]) for end in ends]
    assert len(set(found)) == len(found), "two statements of a role have the same Sid"
    return found


class Roles:
    """The roles of the deployed stack."""

    def __init__(self, clients: Clients) -> None:
        self._iam = clients.session.client("iam", endpoint_url=clients.endpoint_url)
        self._stack = clients.cloudformation

    @contextmanager
    def without(self, role: str, removed: list[Permission]) -> Iterator[None]:
        """Remove permissions from a role while the block runs."""

        def change(document: list[Statement]) -> None:
            for permission in removed:
                _remove(document, permission)

        with self._changed(role, change):
            yield

    @contextmanager
    def with_condition(self, role: str, sid: str, key: str, value: str) -> Iterator[None]:
        """Change the required value in the condition of a statement while the block runs."""

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


def _remove(document: list[Statement], permission: Permission) -> None:
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
