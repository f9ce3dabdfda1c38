"""The parsed template.yaml."""

from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from cloud.resources import TEMPLATE


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    document: dict[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]
    return found
