"""Functions that read and use the pages as a visitor does."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest

PREDICT = "predict.py"
HISTORY = "history.py"
MODELS = "models.py"
DATA = "data.py"
MONITOR = "monitor.py"


def go_to(visitor: AppTest, page: str) -> AppTest:
    """Open a page as a click in the navigation does."""
    return visitor.switch_page(page).run()


def press(visitor: AppTest, label: str) -> AppTest:
    """Click the button with a label."""
    (button,) = [button for button in visitor.button if button.label == label]
    return button.click().run()


def texts(visitor: AppTest) -> str:
    """Return all texts on the page, including the sidebar."""
    blocks = (visitor.title, visitor.header, visitor.markdown, visitor.caption, visitor.warning)
    lines = [element.value for block in blocks for element in block]
    alerts = (visitor.error, visitor.info, visitor.success)
    lines += [f"{alert.proto.title} {alert.value}" for kind in alerts for alert in kind]
    lines += [f"{metric.label} {metric.value}" for metric in visitor.metric]
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")


def charts(visitor: AppTest) -> list[dict[str, Any]]:
    """Return the Vega-Lite documents on the page."""
    return [json.loads(chart.proto.spec) for chart in visitor.get("vega_lite_chart")]


def assert_no_traceback(visitor: AppTest) -> None:
    """Check that the page did not raise an exception."""
    assert not visitor.exception, visitor.exception[0].message
