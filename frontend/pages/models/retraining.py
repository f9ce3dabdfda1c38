"""A new training: what from, and when to promote what comes of it."""

import streamlit as st

from frontend.api.errors import ApiError, Conflict
from frontend.api.job_contract import (
    DATA_SERVICE,
    DATASET,
    MAX_DATAPOINTS,
    MAX_SEED,
    PROMOTION_RULES,
    SOURCES,
    TrainingRequest,
)
from frontend.components import session
from frontend.pages.models.training_progress import ERROR, WATCHED, show_progress

_SOURCE_LABELS = {
    "data-service": "Fresh rows from the data service",
    "feedback": "The current model's rows, and what people said",
    "dataset": "A CSV file in the models bucket",
}
_RULE_LABELS = {
    "if-better": "if it is no worse than the current one",
    "always": "in any case",
    "never": "not by itself",
}


def show_retraining() -> None:
    """Lay out the request on the left and the job on the right."""
    ask, watch = st.columns(2, gap="medium")
    with ask, st.container(border=True):
        request = _ask()
        if st.button("Start training", key="retrain", icon=":material/model_training:", type="primary"):
            _start(request)
    with watch, st.container(border=True):
        st.markdown("**Training**")
        show_progress()


def _ask() -> TrainingRequest:
    kind = st.selectbox(
        "Train from",
        SOURCES,
        format_func=lambda kind: _SOURCE_LABELS[kind],
        key="retrain_source",
        persist_state="session",
    )
    seed, rows, key = 42, 1000, ""
    if kind == DATA_SERVICE:
        with st.container(horizontal=True):
            rows = st.number_input(
                "Rows", 100, MAX_DATAPOINTS, 1000, step=500, key="retrain_rows", persist_state="session"
            )
            seed = st.number_input(
                "Seed",
                0,
                MAX_SEED,
                7,
                key="retrain_seed",
                persist_state="session",
                help="The same seed gives the same rows.",
            )
    elif kind == DATASET:
        key = st.text_input(
            "Key of the file", placeholder="datasets/animals.csv", key="retrain_key", persist_state="session"
        )
    promote = st.selectbox(
        "Promote it",
        PROMOTION_RULES,
        format_func=lambda rule: _RULE_LABELS[rule],
        key="retrain_promote",
        persist_state="session",
    )
    return TrainingRequest(kind, promote, seed, rows, key.strip())


def _start(request: TrainingRequest) -> None:
    st.session_state.pop(ERROR, None)
    try:
        with st.spinner("Asking for a training …"):
            st.session_state[WATCHED] = session.client().retrain(request)
    except Conflict as error:
        # Somebody else's training runs: that one is what there is to see.
        st.session_state.pop(WATCHED, None)
        st.session_state[ERROR] = error
    except ApiError as error:
        st.session_state[ERROR] = error
        session.forget_health()
