"""Read the metric filter patterns of CloudWatch Logs that template.yaml uses."""

import re

from samtranslator.yaml_helper import yaml_parse

from cloud.resources import TEMPLATE


def metric_filter(pattern: str) -> dict[str, str]:
    """Return the fields and values that a pattern `{ $.field = "value" && … }` requires of a log line."""
    conditions = re.fullmatch(r"\{ (.*) \}", pattern)
    assert conditions, pattern
    pairs = [re.fullmatch(r'\$\.(\w+) = "([^"]*)"', condition) for condition in conditions[1].split(" && ")]
    return {pair[1]: pair[2] for pair in pairs if pair}


def failed_trainings() -> dict[str, str]:
    """Return the fields of a log line that template.yaml counts as a failed training."""
    resources = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    return metric_filter(resources["FailedTrainings"]["Properties"]["FilterPattern"])
