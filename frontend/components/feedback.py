"""What an animal really was, as a person says it."""

from collections.abc import Callable

import streamlit as st

from frontend.api.contract import Prediction
from frontend.api.errors import ApiError
from frontend.components import session
from frontend.components.loaded_history import replace_in_history
from frontend.components.notices import show_error
from frontend.species import SPECIES, species_named


def show_feedback(prediction: Prediction, *, key: str, on_saved: Callable[[Prediction], None]) -> None:
    """Let a person say what it was, or change it; `on_saved` is given the prediction as it is stored now."""
    names = list(SPECIES)
    given = prediction.feedback if prediction.feedback in names else None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        truth = st.selectbox(
            "What was it really?",
            names,
            index=names.index(given) if given else None,
            format_func=lambda name: species_named(name).title,
            placeholder="Say what it was",
            key=f"{key}_truth_{prediction.id}",
            help="It is stored with the prediction, and a training from feedback learns from it.",
            width=220,
        )
        unchanged = truth is None or truth == prediction.feedback
        clicked = st.button("Save", key=f"{key}_save_truth", icon=":material/check:", disabled=unchanged)
    if clicked and truth is not None:
        _save(prediction, truth, on_saved)
    elif prediction.feedback is not None:
        right = "The model was right." if prediction.feedback == prediction.species else "The model was wrong."
        st.caption(f"Somebody said it was {species_named(prediction.feedback).phrase}. {right}")


def _save(prediction: Prediction, truth: str, on_saved: Callable[[Prediction], None]) -> None:
    try:
        with st.spinner("Saving …"):
            saved = session.client().give_feedback(prediction.id, truth)
    except ApiError as error:
        session.forget_health()
        show_error(error)
        return
    replace_in_history(saved)
    on_saved(saved)
    st.toast("Saved, thank you.", icon=":material/check:")
    st.rerun()
