"""The page *Predict*: describe one animal or many, see what the model makes of them."""

import streamlit as st

from frontend.pages.predict.many_animals import show_many_animals
from frontend.pages.predict.model_choice import choose_model
from frontend.pages.predict.one_animal import show_one_animal

ONE, MANY = "One animal", "Many animals"


def show() -> None:
    """Lay the page out: what the visitor wants to do, and the place to do it."""
    st.title("Which animal is it?", anchor=False)
    st.markdown("Describe an animal; the model says which species it is, and how sure it is of that.")
    with st.container(horizontal=True, vertical_alignment="center"):
        how_many = st.segmented_control(
            "How many animals",
            [ONE, MANY],
            default=ONE,
            required=True,
            key="predict_how_many",
            label_visibility="collapsed",
            persist_state="session",
        )
        model_version = choose_model()
    if how_many == MANY:
        show_many_animals(model_version)
    else:
        show_one_animal(model_version)


if __name__ == "__main__":
    show()
