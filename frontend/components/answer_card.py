"""One prediction as a card: what it is, how sure the model is, and what else it could be."""

from collections.abc import Callable

import streamlit as st

from frontend.api.contract import Prediction
from frontend.charts.species import probability_chart
from frontend.components import session
from frontend.components.feedback import show_feedback
from frontend.species import species_named
from frontend.wording import (
    UNKNOWN_EXPLAINED,
    describe_animal,
    describe_prediction_set,
    needs_unknown_explained,
    percent,
    probabilities_in_words,
)


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
            describe_prediction_set(prediction.prediction_set, model.target_coverage if model else None),
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
