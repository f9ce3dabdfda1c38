"""Two models side by side."""

import streamlit as st

from frontend.api.model_contract import Model, Models
from frontend.charts.models import calibration_chart, confusion_chart
from frontend.pages.models.promotion import offer_promotion
from frontend.tables.models import comparison_frame, describe_training
from frontend.wording import describe_version, percent


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


def _pick_two(models: Models) -> tuple[Model, Model]:
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


def _show_one(model: Model, models: Models, key: str) -> None:
    st.markdown(f"**{_full_name(model, models)}**")
    st.caption(f"Trained from {describe_training(model.training)}  \n`{model.version}`")
    if model.confusion_matrix:
        st.altair_chart(
            confusion_chart(model),
            key=f"confusion_{key}",
            alt=f"Confusion matrix on {model.held_out_rows} held-out rows, labels down and answers across",
        )
    if model.calibration:
        st.altair_chart(
            calibration_chart(model),
            key=f"calibration_{key}",
            alt="Calibration: how often answers of some confidence were right on the held-out rows",
        )
    if model.coverage is not None:
        st.caption(
            f"Calibration: its prediction sets held the label in {percent(model.coverage)} of "
            f"{model.held_out_rows} held-out rows; the target is {percent(model.target_coverage)}."
        )
    _show_zoology(model)
    if model.reason:
        st.caption(f"When it was made: {model.reason}")


def _show_zoology(model: Model) -> None:
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


def _short_name(model: Model) -> str:
    return model.version.rpartition("-")[2]


def _full_name(model: Model | None, models: Models) -> str:
    if model is None:
        return "none"
    mark = ", current" if model.version == models.current else ""
    return f"{describe_version(model.version)} ({_short_name(model)}{mark})"
