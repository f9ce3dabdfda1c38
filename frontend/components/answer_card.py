"""One prediction as a card: species, confidence, probabilities, and a form for the true species."""

from collections.abc import Callable

import streamlit as st

from frontend.api.errors import ApiError
from frontend.charts.predictions import probability_chart
from frontend.components import session
from frontend.components.loaded_history import replace_in_history
from frontend.components.notices import show_error
from frontend.species import SPECIES, species_named
from frontend.wording import (
    UNKNOWN_EXPLAINED,
    describe_animal,
    describe_prediction_set,
    needs_unknown_explained,
    percent,
    probabilities_in_words,
)
from menagerie.prediction import Prediction


def show_answer(
    prediction: Prediction, *, key: str = "answer", on_saved: Callable[[Prediction], None] = lambda _: None
) -> None:
    """Show a stored prediction; `key` tells two cards of one page apart, `on_saved` is told of feedback."""
    species = species_named(prediction.species)
    model = session.known_model(prediction.model_version)
    with st.container(border=True, key=key):
        name, confidence = st.columns([3, 2], vertical_alignment="center")
        name.header(species.title, anchor=False)
        confidence.metric("Confidence", percent(prediction.confidence), help="The probability of this species.")
        st.caption(describe_animal(prediction.animal))
        st.markdown(
            describe_prediction_set(prediction.prediction_set, model.thresholds.target_coverage if model else None),
            help="Split conformal prediction: the set is made so that it holds the true species that often, "
            "counted over many animals.",
        )
        if needs_unknown_explained(prediction):
            st.info(UNKNOWN_EXPLAINED, icon=":material/help:")
        st.altair_chart(
            probability_chart(prediction.probabilities, prediction.prediction_set),
            key=f"{key}_probabilities",
            alt=f"Probabilities: {probabilities_in_words(prediction.probabilities)}",
        )
        show_feedback(prediction, key=key, on_saved=on_saved)
        st.caption(f"Prediction `{prediction.id}`  \nModel `{prediction.model_version}`")


def show_feedback(prediction: Prediction, *, key: str, on_saved: Callable[[Prediction], None]) -> None:
    """Let a person say what it was, or change it; `on_saved` is given the prediction as it is stored now."""
    names = list(SPECIES)
    given = prediction.feedback.species if prediction.feedback else None
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
        unchanged = truth is None or truth == given
        clicked = st.button("Save", key=f"{key}_save_truth", icon=":material/check:", disabled=unchanged)
    if clicked and truth is not None:
        _save(prediction, truth, on_saved)
    elif given is not None:
        right = "The model was right." if given == prediction.species else "The model was wrong."
        st.caption(f"Somebody said it was {species_named(given).phrase}. {right}")


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
