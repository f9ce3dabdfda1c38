"""Read the arrows of Mermaid flowcharts, to compare pictures in documents with what they show."""

import re
from pathlib import Path

_ARROW = re.compile(r"^\s*(\w+)\S*.*? -->(?:\|[^|]*\|)? (\w+)", re.MULTILINE)


def flowcharts(page: Path) -> list[set[tuple[str, str]]]:
    """Return the solid arrows of each flowchart of a page, as pairs of node ids. Dotted arrows are ignored."""
    blocks = re.findall(r"```mermaid\n(flowchart .*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [set(_ARROW.findall(block)) for block in blocks]
