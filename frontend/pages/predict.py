"""The page *Predict*: classify one animal or many."""

import streamlit as st

from frontend.api.batches import new_key
from frontend.api.errors import ApiError
from frontend.components import session
from frontend.components.answer_card import show_answer
from frontend.components.loaded_history import clear_history
from frontend.components.notices import show_empty, show_error, steady_line
from frontend.pages.many_animals import show_many_animals
from frontend.wording import describe_version, with_icon
from menagerie.animal import EXAMPLES, FEATURE_DETAILS, Animal, Feature, Kind, Species
from menagerie.prediction import Prediction

ONE, MANY = "One animal", "Many animals"
OUTCOME, UNANSWERED = "predict_outcome", "predict_unanswered"
MODEL_OPEN, MODEL_SELECTED, _MODEL_WIDGET = "model_choice_open", "model_choice", "model_choice_version"
# The smallest value of a measure that the form accepts, and the resolution of its fields.
_RESOLUTION = 0.001


def show() -> None:
    """Lay out the choice between one animal and many, the choice of the model, and what was chosen."""
    st.title("Which animal is it?", anchor=False)
    st.markdown("Describe an animal. The model predicts its species and the probability of each species.")
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
        model_version = _select_model()
    if how_many == MANY:
        show_many_animals(model_version)
    else:
        _show_one_animal(model_version)


def _select_model() -> str | None:
    """Return the selected version, None for the current model; models are listed only when the choice is open."""
    selected: str | None = st.session_state.get(MODEL_SELECTED)
    label = f"Model of {describe_version(selected)}" if selected else "Current model"
    choice = st.popover(label, icon=":material/model_training:", key=MODEL_OPEN, on_change="rerun")
    if choice.open:
        with choice:
            st.selectbox(
                "Model",
                _other_versions(selected),
                index=None,
                format_func=describe_version,
                placeholder="Current model",
                key=_MODEL_WIDGET,
                persist_state="session",
                on_change=_keep_selected,
                help="Classify with an older model, or with a new one that is not promoted. "
                "Its predictions are stored too.",
            )
    return selected


def _keep_selected() -> None:
    st.session_state[MODEL_SELECTED] = st.session_state.get(_MODEL_WIDGET)


def _other_versions(selected: str | None) -> list[str]:
    try:
        models = session.models()
    except ApiError:
        # The page shows the error at its next request; the selection stays.
        return [selected] if selected else []
    return [model.version for model in models.items if model.version != models.current or model.version == selected]


def _show_one_animal(model_version: str | None) -> None:
    form_side, answer_side = st.columns([5, 6], gap="medium")
    with form_side:
        _show_examples()
        animal = _show_form()
    with answer_side:
        heading = steady_line()
        if animal is not None:
            with heading, st.spinner("Classifying …"):
                _classify(animal, model_version)
        heading.caption("Prediction")
        _show_outcome()


def _show_examples() -> None:
    steady_line().caption("Start from an example")
    with st.container(horizontal=True, gap="xsmall"):
        for species, animal in EXAMPLES.items():
            label = "🎲 Mystery" if species is Species.UNKNOWN else with_icon(species)
            st.button(label, key=f"example_{species}", on_click=_load, args=(animal,))


def _show_form() -> Animal | None:
    """Return the animal when the form is submitted, otherwise None."""
    of_kind = {kind: [feature for feature in FEATURE_DETAILS if feature.kind is kind] for kind in Kind}
    if any(_key(feature) not in st.session_state for feature in FEATURE_DETAILS):
        _load(next(iter(EXAMPLES.values())))
    values: dict[str, int | float | bool] = {}
    with st.form("animal"):
        for feature in of_kind[Kind.COUNT]:
            values[feature.name] = st.number_input(
                feature.description,
                int(feature.minimum),
                int(feature.maximum),
                key=_key(feature),
                persist_state="session",
            )
        for column, feature in zip(st.columns(len(of_kind[Kind.MEASURE])), of_kind[Kind.MEASURE], strict=True):
            values[feature.name] = column.number_input(
                feature.description,
                min_value=feature.minimum + (_RESOLUTION if feature.minimum_is_exclusive else 0),
                max_value=feature.maximum,
                step=1.0 if feature.maximum >= 100 else 0.1,
                format="%g",
                key=_key(feature),
                persist_state="session",
            )
        with st.container(horizontal=True, gap="medium"):
            for feature in of_kind[Kind.FLAG]:
                values[feature.name] = st.toggle(feature.description, key=_key(feature), persist_state="session")
        sent = st.form_submit_button("Classify", icon=":material/search:", type="primary", width="stretch")
    return Animal.model_validate(values) if sent else None


def _key(feature: Feature) -> str:
    return f"animal_{feature.name}"


def _load(animal: Animal) -> None:
    """Fill the form with an animal."""
    st.session_state.update({_key(feature): getattr(animal, feature.name) for feature in FEATURE_DETAILS})


def _classify(animal: Animal, model_version: str | None) -> None:
    request = (animal, model_version)
    unanswered, key = st.session_state.get(UNANSWERED, (None, ""))
    if unanswered != request:
        key = new_key()
    # If the response is lost, the same request is sent again with the same key and stored once.
    st.session_state[UNANSWERED] = (request, key)
    try:
        predictions = session.client().predict([animal], model_version=model_version, idempotency_key=key)
        (st.session_state[OUTCOME],) = predictions
        st.session_state.pop(UNANSWERED)
        clear_history()
    except ApiError as error:
        st.session_state[OUTCOME] = error
        session.clear_health()


def _show_outcome() -> None:
    match st.session_state.get(OUTCOME):
        case Prediction() as prediction:
            show_answer(prediction, on_saved=_keep_prediction)
            st.page_link("history.py", label="All predictions", icon=":material/history:")
        case ApiError() as error:
            show_error(error)
        case _:
            show_empty("No prediction yet", "Load an example or describe an animal, then press Classify.", icon="🔎")


def _keep_prediction(prediction: Prediction) -> None:
    st.session_state[OUTCOME] = prediction


if __name__ == "__main__":
    show()
