"""The sidebar: whether the API answers and which model is current, on every page and by itself up to date."""

import streamlit as st

from frontend.api.errors import Unreachable
from frontend.components import session
from frontend.wording import describe_version, percent, quantity


def show_sidebar() -> None:
    """Show the API and the model below the navigation; called after the page so that it never holds the page up."""
    with st.sidebar:
        _status()


@st.fragment(run_every="15s")
def _status() -> None:
    reading = session.health()
    with st.container(gap="xsmall"):
        st.caption("API")
        _show_api(reading)
    with st.container(gap="xsmall"):
        st.caption("Current model")
        if reading.health is None:
            st.markdown("Not known at the moment")
        else:
            _show_model(reading.health.model_version)
    st.button("Check again", icon=":material/refresh:", type="tertiary", on_click=session.forget_health)


def _show_api(reading: session.HealthReading) -> None:
    if reading.error is None:
        st.badge(f"Answers in {reading.milliseconds:.0f} ms", icon=":material/cloud_done:", color="green")
        return
    if isinstance(reading.error, Unreachable):
        st.badge("Does not answer", icon=":material/cloud_off:", color="red")
    else:
        st.badge("Answers, but not ready", icon=":material/cloud_alert:", color="orange")
    st.caption(f"{reading.error} {reading.error.advice}")


def _show_model(version: str) -> None:
    st.markdown(f"**{describe_version(version)}**")
    st.caption(f"`{version}`")
    model = session.known_model(version)
    if model is None:
        return
    st.caption(
        f"{percent(model.accuracy)} right on {quantity(model.held_out_rows, 'animals')} it was not trained on; "
        f"its prediction sets aim at {percent(model.target_coverage)}.",
        help="Measured when the model was made, against the labels it was trained with. Split conformal prediction "
        "makes the sets: of all sets, that share is meant to hold the true species.",
    )
