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


def show_comparison(models: Models) -> None:
    """Let the visitor pick two models, show what differs, and offer to make the first one current."""
    st.subheader("Compare", anchor=False)
    model, other = _pick_two(models)
    offer_promotion(model, models)
    st.dataframe(
        comparison_frame(model, other),
        hide_index=True,
        column_config={
            "metric": st.column_config.TextColumn("Metric"),
            "model": st.column_config.TextColumn(_short_name(model)),
            "other": st.column_config.TextColumn(_short_name(other)),
            "difference": st.column_config.TextColumn("Difference"),
            "meaning": st.column_config.TextColumn("What it means"),
        },
        key="comparison_table",
        alt="The metrics of both models",
    )
    left, right = st.columns(2, gap="medium")
    for place, shown, key in ((left, model, "left"), (right, other, "right")):
        with place, st.container(border=True):
            _show_one(shown, models, key)


def _pick_two(models: Models) -> tuple[ModelManifest, ModelManifest]:
    versions = [model.version for model in models.items]
    current = models.current if models.current in versions else versions[0]
    picked = []
    with st.container(horizontal=True):
        for label, key, default in (("Model", "model", _proposed(models, current)), ("Compare with", "other", current)):
            widget = f"compare_{key}"
            if st.session_state.get(widget) not in versions:
                st.session_state[widget] = default
            picked.append(
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
    return by_version[picked[0]], by_version[picked[1]]


def _proposed(models: Models, current: str) -> str:
    """Return the version to compare with the current one: the newest, or the current one's parent if it is the newest.

    After a promotion that is the model that answered before, as for `menagerie models rollback`; the newest of the
    others may never have answered.
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
            alt=f"Confusion matrix on {model.metrics.rows} held-out rows, labels down and answers across",
        )
    if model.metrics.calibration:
        st.altair_chart(
            calibration_chart(model),
            key=f"calibration_{key}",
            alt="Calibration: how often answers of some confidence were right on the held-out rows",
        )
    st.caption(
        f"Calibration: its prediction sets held the label in {percent(model.metrics.coverage)} of "
        f"{model.metrics.rows} held-out rows; the target is {percent(model.thresholds.target_coverage)}."
    )
    _show_zoology(model)
    if model.reason:
        st.caption(f"When it was made: {model.reason}")


def _show_zoology(model: ModelManifest) -> None:
    if not model.zoology:
        return
    held = sum(check.holds for check in model.zoology)
    agrees = held == len(model.zoology)
    title = f"Zoology: {held} of {len(model.zoology)} checks hold"
    # What disagrees with zoology is worth a look without being asked for.
    with st.expander(title, icon=":material/check_circle:" if agrees else ":material/error:", expanded=not agrees):
        for check in model.zoology:
            mark = ":material/check:" if check.holds else ":material/close:"
            st.markdown(f"{mark} {check.statement}  \n:small[{check.seen}]")


def offer_promotion(model: ModelManifest, models: Models) -> None:
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
def _confirm(model: ModelManifest, current: ModelManifest | None, *, back: bool) -> None:
    if PENDING in st.session_state:
        st.rerun()
    verb = "Roll back to" if back else "Promote"
    st.markdown(
        f"{verb} the model of **{describe_version(model.version)}** ({percent(model.metrics.accuracy)} right on "
        f"held-out animals)? It answers every request a few seconds from now."
    )
    if current is not None:
        st.markdown(
            f"The model of **{describe_version(current.version)}** ({percent(current.metrics.accuracy)} right) stops "
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
            st.session_state[OUTCOME] = session.client().promote(version).version
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


def _short_name(model: ModelManifest) -> str:
    return model.version.rpartition("-")[2]


def _full_name(model: ModelManifest | None, models: Models) -> str:
    if model is None:
        return "none"
    mark = ", current" if model.version == models.current else ""
    return f"{describe_version(model.version)} ({_short_name(model)}{mark})"


if __name__ == "__main__":
    show()
