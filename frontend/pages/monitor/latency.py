"""How fast the API answered this dashboard, and how often it failed."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from frontend.api.call_log import Call
from frontend.charts.monitor import latency_chart
from frontend.components import session
from frontend.wording import counted


def show_latency() -> None:
    """Show the calls of all visits to this dashboard since it started, the latest few thousand of them."""
    calls = session.client().calls()
    st.subheader("As this dashboard met it", anchor=False)
    failed = sum(call.failed for call in calls)
    st.caption(
        f"Measured here, on {counted(len(calls), 'call')} of this dashboard since it started; {failed} of them failed. "
        "The way there and back is in it. What the functions wrote is in their logs: `menagerie logs predict`."
    )
    if not calls:
        return
    with st.container(border=True):
        st.altair_chart(
            latency_chart(calls, session.timezone()), key="latency_chart", alt="Milliseconds of every call over time"
        )
    st.dataframe(
        route_frame(calls),
        hide_index=True,
        column_config={
            "route": st.column_config.TextColumn("Route"),
            "calls": st.column_config.NumberColumn("Calls"),
            "failed": st.column_config.NumberColumn("Failed"),
            "median": st.column_config.NumberColumn("Median", format="%.0f ms"),
            "p95": st.column_config.NumberColumn("95 % within", format="%.0f ms"),
        },
        key="latency_table",
        alt="Calls, failures and milliseconds of every route",
    )


def route_frame(calls: Sequence[Call]) -> pd.DataFrame:
    """Return one row a route, most called first: calls, failed, median and 95 % quantile in milliseconds."""
    frame = pd.DataFrame([{"route": c.route, "failed": c.failed, "milliseconds": c.milliseconds} for c in calls])
    grouped = frame.groupby("route")
    told = grouped.agg(
        calls=("failed", "size"),
        failed=("failed", "sum"),
        median=("milliseconds", "median"),
        p95=("milliseconds", lambda values: values.quantile(0.95)),
    )
    return told.sort_values("calls", ascending=False).reset_index()
