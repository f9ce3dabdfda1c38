"""A sample of animals to look at: where they lie, how they spread, what they have, how many of each."""

import streamlit as st

from frontend.api.contract import Animal, Prediction
from frontend.charts.animals import animal_frame, kinds_chart, scatter_chart, spread_chart
from frontend.charts.species import species_count_chart
from frontend.wording import percent


def show_sample(animals: list[Animal], predictions: list[Prediction]) -> None:
    """Show animals, coloured by the species the model named where it was asked."""
    frame = animal_frame(animals, predictions)
    with st.container(border=True):
        st.markdown("**Height against weight**")
        st.altair_chart(scatter_chart(frame), key="data_scatter", alt="Height against weight, both logarithmic")
        if predictions:
            st.caption(
                f"Crosses are outliers: {percent(frame['outlier'].mean())} of the animals are none of the known "
                "species to the model. Both axes are logarithmic."
            )
        else:
            st.caption("Both axes are logarithmic. Ask the model, and the animals take the colours of their species.")
    heights, weights = st.columns(2, gap="medium")
    for place, field, title in ((heights, "height", "Heights"), (weights, "weight", "Weights")):
        with place, st.container(border=True):
            st.markdown(f"**{title}**")
            st.altair_chart(spread_chart(frame, field), key=f"data_{field}", alt=f"{title} by species, logarithmic")
    counts, kinds = st.columns(2, gap="medium")
    if predictions:
        with counts, st.container(border=True):
            st.markdown("**By species**")
            st.altair_chart(species_count_chart(frame), key="data_counts", alt="Animals by species")
    with kinds if predictions else counts, st.container(border=True):
        st.markdown("**Legs, wings and tail**")
        st.altair_chart(kinds_chart(frame), key="data_kinds", alt="Animals by legs, wings and tail")
