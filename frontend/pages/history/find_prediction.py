"""One stored prediction by its id, as it stands on every answer, in every file and in other people's messages."""

import streamlit as st

from frontend.api.contract import Prediction
from frontend.api.errors import ApiError, NotFound
from frontend.components import session
from frontend.components.answer_card import show_answer
from frontend.components.notices import show_error

ID, FOUND = "find_id", "find_outcome"


def show_finder() -> None:
    """Lay out the field and what was found, folded away until somebody needs it."""
    with st.expander("Find one by its id", icon=":material/search:"):
        with st.form("find", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
            prediction_id = st.text_input(
                "Id of a prediction", key=ID, placeholder="01KG9YS7G0D4HAWTBSEDNRP5HY-0", persist_state="session"
            )
            asked = st.form_submit_button("Find", icon=":material/search:")
        if asked and prediction_id.strip():
            with st.spinner("Looking it up …"):
                st.session_state[FOUND] = _find(prediction_id.strip())
        match st.session_state.get(FOUND):
            case Prediction() as prediction:
                show_answer(prediction, key="found", on_saved=_keep)
            case NotFound():
                st.info("There is no prediction of that id.", icon=":material/search_off:")
            case ApiError() as error:
                show_error(error)


def _find(prediction_id: str) -> Prediction | ApiError:
    try:
        return session.client().prediction(prediction_id)
    except NotFound as error:
        return error
    except ApiError as error:
        session.forget_health()
        return error


def _keep(prediction: Prediction) -> None:
    st.session_state[FOUND] = prediction
