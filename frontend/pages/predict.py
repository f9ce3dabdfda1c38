"""The page *Predict*: classify one animal or many."""

import streamlit as st

from frontend.api.batches import new_key
from frontend.api.errors import ApiError
from frontend.components import session
from frontend.components.answer_card import show_answer
from frontend.components.loaded_history import forget_history
from frontend.components.notices import show_empty, show_error, steady_line
from frontend.pages.many_animals import show_many_animals
from frontend.species import EXAMPLES, UNKNOWN, species_named
from frontend.tables.animal_rows import MAX_HEIGHT_M, MAX_LEGS, MAX_WEIGHT_KG
from frontend.wording import describe_version
from menagerie.animal import Animal
from menagerie.prediction import Prediction

OUTCOME, UNANSWERED = "predict_outcome", "predict_unanswered"
LEGS, HEIGHT, WEIGHT, WINGS, TAIL = (f"animal_{name}" for name in ("legs", "height", "weight", "wings", "tail"))
ONE, MANY = "One animal", "Many animals"
OPEN, PICKED, _WIDGET = "model_choice_open", "model_choice", "model_choice_version"


def show() -> None:
    """Lay the page out: what the visitor wants to do, and the place to do it."""
    st.title("Which animal is it?", anchor=False)
    st.markdown("Describe an animal; the model says which species it is, and how sure it is of that.")
    with st.container(horizontal=True, vertical_alignment="center"):
        how_many = st.segmented_control(
            "How many animals",
            [ONE, MANY],
            default=ONE,
            required=True,
            key="predict_how_many",
            label_visibility="collapsed",
            persist_state="session",
        )
        model_version = choose_model()
    if how_many == MANY:
        show_many_animals(model_version)
    else:
        show_one_animal(model_version)


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
    if not sent:
        return None
    return Animal(walks_on_n_legs=legs, height=height, weight=weight, has_wings=wings, has_tail=tail)


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


def _show_outcome() -> None:
    match st.session_state.get(OUTCOME):
        case Prediction() as prediction:
            show_answer(prediction, on_saved=_keep)
            st.page_link("history.py", label="All predictions so far", icon=":material/history:")
        case ApiError() as error:
            show_error(error)
        case _:
            show_empty("No answer yet", "Load an example or describe an animal, then press Classify.", icon="🔎")


def _keep(prediction: Prediction) -> None:
    st.session_state[OUTCOME] = prediction


if __name__ == "__main__":
    show()
