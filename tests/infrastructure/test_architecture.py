"""The picture of the data flow in docs/architecture.md agrees with template.yaml."""

import json
import re
from typing import Any

from cloud.resources import TEMPLATE
from tests.mermaid import flowcharts

Resources = dict[str, Any]
Arrow = tuple[str, str]


def referenced(value: Any) -> set[str]:
    """Return the logical ids in `Ref`, `Fn::GetAtt` and `Fn::Sub` below a value."""
    text = json.dumps(value)
    return {
        name
        for pattern in (r'"Ref": "(\w+)"', r'"Fn::GetAtt": \["(\w+)"', r"\$\{(\w+)\.Arn\}")
        for name in re.findall(pattern, text)
    }


def declared_arrows(resources: Resources) -> set[Arrow]:
    """Return who may invoke or use what: API and rules to functions, functions to what their roles name."""
    arrows = set()
    for name, resource in resources.items():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::Serverless::Function":
            [role] = referenced(properties["Role"])
            for policy in resources[role]["Properties"]["Policies"]:
                used = {each for part in policy["PolicyDocument"]["Statement"] for each in referenced(part["Resource"])}
                arrows |= {(name, each) for each in used if resources[each]["Type"] != "AWS::Logs::LogGroup"}
            arrows |= {
                (event["Properties"]["RestApiId"]["Ref"], name) for event in properties.get("Events", {}).values()
            }
        if resource["Type"] == "AWS::Events::Rule":
            arrows |= {(name, target) for target in referenced(properties["Targets"])}
            sources = referenced([properties.get("EventBusName"), properties.get("EventPattern")])
            arrows |= {(source, name) for source in sources}
    return arrows


def test_the_picture_has_the_arrows_of_the_template(resources: Resources) -> None:
    _, picture = flowcharts(TEMPLATE.parent / "docs" / "architecture.md")
    drawn = {arrow for arrow in picture if set(arrow) <= set(resources)}
    assert drawn == declared_arrows(resources)


def test_the_picture_shows_every_function(resources: Resources) -> None:
    _, picture = flowcharts(TEMPLATE.parent / "docs" / "architecture.md")
    functions = {name for name, each in resources.items() if each["Type"] == "AWS::Serverless::Function"}
    assert functions <= {node for arrow in picture for node in arrow}
