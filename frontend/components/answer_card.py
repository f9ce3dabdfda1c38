"""One prediction as a card: species, confidence, probabilities, and a form for the true species."""

from collections.abc import Callable

import streamlit as st

from frontend.api.errors import ApiError
from frontend.charts.predictions import probability_chart
from frontend.components import session
from frontend.components.loaded_history import update_cached_prediction
from frontend.components.notices import show_error
from frontend.wording import (
    UNKNOWN_EXPLAINED,
    describe_animal,
    describe_prediction_set,
    needs_unknown_explained,
    percent,
    probabilities_in_words,
    with_icon,
)
from menagerie.animal import CLASSES, Species
from menagerie.prediction import Prediction


def show_answer(
    prediction: Prediction, *, key: str = "answer", on_saved: Callable[[Prediction], None] = lambda _: None
) -> None:
    """Show a stored prediction; `key` is unique on the page, `on_saved` receives the prediction with new feedback."""
    model = session.known_model(prediction.model_version)
    with st.container(border=True, key=key):
        name, confidence = st.columns([3, 2], vertical_alignment="center")
        name.header(with_icon(prediction.species), anchor=False)
        confidence.metric("Confidence", percent(prediction.confidence), help="Probability of this species.")
        st.caption(describe_animal(prediction.animal))
        st.markdown(
            describe_prediction_set(prediction.prediction_set, model.thresholds.target_coverage if model else None),
            help="Split conformal prediction: over many animals, the coverage is the share of prediction sets that "
            "contain the true species.",
        )
        if needs_unknown_explained(prediction):
            st.info(UNKNOWN_EXPLAINED, icon=":material/help:")
        st.altair_chart(
            probability_chart(prediction.probabilities, prediction.prediction_set),
            key=f"{key}_probabilities",
            alt=f"Probabilities: {probabilities_in_words(prediction.probabilities)}",
        )
        _show_feedback(prediction, key=key, on_saved=on_saved)
        st.caption(f"Prediction `{prediction.id}`  \nModel `{prediction.model_version}`")


def _show_feedback(prediction: Prediction, *, key: str, on_saved: Callable[[Prediction], None]) -> None:
    """Lay out a form for the true species; `on_saved` receives the prediction as it is stored then."""
    given = prediction.feedback.species if prediction.feedback else None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        truth = st.selectbox(
            "True species",
            CLASSES,
            index=CLASSES.index(given) if given else None,
            format_func=with_icon,
            placeholder="Select a species",
            key=f"{key}_truth_{prediction.id}",
            help="Stored with the prediction and used by trainings from feedback.",
            width=220,
        )
        unchanged = truth is None or truth == given
        clicked = st.button("Save", key=f"{key}_save_truth", icon=":material/check:", disabled=unchanged)
    if clicked and truth is not None:
        _save(prediction, truth, on_saved)
    elif given is not None:
        verdict = "correct" if given == prediction.species else "wrong"
        st.caption(f"Feedback: {given.phrase}. The prediction is {verdict}.")


def _save(prediction: Prediction, truth: Species, on_saved: Callable[[Prediction], None]) -> None:
    try:
        with st.spinner("Saving …"):
            saved = session.client().give_feedback(prediction.id, truth)
    except ApiError as error:
        session.clear_health()
        show_error(error)
        return
    update_cached_prediction(saved)
    on_saved(saved)
    st.toast("Feedback saved.", icon=":material/check:")
    st.rerun()
