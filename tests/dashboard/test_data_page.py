"""The page *Data*: a sample of the data service, and its classification by the current model."""

import pytest
from streamlit.testing.v1 import AppTest

from frontend.api.settings import DATA_SERVICE_VARIABLE
from tests.dashboard.local_api import VERSION, LocalApi, problem
from tests.dashboard.pages import DATA, PREDICT, assert_no_traceback, charts, go_to, press, texts


def fetched(visitor: AppTest) -> AppTest:
    return press(go_to(visitor.run(), DATA), "Fetch")


def test_before_the_first_fetch_the_page_shows_what_to_do(visitor: AppTest, api: LocalApi) -> None:
    go_to(visitor.run(), DATA)
    assert_no_traceback(visitor)
    assert "Press Fetch" in texts(visitor)
    assert "POST /api/v1/animals/data" not in api.requests


def test_a_sample_is_drawn_without_predictions(visitor: AppTest, api: LocalApi) -> None:
    fetched(visitor)
    assert_no_traceback(visitor)
    assert api.bodies == [{"seed": 42, "number_of_datapoints": 500}]
    assert not api.stored
    assert len(charts(visitor)) == 4
    assert "The predictions are stored" in texts(visitor)


def test_a_sample_is_classified_on_demand_and_outliers_are_marked(visitor: AppTest, api: LocalApi) -> None:
    press(fetched(visitor), "Classify 500 animals")
    assert_no_traceback(visitor)
    assert len(api.stored) == 500
    share = sum(stored.species == "unknown" for stored in api.stored) / 500
    assert 0 < share < 0.1
    assert f"the model classified {share * 100:.3g}% of the animals as unknown." in texts(visitor)
    assert len(charts(visitor)) == 5


def test_the_sample_is_kept_while_another_page_is_open(visitor: AppTest, api: LocalApi) -> None:
    go_to(go_to(fetched(visitor), PREDICT), DATA)
    assert len(charts(visitor)) == 4
    assert api.requests.count("POST /api/v1/animals/data") == 1


def test_an_unreachable_data_service_is_an_error_message(visitor: AppTest, api: LocalApi) -> None:
    go_to(visitor.run(), DATA)
    api.stop()
    press(visitor, "Fetch")
    assert_no_traceback(visitor)
    assert "The data service at" in texts(visitor)
    assert "menagerie data-service" in texts(visitor)


def test_an_unavailable_api_leaves_the_sample(visitor: AppTest, api: LocalApi) -> None:
    fetched(visitor)
    api.fail(503, problem(503, "A dependency does not answer."))
    press(visitor, "Classify 500 animals")
    assert_no_traceback(visitor)
    assert "A dependency does not answer." in texts(visitor)
    assert len(charts(visitor)) == 4


def test_without_a_data_service_the_page_shows_how_to_set_its_address(
    visitor: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DATA_SERVICE_VARIABLE)
    go_to(visitor.run(), DATA)
    assert_no_traceback(visitor)
    source = visitor.selectbox(key="data_source")
    assert source.options == ["Training of the current model"]
    assert DATA_SERVICE_VARIABLE in source.help


def test_the_training_rows_of_the_current_model_are_drawn(visitor: AppTest, api: LocalApi) -> None:
    go_to(visitor.run(), DATA)
    visitor.selectbox(key="data_source").select("training").run()
    press(visitor, "Fetch")
    assert_no_traceback(visitor)
    assert "500 rows of the 2,000 that the current model was trained from" in texts(visitor)
    assert "GET /models/current/rows" in api.requests
    assert len(charts(visitor)) == 4


def test_a_model_without_stored_rows_is_an_error_message(visitor: AppTest, api: LocalApi) -> None:
    api.publish(VERSION, keep_rows=False)
    go_to(visitor.run(), DATA)
    visitor.selectbox(key="data_source").select("training").run()
    press(visitor, "Fetch")
    assert_no_traceback(visitor)
    assert f"the rows of model {VERSION} were not kept." in texts(visitor)
