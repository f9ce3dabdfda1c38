"""How the dashboard says that something is missing or went wrong: never a traceback, always a way on."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from frontend.api.errors import ApiError, Rejected
from frontend.api.settings import KEY_VARIABLE, URL_VARIABLE, NotDeployed, Settings, SettingsMissing
from frontend.wording import describe_rejection

LINE_HEIGHT = 28


def show_error(error: ApiError) -> None:
    """Show what happened, the fields it is about, and what to do."""
    parts = [describe_rejection(error) if isinstance(error, Rejected) else "", error.advice]
    st.error("\n\n".join(part for part in parts if part), title=str(error), icon=":material/error:")


def show_settings_missing(error: SettingsMissing) -> None:
    """Show how to tell the dashboard where the API is."""
    st.title("The dashboard does not know its API yet")
    st.warning(str(error), icon=":material/settings:")
    st.markdown("The simplest way sets everything up, starts the API and opens this page with the right values:")
    st.code("make up", language="shell")
    st.markdown("To use an API that runs already, give its address and key, then start the dashboard again:")
    st.code(
        f"export {URL_VARIABLE}=http://127.0.0.1:4566/_aws/execute-api/<api>/v1\n"
        f"export {KEY_VARIABLE}=<key>\n"
        "streamlit run frontend/app.py",
        language="shell",
    )
    st.caption("While `make up` runs, both values stand in `.menagerie/stack.json` as `api_url` and `api_key`.")


@st.fragment(run_every="3s")
def show_not_deployed() -> None:
    """Show that the application is being deployed, and open the page once it is."""
    try:
        Settings.from_environment()
    except NotDeployed as error:
        st.title("The application is not deployed yet")
        st.info(f"{error} This page opens by itself when the deployment has ended.", icon=":material/hourglass:")
        st.markdown("In containers, this shows how far the deployment is and why it may have stopped:")
        st.code("docker compose logs --follow deploy", language="shell")
        return
    except SettingsMissing:
        pass
    st.rerun()


def steady_line() -> DeltaGenerator:
    """Return a slot of one line that keeps its height, for a spinner now and a caption later; nothing below moves."""
    return st.container(height=LINE_HEIGHT, border=False).empty()


def show_empty(title: str, what_to_do: str, *, icon: str) -> None:
    """Show that there is nothing here yet, and how to change that."""
    with st.container(border=True, horizontal_alignment="center"):
        st.space("small")
        st.markdown(f"## {icon}", text_alignment="center", anchors=False)
        st.markdown(f"**{title}**", text_alignment="center")
        st.caption(what_to_do, text_alignment="center")
        st.space("small")
