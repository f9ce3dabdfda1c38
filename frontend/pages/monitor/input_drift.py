"""Drift of recent inputs against the rows of training, and what the number means."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from frontend.api.contract import Prediction, TrainingRows
from frontend.api.errors import ApiError, NotFound
from frontend.charts.drift import FEWEST_ROWS, SOME, STRONG, FeatureDrift, drift_of
from frontend.charts.monitor import drift_chart
from frontend.components import session
from frontend.wording import FIELD_LABELS, counted

REFERENCE = "drift_reference"
REFERENCE_ROWS = 2000
MEANING = (
    f"The population stability index compares the shares of the rows in each bin, before and now. Up to {SOME:g} all "
    f"is as before, above {SOME:g} something drifts, above {STRONG:g} it drifts strongly: train again from rows like "
    "the recent ones. With few rows an index of some size comes by chance; it counts only above that."
)


def show_drift(predictions: Sequence[Prediction]) -> None:
    """Show the index of every feature, and one of them in detail; `predictions` are newest first."""
    st.subheader("Drift of the inputs", anchor=False)
    recent = [prediction.animal for prediction in predictions]
    training = _training_rows()
    if isinstance(training, TrainingRows):
        reference = training.animals
        spread = "" if len(reference) == training.total else f", evenly spread over all {training.total:,} of them"
        told = f"the rows that the current model was trained from{spread}"
    else:
        half = len(recent) // 2
        recent, reference = recent[:half], recent[half:]
        why = "were not kept" if isinstance(training, NotFound) else "cannot be had at the moment"
        told = f"the older half of these predictions, because the rows of the current model's training {why}"
    if min(len(recent), len(reference)) < FEWEST_ROWS:
        st.info(
            f"Drift needs {FEWEST_ROWS} animals on both sides; there are {len(recent)} recent ones and "
            f"{len(reference)} to compare them with.",
            icon=":material/hourglass:",
        )
        return
    drifts = drift_of(reference, recent)
    st.caption(f"{counted(len(recent), 'recent animal')} against {counted(len(reference), 'row')}: {told}.")
    _show_indices(drifts)
    with st.container(border=True):
        picked = st.selectbox(
            "Look at",
            range(len(drifts)),
            format_func=lambda place: FIELD_LABELS[drifts[place].feature],
            key="drift_feature",
            persist_state="session",
            width=220,
        )
        st.altair_chart(drift_chart(drifts[picked]), key="drift_chart", alt="Shares of rows, before and now")


def _show_indices(drifts: Sequence[FeatureDrift]) -> None:
    worst = max(drifts, key=lambda drift: drift.index)
    show = {"as before": st.success, "some drift": st.warning}.get(worst.verdict, st.error)
    show(MEANING, title=f"{FIELD_LABELS[worst.feature]} changed most: {worst.index:.3f}, {worst.verdict}")
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "feature": FIELD_LABELS[drift.feature],
                    "index": drift.index,
                    "by_chance": drift.by_chance,
                    "verdict": drift.verdict,
                }
                for drift in drifts
            ]
        ),
        hide_index=True,
        column_config={
            "feature": st.column_config.TextColumn("Feature"),
            "index": st.column_config.NumberColumn("Stability index", format="%.3f"),
            "by_chance": st.column_config.NumberColumn("By chance up to", format="%.3f"),
            "verdict": st.column_config.TextColumn("What it says"),
        },
        key="drift_table",
        alt="Population stability index of every feature",
    )


def _training_rows() -> TrainingRows | ApiError | None:
    """Return rows of the current model's training, asked for once, or why there are none."""
    reading = session.health()
    health = reading.health
    if health is None:
        return reading.error
    kept = st.session_state.get(REFERENCE)
    if isinstance(kept, TrainingRows) and kept.version == health.model_version:
        return kept
    try:
        with st.spinner("Fetching the rows of training …"):
            rows = session.client().training_rows(health.model_version, REFERENCE_ROWS)
    except ApiError as error:
        return error
    st.session_state[REFERENCE] = rows
    return rows
