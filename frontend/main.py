"""The dashboard's main script: page frame, navigation, and the sidebar that every page shows."""

import sys
from pathlib import Path

# Streamlit puts this file's folder on the path, not the one above it, and an image has no installed package.
if str(Path(__file__).resolve().parents[1]) not in sys.path:
    sys.path.append(str(Path(__file__).resolve().parents[1]))

import streamlit as st

from frontend.api.settings import NotDeployed, Settings, SettingsMissing
from frontend.components.notices import show_not_deployed, show_settings_missing
from frontend.components.sidebar import show_sidebar


def main() -> None:
    """Show the page the visitor is on."""
    st.set_page_config(page_title="Menagerie", page_icon="🐘", layout="wide")
    st.logo(str(Path(__file__).parent / "assets" / "logo.svg"), size="large")
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
            st.Page("pages/predict/page.py", url_path="predict", title="Predict", icon=":material/pets:", default=True),
            st.Page("pages/history/page.py", url_path="history", title="History", icon=":material/history:"),
            st.Page("pages/models/page.py", url_path="models", title="Models", icon=":material/model_training:"),
            st.Page("pages/data/page.py", url_path="data", title="Data", icon=":material/scatter_plot:"),
            st.Page("pages/monitor/page.py", url_path="monitor", title="Monitor", icon=":material/monitoring:"),
        ]
    )
    page.run()
    show_sidebar()


if __name__ == "__main__":
    main()
