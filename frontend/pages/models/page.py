"""The page *Models*: every model and how good it is, a new training, and which one answers."""

import streamlit as st

from frontend.api.errors import ApiError
from frontend.api.model_contract import Models
from frontend.charts.models import METRICS, metric_over_time_chart
from frontend.components import session
from frontend.components.notices import show_empty, show_error, steady_line
from frontend.pages.models.comparison import show_comparison
from frontend.pages.models.retraining import show_retraining
from frontend.tables.models import model_columns, model_frame
from frontend.wording import counted


def show() -> None:
    """Lay the page out: a new training, all models, two of them side by side."""
    st.title("Models", anchor=False)
    st.markdown("Train a model, see how good it is on animals it was not trained on, and say which one answers.")
    show_retraining()
    st.caption("Training and promoting take the operator's key, with which `make up` starts this dashboard.")
    line = steady_line()
    outcome: Models | ApiError
    with line, st.spinner("Loading models …"):
        outcome = _load()
    if isinstance(outcome, ApiError):
        show_error(outcome)
        st.button("Try again", icon=":material/refresh:", type="primary")
        return
    line.caption(f"{counted(len(outcome.items), 'model')}, newest first")
    if not outcome.items:
        show_empty("No models yet", "Start a training above; the first model is promoted by itself.", icon="🌱")
        return
    _show_all(outcome)
    show_comparison(outcome)


def _load() -> Models | ApiError:
    try:
        return session.models()
    except ApiError as error:
        session.forget_models()
        return error


def _show_all(models: Models) -> None:
    zone = session.timezone()
    st.dataframe(
        model_frame(models.items, models.current),
        hide_index=True,
        column_config=model_columns(zone),
        key="models_table",
        alt="All models, newest first",
    )
    with st.container(border=True):
        metric = st.selectbox(
            "Over time",
            METRICS,
            format_func=lambda metric: metric.title,
            key="models_metric",
            persist_state="session",
            width=200,
        )
        st.altair_chart(
            metric_over_time_chart(models.items, metric, models.current, zone),
            key="models_over_time",
            alt=f"{metric.title} of every model at the time it was made",
        )
        st.caption(f"{metric.meaning} Measured when a model was made; the filled point is the current model.")


if __name__ == "__main__":
    show()
