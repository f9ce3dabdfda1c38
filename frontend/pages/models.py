"""The page *Models*: metrics of every model, a comparison of two, promotion and rollback."""

import streamlit as st

from frontend.api.errors import ApiError
from frontend.charts.models import METRICS, calibration_chart, confusion_chart, metric_over_time_chart
from frontend.components import session
from frontend.components.notices import show_empty, show_error, steady_line
from frontend.pages.training import show_retraining
from frontend.tables.models import comparison_frame, describe_training, model_columns, model_frame
from frontend.wording import counted, describe_version, percent
from menagerie.api import Models
from menagerie.manifest import ModelManifest

PENDING = "promotion_pending"
OUTCOME = "promotion_outcome"


def show() -> None:
    """Lay out a new training, all models, and a comparison of two."""
    st.title("Models", anchor=False)
    st.markdown(
        "Train a model, compare metrics on held-out rows, and select the current model, which answers requests."
    )
    show_retraining()
    st.caption("Training and promotion require the operator's API key, which `make up` sets.")
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
        show_empty("No models yet", "Start a training above. The first model is promoted automatically.", icon="🌱")
        return
    _show_all(outcome)
    _show_comparison(outcome)


def _load() -> Models | ApiError:
    try:
        return session.models()
    except ApiError as error:
        session.clear_models()
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
            "Metric over time",
            METRICS,
            format_func=lambda metric: metric.title,
            key="models_metric",
            persist_state="session",
            width=200,
        )
        st.altair_chart(
            metric_over_time_chart(models.items, metric, models.current, zone),
            key="models_over_time",
            alt=f"{metric.title} of every model over time",
        )
        st.caption(f"{metric.meaning} Measured at the time of training. The filled point is the current model.")


def _show_comparison(models: Models) -> None:
    """Show the metrics of two selected models side by side, and the button that makes the first one current."""
    st.subheader("Compare", anchor=False)
    model, other = _select_two(models)
    _offer_promotion(model, models)
    st.dataframe(
        comparison_frame(model, other),
        hide_index=True,
        column_config={
            "metric": st.column_config.TextColumn("Metric"),
            "model": st.column_config.TextColumn(_short_name(model)),
            "other": st.column_config.TextColumn(_short_name(other)),
            "difference": st.column_config.TextColumn("Difference"),
            "meaning": st.column_config.TextColumn("Meaning"),
        },
        key="comparison_table",
        alt="Metrics of both models",
    )
    left, right = st.columns(2, gap="medium")
    for place, shown, key in ((left, model, "left"), (right, other, "right")):
        with place, st.container(border=True):
            _show_one(shown, models, key)


def _select_two(models: Models) -> tuple[ModelManifest, ModelManifest]:
    versions = [model.version for model in models.items]
    current = models.current if models.current in versions else versions[0]
    selected = []
    with st.container(horizontal=True):
        for label, key, default in (("Model", "model", _proposed(models, current)), ("Compare with", "other", current)):
            widget = f"compare_{key}"
            if st.session_state.get(widget) not in versions:
                st.session_state[widget] = default
            selected.append(
                st.selectbox(
                    label,
                    versions,
                    format_func=lambda version: _full_name(models.named(version), models),
                    key=widget,
                    persist_state="session",
                    width=340,
                )
            )
    by_version = {model.version: model for model in models.items}
    return by_version[selected[0]], by_version[selected[1]]


def _proposed(models: Models, current: str) -> str:
    """Return the version to compare with the current one: the newest, or the parent if the current one is the newest.

    The parent was current before, so it is also what `menagerie models rollback` selects; the newest of the others may
    never have been current.
    """
    newest = models.items[0].version
    if newest != current:
        return newest
    parent = models.named(models.items[0].parent)
    return parent.version if parent else next((m.version for m in models.items if m.version != current), current)


def _show_one(model: ModelManifest, models: Models, key: str) -> None:
    st.markdown(f"**{_full_name(model, models)}**")
    st.caption(f"Trained from {describe_training(model.training)}  \n`{model.version}`")
    if model.metrics.confusion_matrix:
        st.altair_chart(
            confusion_chart(model),
            key=f"confusion_{key}",
            alt=f"Confusion matrix on {counted(model.metrics.rows, 'held-out row')}, labels by predictions",
        )
    if model.metrics.calibration:
        st.altair_chart(
            calibration_chart(model),
            key=f"calibration_{key}",
            alt="Calibration: accuracy on held-out rows by confidence",
        )
    st.caption(
        f"Coverage: the prediction sets contained the label in {percent(model.metrics.coverage)} of "
        f"{counted(model.metrics.rows, 'held-out row')}; the target was {percent(model.thresholds.target_coverage)}."
    )
    _show_zoology(model)
    if model.reason:
        st.caption(model.reason[0].upper() + model.reason[1:])


def _show_zoology(model: ModelManifest) -> None:
    if not model.zoology:
        return
    held = sum(check.holds for check in model.zoology)
    agrees = held == len(model.zoology)
    title = f"Zoology: {held} of {len(model.zoology)} checks hold"
    # A check that fails is shown without a click.
    with st.expander(title, icon=":material/check_circle:" if agrees else ":material/error:", expanded=not agrees):
        for check in model.zoology:
            mark = ":material/check:" if check.holds else ":material/close:"
            st.markdown(f"{mark} {check.statement}  \n:small[{check.seen}]")


def _offer_promotion(model: ModelManifest, models: Models) -> None:
    """Show the button that makes a model current, or that it is."""
    if PENDING in st.session_state:
        _promote(st.session_state[PENDING])
    _show_outcome()
    if model.version == models.current:
        st.caption("This model is the current one. Select another one to promote it.")
        return
    current = models.named(models.current)
    back = current is not None and model.created_at < current.created_at
    label, icon = ("Roll back to", ":material/undo:") if back else ("Promote", ":material/upgrade:")
    if st.button(f"{label} this model …", key="promote", icon=icon, type="primary", on_click=_clear_outcome):
        _confirm(model, current, back=back)


@st.dialog("Change the current model?")
def _confirm(model: ModelManifest, current: ModelManifest | None, *, back: bool) -> None:
    if PENDING in st.session_state:
        st.rerun()
    verb = "Roll back to" if back else "Promote"
    st.markdown(
        f"{verb} the model of **{describe_version(model.version)}** (accuracy {percent(model.metrics.accuracy)} on "
        f"held-out rows)? It will answer all requests within seconds."
    )
    if current is not None:
        st.markdown(
            f"The model of **{describe_version(current.version)}** (accuracy {percent(current.metrics.accuracy)}) "
            "stops answering requests. It is kept, and you can return to it at any time."
        )
    with st.container(horizontal=True):
        yes = "Yes, roll back" if back else "Yes, promote"
        st.button(yes, key="promote_yes", type="primary", on_click=_request_promotion, args=(model.version,))
        if st.button("Cancel", key="promote_no"):
            st.rerun()


def _request_promotion(version: str) -> None:
    st.session_state[PENDING] = version


def _clear_outcome() -> None:
    st.session_state.pop(OUTCOME, None)


def _promote(version: str) -> None:
    with st.spinner("Checking the model and switching …"):
        try:
            st.session_state[OUTCOME] = session.client().promote(version).version
        except ApiError as error:
            st.session_state[OUTCOME] = error
        # Not earlier: Streamlit may abort a run of the page at any element, and the request must survive that.
        del st.session_state[PENDING]
    session.clear_models()
    # The whole page, including the sidebar, shows the current model.
    st.rerun()


def _show_outcome() -> None:
    match st.session_state.get(OUTCOME):
        case ApiError() as error:
            show_error(error)
        case str(version):
            st.success(
                "It will answer all requests within seconds.",
                title=f"The model of {describe_version(version)} is current",
                icon=":material/check_circle:",
            )


def _short_name(model: ModelManifest) -> str:
    return model.version.rpartition("-")[2]


def _full_name(model: ModelManifest | None, models: Models) -> str:
    if model is None:
        return "none"
    mark = ", current" if model.version == models.current else ""
    return f"{describe_version(model.version)} ({_short_name(model)}{mark})"


if __name__ == "__main__":
    show()
