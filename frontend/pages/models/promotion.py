"""Which model answers: promotion and rollback, never without asking."""

import streamlit as st

from frontend.api.errors import ApiError
from frontend.api.model_contract import Model, Models
from frontend.components import session
from frontend.components.notices import show_error
from frontend.wording import describe_version, percent

PENDING = "promotion_pending"
OUTCOME = "promotion_outcome"


def offer_promotion(model: Model, models: Models) -> None:
    """Offer to make a model current, or say that it is."""
    if PENDING in st.session_state:
        _promote(st.session_state[PENDING])
    _show_outcome()
    if model.version == models.current:
        st.caption("The model picked first is the current one. Pick another one to make it current.")
        return
    current = models.named(models.current)
    back = current is not None and model.created_at < current.created_at
    label, icon = ("Roll back to", ":material/undo:") if back else ("Promote", ":material/upgrade:")
    if st.button(f"{label} this model …", key="promote", icon=icon, type="primary", on_click=_forget_outcome):
        _confirm(model, current, back=back)


@st.dialog("Which model answers?")
def _confirm(model: Model, current: Model | None, *, back: bool) -> None:
    if PENDING in st.session_state:
        st.rerun()
    verb = "Roll back to" if back else "Promote"
    st.markdown(
        f"{verb} the model of **{describe_version(model.version)}** ({percent(model.accuracy)} right on "
        f"held-out animals)? It answers every request a few seconds from now."
    )
    if current is not None:
        st.markdown(
            f"The model of **{describe_version(current.version)}** ({percent(current.accuracy)} right) stops "
            "answering. It is kept, and you can go back to it at any time."
        )
    with st.container(horizontal=True):
        yes = "Yes, roll back" if back else "Yes, promote"
        st.button(yes, key="promote_yes", type="primary", on_click=_ask_for, args=(model.version,))
        if st.button("Cancel", key="promote_no"):
            st.rerun()


def _ask_for(version: str) -> None:
    st.session_state[PENDING] = version


def _forget_outcome() -> None:
    st.session_state.pop(OUTCOME, None)


def _promote(version: str) -> None:
    with st.spinner("Checking the model and switching …"):
        try:
            st.session_state[OUTCOME] = session.client().promote(version)
        except ApiError as error:
            st.session_state[OUTCOME] = error
        # Only now: a run of the page may be broken off at any element, and what was asked for must outlive that.
        del st.session_state[PENDING]
    session.forget_models()
    # Everything on the page, the sidebar included, is to say which model is current now.
    st.rerun()


def _show_outcome() -> None:
    match st.session_state.get(OUTCOME):
        case ApiError() as error:
            show_error(error)
        case str(version):
            st.success(
                "It answers every request a few seconds from now.",
                title=f"The model of {describe_version(version)} is current",
                icon=":material/check_circle:",
            )
