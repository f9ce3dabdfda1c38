"""The main script of the dashboard: page frame, navigation and sidebar.

It is in the folder of the pages because Streamlit treats a folder `pages` *beside* the main script as an application of
its older kind until `st.navigation` has run once: the first visit to `/history` would show "Page not found".
"""

import sys
from pathlib import Path

# An image has no installed package, and Streamlit puts the folder of the started script on the path, not its parent.
if str(Path(__file__).resolve().parents[2]) not in sys.path:
    sys.path.append(str(Path(__file__).resolve().parents[2]))

import streamlit as st

from frontend.api.errors import Unreachable
from frontend.api.settings import NotDeployed, Settings, SettingsMissing
from frontend.components import session
from frontend.components.notices import show_not_deployed, show_settings_missing
from frontend.wording import counted, describe_version, number, percent


def main() -> None:
    """Show the selected page and the sidebar."""
    st.set_page_config(page_title="Menagerie", page_icon="🐘", layout="wide")
    st.logo(str(Path(__file__).parents[1] / "assets" / "logo.svg"), size="large")
    try:
        Settings.from_environment()
    except NotDeployed:
        show_not_deployed()
        return
    except SettingsMissing as error:
        show_settings_missing(error)
        return
    page = st.navigation(
        [
            st.Page("predict.py", title="Predict", icon=":material/pets:", default=True),
            st.Page("history.py", title="History", icon=":material/history:"),
            st.Page("models.py", title="Models", icon=":material/model_training:"),
            st.Page("data.py", title="Data", icon=":material/scatter_plot:"),
            st.Page("monitor.py", title="Monitor", icon=":material/monitoring:"),
        ]
    )
    page.run()
    # After the page, so that a slow health check does not delay it.
    with st.sidebar:
        _show_status()


@st.fragment(run_every="15s")
def _show_status() -> None:
    """Show whether the API responds and which model is current, and refresh both."""
    check = session.health()
    with st.container(gap="xsmall"):
        st.caption("API")
        _show_api(check)
    with st.container(gap="xsmall"):
        st.caption("Current model")
        if check.health is None:
            st.markdown("Not known now")
        else:
            _show_model(check.health.model_version)
    st.button("Check again", icon=":material/refresh:", type="tertiary", on_click=session.clear_health)


def _show_api(check: session.HealthCheck) -> None:
    if check.error is None:
        st.badge(f"Responds in {number(round(check.milliseconds))} ms", icon=":material/cloud_done:", color="green")
        return
    if isinstance(check.error, Unreachable):
        st.badge("Does not respond", icon=":material/cloud_off:", color="red")
    else:
        st.badge("Not ready", icon=":material/cloud_alert:", color="orange")
    st.caption(f"{check.error} {check.error.advice}")


def _show_model(version: str) -> None:
    st.markdown(f"**{describe_version(version)}**")
    st.caption(f"`{version}`")
    model = session.known_model(version)
    if model is None:
        return
    st.caption(
        f"Accuracy {percent(model.metrics.accuracy)} on {counted(model.metrics.rows, 'held-out row')}; "
        f"target coverage {percent(model.thresholds.target_coverage)}.",
        help="Accuracy: measured at the time of training, against the labels that training assigned. Coverage: share "
        "of prediction sets that contain the true species (split conformal prediction).",
    )


if __name__ == "__main__":
    main()
