"""The filters of the history: species, model and days."""

import streamlit as st

from frontend.api.errors import ApiError
from frontend.components import session
from frontend.components.loaded_history import Question, forget_history
from frontend.species import SPECIES, species_named
from frontend.wording import describe_version


def ask_history() -> Question | None:
    """Return the question that the filters ask, or None if no answer is possible."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        species = st.selectbox(
            "Species",
            list(SPECIES),
            index=None,
            format_func=lambda name: species_named(name).title,
            placeholder="All species",
            key="history_species",
            persist_state="session",
            width=165,
        )
        model = st.selectbox(
            "Model",
            _known_versions(),
            index=None,
            format_func=describe_version,
            placeholder="All models",
            key="history_model",
            persist_state="session",
            width=190,
        )
        first = st.date_input("From", None, format="YYYY-MM-DD", key="history_from", persist_state="session", width=140)
        last = st.date_input("To", None, format="YYYY-MM-DD", key="history_to", persist_state="session", width=140)
        st.button("Refresh", icon=":material/refresh:", on_click=forget_history)
    if first and last and first > last:
        return None
    return Question.of_days(species, first, last, session.timezone(), model)


def _known_versions() -> list[str]:
    try:
        return [model.version for model in session.models().items]
    except ApiError:
        # The page itself says what is wrong; a filter that was set stays.
        kept = st.session_state.get("history_model")
        return [kept] if kept else []
