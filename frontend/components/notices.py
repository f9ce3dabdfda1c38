"""Errors, empty states and missing settings: each notice says what to do next."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from frontend.api.errors import ApiError, Rejected
from frontend.api.settings import KEY_VARIABLE, URL_VARIABLE, NotDeployed, Settings, SettingsMissing
from frontend.wording import describe_rejection

LINE_HEIGHT = 28


def show_error(error: ApiError) -> None:
    """Show the error, the rejected fields, and what to do."""
    parts = [describe_rejection(error) if isinstance(error, Rejected) else "", error.advice]
    st.error("\n\n".join(part for part in parts if part), title=str(error), icon=":material/error:")


def show_settings_missing(error: SettingsMissing) -> None:
    """Show how to set the address and the key of the API."""
    st.title("The API is not configured")
    st.warning(str(error), icon=":material/settings:")
    st.markdown("To set everything up, start the API and open the dashboard with the right settings:")
    st.code("make up", language="shell")
    st.markdown("To use an API that is already running, set its address and key, then start the dashboard again:")
    st.code(
        f"export {URL_VARIABLE}=http://127.0.0.1:4566/_aws/execute-api/<api>/v1\n"
        f"export {KEY_VARIABLE}=<key>\n"
        "streamlit run frontend/app.py",
        language="shell",
    )
    st.caption("While `make up` runs, `.menagerie/stack.json` contains both values as `api_url` and `api_key`.")


@st.fragment(run_every="3s")
def show_not_deployed() -> None:
    """Show that the application is being deployed, and open the selected page once it is."""
    try:
        Settings.from_environment()
    except NotDeployed as error:
        st.title("The application is not deployed yet")
        st.info(f"{error} This page opens automatically after the deployment.", icon=":material/hourglass:")
        st.markdown("In containers, follow the deployment and its errors with:")
        st.code("docker compose logs --follow deploy", language="shell")
        return
    except SettingsMissing:
        pass
    st.rerun()


def steady_line() -> DeltaGenerator:
    """Return a line of fixed height for a spinner and then a caption, so that the elements below do not move."""
    return st.container(height=LINE_HEIGHT, border=False).empty()


def show_empty(title: str, what_to_do: str, *, icon: str) -> None:
    """Show that there is no data yet, and what to do."""
    with st.container(border=True, horizontal_alignment="center"):
        st.space("small")
        st.markdown(f"## {icon}", text_alignment="center", anchors=False)
        st.markdown(f"**{title}**", text_alignment="center")
        st.caption(what_to_do, text_alignment="center")
        st.space("small")
