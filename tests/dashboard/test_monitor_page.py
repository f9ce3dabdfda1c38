"""The page *Monitor*: counts, mix, drift and latency, also where there is little or nothing to see."""

from streamlit.testing.v1 import AppTest

from tests.dashboard.local_api import MIXED, LocalApi
from tests.dashboard.pages import MONITOR, PREDICT, assert_no_traceback, charts, go_to, press, texts


def test_without_predictions_the_page_says_where_to_get_some(visitor: AppTest) -> None:
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    assert "Nothing to watch yet" in texts(visitor)
    assert "Latency and errors" in [heading.value for heading in visitor.subheader]


def test_inputs_like_those_of_training_do_not_drift(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(200)
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    said = texts(visitor)
    assert "Requests 200" in said
    assert "the rows that the current model was trained from" in said
    assert "as before" in said
    assert api.sent == [{"seed": 42, "number_of_datapoints": 1000}]
    assert set(visitor.dataframe[0].value["verdict"]) == {"as before"}
    assert len(charts(visitor)) == 6


def test_inputs_of_another_kind_drift(visitor: AppTest, api: LocalApi) -> None:
    api.store([MIXED[2]] * 200)
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    assert "strong drift" in texts(visitor)


def test_without_the_rows_of_training_older_predictions_stand_in_and_the_page_says_so(
    visitor: AppTest, api: LocalApi
) -> None:
    api.data_service = False
    api.store_many(200)
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    assert "the older half of these predictions" in texts(visitor)


def test_too_few_animals_are_no_drift(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(5)
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    assert "Drift needs 50 animals" in texts(visitor)


def test_a_refresh_asks_only_for_what_is_new(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(250)
    go_to(visitor.run(), MONITOR)
    assert api.asked.count("GET /predictions") == 3
    go_to(go_to(visitor, PREDICT), MONITOR)
    assert api.asked.count("GET /predictions") == 3
    api.store_many(1)
    press(visitor, "Refresh")
    assert api.asked.count("GET /predictions") == 4
    assert "The newest 251 predictions" in texts(visitor)


def test_calls_that_failed_are_counted(visitor: AppTest, api: LocalApi) -> None:
    visitor.run()
    api.stop()
    go_to(visitor, MONITOR)
    assert_no_traceback(visitor)
    assert "cannot be reached" in texts(visitor)
    assert visitor.dataframe[-1].value["failed"].sum() >= 1
