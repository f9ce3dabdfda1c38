"""Which model is asked: the current one unless the visitor picks another."""

import streamlit as st

from frontend.api.errors import ApiError
from frontend.components import session
from frontend.wording import describe_version

OPEN, PICKED, _WIDGET = "model_choice_open", "model_choice", "model_choice_version"


def choose_model() -> str | None:
    """Return the version that was picked, None for the current one; models are only listed once somebody looks."""
    picked: str | None = st.session_state.get(PICKED)
    label = f"Model of {describe_version(picked)}" if picked else "Current model"
    choice = st.popover(label, icon=":material/model_training:", key=OPEN, on_change="rerun")
    if choice.open:
        with choice:
            st.selectbox(
                "Model that answers",
                _others(picked),
                index=None,
                format_func=describe_version,
                placeholder="The current one",
                key=_WIDGET,
                persist_state="session",
                on_change=_pick,
                help="An older model, or a new one before it is promoted. The answers are stored all the same.",
            )
    return picked


def _pick() -> None:
    st.session_state[PICKED] = st.session_state.get(_WIDGET)


def _others(picked: str | None) -> list[str]:
    try:
        models = session.models()
    except ApiError:
        # The page itself says what is wrong as soon as it asks for something; what was picked stays.
        return [picked] if picked else []
    return [model.version for model in models.items if model.version != models.current or model.version == picked]
