"""The page *Data*: a sample of the data service, and what the current model makes of it."""

import pytest
from streamlit.testing.v1 import AppTest

from frontend.api.settings import DATA_SERVICE_VARIABLE
from tests.dashboard.local_api import LocalApi, problem
from tests.dashboard.pages import DATA, PREDICT, assert_no_traceback, charts, go_to, press, texts


def fetched(visitor: AppTest) -> AppTest:
    return press(go_to(visitor.run(), DATA), "Fetch")


def test_before_the_first_fetch_the_page_says_what_to_do(visitor: AppTest, api: LocalApi) -> None:
    go_to(visitor.run(), DATA)
    assert_no_traceback(visitor)
    assert "Press Fetch" in texts(visitor)
    assert "POST /api/v1/animals/data" not in api.asked


def test_a_sample_is_drawn_without_asking_the_model(visitor: AppTest, api: LocalApi) -> None:
    fetched(visitor)
    assert_no_traceback(visitor)
    assert api.sent == [{"seed": 42, "number_of_datapoints": 500}]
    assert not api.stored
    assert len(charts(visitor)) == 4
    assert "Every answer is stored, as always" in texts(visitor)


def test_the_model_is_asked_on_demand_and_outliers_are_marked(visitor: AppTest, api: LocalApi) -> None:
    press(fetched(visitor), "Ask the current model about 500 animals")
    assert_no_traceback(visitor)
    assert len(api.stored) == 500
    assert "Crosses are outliers: 20 % of the animals" in texts(visitor)
    assert len(charts(visitor)) == 5


def test_the_sample_is_still_there_after_a_look_at_another_page(visitor: AppTest, api: LocalApi) -> None:
    go_to(go_to(fetched(visitor), PREDICT), DATA)
    assert len(charts(visitor)) == 4
    assert api.asked.count("POST /api/v1/animals/data") == 1


def test_a_data_service_that_is_away_is_a_message(visitor: AppTest, api: LocalApi) -> None:
    go_to(visitor.run(), DATA)
    api.stop()
    press(visitor, "Fetch")
    assert_no_traceback(visitor)
    assert "The data service at" in texts(visitor)
    assert "menagerie data-service" in texts(visitor)


def test_an_api_that_is_away_leaves_the_sample(visitor: AppTest, api: LocalApi) -> None:
    fetched(visitor)
    api.refuse(503, problem(503, "A dependency does not answer."))
    press(visitor, "Ask the current model about 500 animals")
    assert_no_traceback(visitor)
    assert "A dependency does not answer." in texts(visitor)
    assert len(charts(visitor)) == 4


def test_without_a_data_service_the_page_says_how_to_name_one(
    visitor: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DATA_SERVICE_VARIABLE)
    go_to(visitor.run(), DATA)
    assert_no_traceback(visitor)
    source = visitor.selectbox(key="data_source")
    assert source.options == ["The current model's training"]
    assert DATA_SERVICE_VARIABLE in source.help


def test_the_rows_that_the_current_model_was_made_from_can_be_looked_at(visitor: AppTest, api: LocalApi) -> None:
    go_to(visitor.run(), DATA)
    visitor.selectbox(key="data_source").select("training").run()
    press(visitor, "Fetch")
    assert_no_traceback(visitor)
    assert "500 rows of the 2,000 that the current model was made from" in texts(visitor)
    assert "GET /models/current/rows" in api.asked
    assert len(charts(visitor)) == 4


def test_a_model_whose_rows_were_not_kept_is_said_to_be_so(visitor: AppTest, api: LocalApi) -> None:
    api.rows_kept = False
    go_to(visitor.run(), DATA)
    visitor.selectbox(key="data_source").select("training").run()
    press(visitor, "Fetch")
    assert_no_traceback(visitor)
    assert "The rows of this model were not kept." in texts(visitor)
