"""One animal: an example or a form on the left, the answer on the right."""

import streamlit as st

from frontend.api.batches import new_key
from frontend.api.contract import MAX_HEIGHT_M, MAX_LEGS, MAX_WEIGHT_KG, Animal, Prediction
from frontend.api.errors import ApiError
from frontend.components import session
from frontend.components.answer_card import show_answer
from frontend.components.loaded_history import forget_history
from frontend.components.notices import show_empty, show_error, steady_line
from frontend.examples import EXAMPLES
from frontend.species import UNKNOWN, species_named

OUTCOME, UNANSWERED = "predict_outcome", "predict_unanswered"
LEGS, HEIGHT, WEIGHT, WINGS, TAIL = (f"animal_{name}" for name in ("legs", "height", "weight", "wings", "tail"))


def show_one_animal(model_version: str | None) -> None:
    """Lay out the animal on the left and the answer on the right; without a version the current model is asked."""
    form_side, answer_side = st.columns([5, 6], gap="medium")
    with form_side:
        _show_examples()
        animal = _show_form()
    with answer_side:
        heading = steady_line()
        if animal is not None:
            with heading, st.spinner("Asking the model …"):
                _classify(animal, model_version)
        heading.caption("The model's answer")
        _show_outcome()


def _show_examples() -> None:
    steady_line().caption("Start from an example")
    with st.container(horizontal=True, gap="xsmall"):
        for name, animal in EXAMPLES.items():
            label = "🎲 Mystery" if name == UNKNOWN else species_named(name).title
            st.button(label, key=f"example_{name}", on_click=_load, args=(animal,))


def _show_form() -> Animal | None:
    """Return the animal once it is sent off, otherwise None."""
    if HEIGHT not in st.session_state:
        _load(EXAMPLES["elephant"])
    with st.form("animal"):
        legs = st.number_input(
            "Legs it walks on", 0, MAX_LEGS, key=LEGS, persist_state="session", help="A kangaroo walks on two."
        )
        size, mass = st.columns(2)
        height = size.number_input(
            "Height in metres",
            min_value=0.001,
            max_value=MAX_HEIGHT_M,
            step=0.1,
            format="%g",
            key=HEIGHT,
            persist_state="session",
        )
        weight = mass.number_input(
            "Weight in kilograms",
            min_value=0.001,
            max_value=MAX_WEIGHT_KG,
            step=1.0,
            format="%g",
            key=WEIGHT,
            persist_state="session",
        )
        with st.container(horizontal=True, gap="medium"):
            wings = st.toggle("Has wings", key=WINGS, persist_state="session")
            tail = st.toggle("Has a tail", key=TAIL, persist_state="session")
        sent = st.form_submit_button("Classify", icon=":material/search:", type="primary", width="stretch")
    return Animal(legs, height, weight, wings, tail) if sent else None


def _load(animal: Animal) -> None:
    st.session_state.update(
        {
            LEGS: animal.walks_on_n_legs,
            HEIGHT: animal.height,
            WEIGHT: animal.weight,
            WINGS: animal.has_wings,
            TAIL: animal.has_tail,
        }
    )


def _classify(animal: Animal, model_version: str | None) -> None:
    asked = (animal, model_version)
    unanswered, key = st.session_state.get(UNANSWERED, (None, ""))
    if unanswered != asked:
        key = new_key()
    # Whose answer got lost presses the button again: the same question under the same key is stored once.
    st.session_state[UNANSWERED] = (asked, key)
    try:
        predictions = session.client().predict([animal], model_version=model_version, idempotency_key=key)
        (st.session_state[OUTCOME],) = predictions
        st.session_state.pop(UNANSWERED)
        forget_history()
    except ApiError as error:
        st.session_state[OUTCOME] = error
        session.forget_health()


def _keep(prediction: Prediction) -> None:
    st.session_state[OUTCOME] = prediction


def _show_outcome() -> None:
    match st.session_state.get(OUTCOME):
        case Prediction() as prediction:
            show_answer(prediction, on_saved=_keep)
            st.page_link("pages/history/page.py", label="All predictions so far", icon=":material/history:")
        case ApiError() as error:
            show_error(error)
        case _:
            show_empty("No answer yet", "Load an example or describe an animal, then press Classify.", icon="🔎")
