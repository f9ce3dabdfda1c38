"""The page *Predict*: the first visit, predictions, feedback, and errors."""

import pytest
from streamlit.testing.v1 import AppTest

from frontend.api.settings import TIMEOUT_VARIABLE
from menagerie.animal import EXAMPLES, Species
from tests.dashboard.local_api import VERSION, LocalApi, problem
from tests.dashboard.pages import HISTORY, PREDICT, assert_no_traceback, charts, go_to, press, texts

OLDER = "20260130T120000Z-11111111"


def test_the_first_visit_shows_what_to_do_and_sends_no_request_to_the_model(visitor: AppTest, api: LocalApi) -> None:
    visitor.run()
    assert_no_traceback(visitor)
    assert "then press Classify" in texts(visitor)
    assert "POST /predict" not in api.requests


def test_an_elephant_is_classified_and_stored(visitor: AppTest, api: LocalApi) -> None:
    press(press(visitor.run(), "🐘 Elephant"), "Classify")
    assert_no_traceback(visitor)
    assert visitor.header[0].value == "🐘 Elephant"
    (stored,) = api.stored
    assert stored.animal == EXAMPLES[Species.ELEPHANT]
    shown = texts(visitor)
    assert stored.id in shown
    assert VERSION in shown
    assert "Confidence 93%" in shown


def test_the_entered_values_are_sent(visitor: AppTest, api: LocalApi) -> None:
    visitor.run()
    visitor.number_input(key="animal_walks_on_n_legs").set_value(2)
    visitor.number_input(key="animal_height").set_value(9.75)
    visitor.number_input(key="animal_weight").set_value(10_500.0)
    visitor.toggle(key="animal_has_wings").set_value(True)
    visitor.toggle(key="animal_has_tail").set_value(False)
    press(visitor, "Classify")
    assert api.stored[0].animal.model_dump() == {
        "walks_on_n_legs": 2,
        "height": 9.75,
        "weight": 10_500.0,
        "has_wings": True,
        "has_tail": False,
    }


def test_a_prediction_set_is_described(visitor: AppTest) -> None:
    press(press(visitor.run(), "🐕 Dog"), "Classify")
    assert "It is **a dog** or **a kangaroo** (95% coverage)." in texts(visitor)


def test_unknown_is_explained_where_it_is_predicted(visitor: AppTest) -> None:
    press(press(visitor.run(), "🐕 Dog"), "Classify")
    assert not visitor.info
    press(press(visitor, "🎲 Mystery"), "Classify")
    assert "any species that the model was trained on" in visitor.info[0].value


def test_the_probabilities_are_drawn_most_probable_first(visitor: AppTest) -> None:
    press(press(visitor.run(), "🐔 Chicken"), "Classify")
    (chart,) = charts(visitor)
    assert chart["layer"][0]["mark"]["type"] == "bar"
    assert "chicken 93" in visitor.get("vega_lite_chart")[0].proto.alt


def test_an_example_fills_the_form_without_sending_it(visitor: AppTest, api: LocalApi) -> None:
    press(visitor.run(), "🐔 Chicken")
    assert visitor.number_input(key="animal_weight").value == 2.4
    assert visitor.toggle(key="animal_has_wings").value
    assert not api.stored


def test_the_form_and_the_prediction_are_kept_while_another_page_is_open(visitor: AppTest, api: LocalApi) -> None:
    visitor.run()
    visitor.number_input(key="animal_weight").set_value(4321.0)
    press(visitor, "Classify")
    go_to(go_to(visitor, HISTORY), PREDICT)
    assert_no_traceback(visitor)
    assert visitor.number_input(key="animal_weight").value == 4321.0
    assert visitor.header[0].value == "🦘 Kangaroo"
    assert len(api.stored) == 1


@pytest.mark.parametrize(
    ("status", "body", "headers", "said"),
    [
        (403, {"message": "Forbidden"}, {}, ["does not accept this key", "MENAGERIE_API_KEY"]),
        (
            422,
            problem(422, "1 field cannot be used.", **{"animals.0.height": "is absurd"}),
            {},
            ["1 field cannot be used.", "**Height**: is absurd"],
        ),
        (503, problem(503, "No model has been promoted yet."), {"retry_after": "7"}, ["Try again in 7 seconds."]),
        (429, {"message": "Too Many Requests"}, {}, ["more requests than the API accepts", "Try again in a moment."]),
        (500, problem(500, "secret"), {}, ["The API failed with status 500.", "menagerie logs predict"]),
        (504, {"message": "Endpoint request timed out"}, {}, ["before the gateway's timeout"]),
        (200, {"anything": "else"}, {}, ["is not in the expected format"]),
    ],
)
def test_an_error_response_is_a_message_with_advice(
    visitor: AppTest, api: LocalApi, status: int, body: dict[str, object], headers: dict[str, str], said: list[str]
) -> None:
    visitor.run()
    api.fail(status, body, **headers)
    press(visitor, "Classify")
    assert_no_traceback(visitor)
    (error,) = visitor.error
    for sentence in said:
        assert sentence in f"{error.proto.title} {error.value}"
    api.fault = None
    press(visitor, "Classify")
    assert not visitor.error
    assert visitor.header[0].value == "🦘 Kangaroo"


def test_an_unreachable_api_is_an_error_message_and_the_sidebar_shows_it_at_once(
    visitor: AppTest, api: LocalApi
) -> None:
    visitor.run()
    assert "Responds in" in texts(visitor)
    api.stop()
    press(visitor, "Classify")
    assert_no_traceback(visitor)
    assert "cannot be reached" in visitor.error[0].proto.title
    assert "make up" in visitor.error[0].value
    assert "Does not respond" in texts(visitor)


def test_a_response_that_takes_too_long_is_an_error_message(
    visitor: AppTest, api: LocalApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.run()
    monkeypatch.setenv(TIMEOUT_VARIABLE, "0.1")
    api.hang()
    press(visitor, "Classify")
    assert_no_traceback(visitor)
    assert "does not answer in time" in visitor.error[0].proto.title


def test_a_prediction_is_shown_also_without_the_manifest_of_its_model(visitor: AppTest, api: LocalApi) -> None:
    api.fail(404, problem(404, "there is no such model"), path="/models/")
    press(press(visitor.run(), "🐕 Dog"), "Classify")
    assert_no_traceback(visitor)
    assert "coverage not known" in texts(visitor)


def test_feedback_can_be_given_on_the_prediction(visitor: AppTest, api: LocalApi) -> None:
    press(press(visitor.run(), "🐕 Dog"), "Classify")
    visitor.selectbox(key=f"answer_truth_{api.stored[0].id}").select(Species.KANGAROO).run()
    press(visitor, "Save")
    assert_no_traceback(visitor)
    assert api.feedback == {api.stored[0].id: "kangaroo"}
    assert "Feedback: a kangaroo. The prediction is wrong." in texts(visitor)


def test_feedback_that_is_not_stored_is_an_error_message_and_the_prediction_stays(
    visitor: AppTest, api: LocalApi
) -> None:
    press(press(visitor.run(), "🐕 Dog"), "Classify")
    visitor.selectbox(key=f"answer_truth_{api.stored[0].id}").select(Species.DOG).run()
    api.fail(503, problem(503, "A dependency does not answer."))
    press(visitor, "Save")
    assert_no_traceback(visitor)
    assert "A dependency does not answer." in texts(visitor)
    assert visitor.header[0].value == "🐕 Dog"


def test_each_click_has_its_own_idempotency_key(visitor: AppTest, api: LocalApi) -> None:
    press(press(visitor.run(), "Classify"), "Classify")
    assert len(api.stored) == 2
    assert len(set(api.keys)) == 2
    assert all(api.keys)


def test_a_request_without_a_response_is_repeated_with_the_same_key(visitor: AppTest, api: LocalApi) -> None:
    visitor.run()
    api.fail(503, problem(503, "A dependency does not answer."))
    press(visitor, "Classify")
    api.fault = None
    press(visitor, "Classify")
    assert len(api.keys) == 2
    assert len(set(api.keys)) == 1
    press(press(visitor, "🐕 Dog"), "Classify")
    assert len(set(api.keys)) == 2


def test_models_are_listed_only_when_the_choice_is_open(visitor: AppTest, api: LocalApi) -> None:
    api.publish(OLDER)
    visitor.run()
    assert "GET /models" not in api.requests
    visitor.session_state["model_choice_open"] = True
    visitor.run()
    assert visitor.selectbox(key="model_choice_version").options == ["30 Jan 2026, 12:00 UTC"]


@pytest.mark.parametrize("how_many", ["One animal", "Many animals"])
def test_another_model_than_the_current_one_can_be_selected(visitor: AppTest, api: LocalApi, how_many: str) -> None:
    api.publish(OLDER)
    visitor.session_state["model_choice_open"] = True
    visitor.run()
    visitor.selectbox(key="model_choice_version").select(OLDER).run()
    visitor.button_group(key="predict_how_many").set_value(how_many).run()
    press(visitor, "Classify" if how_many == "One animal" else "Classify 5 animals")
    assert_no_traceback(visitor)
    assert api.bodies[-1]["model_version"] == OLDER
    assert {stored.model_version for stored in api.stored} == {OLDER}


def test_the_selected_model_is_kept_while_another_page_is_open(visitor: AppTest, api: LocalApi) -> None:
    api.publish(OLDER)
    visitor.session_state["model_choice_open"] = True
    visitor.run()
    visitor.selectbox(key="model_choice_version").select(OLDER).run()
    go_to(go_to(visitor, HISTORY), PREDICT)
    press(visitor, "Classify")
    assert api.bodies[-1]["model_version"] == OLDER
    visitor.session_state["model_choice_open"] = True
    visitor.run()
    visitor.selectbox(key="model_choice_version").select(None).run()
    press(visitor, "Classify")
    assert "model_version" not in api.bodies[-1]
