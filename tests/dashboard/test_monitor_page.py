"""The page *Monitor*: counts, mix, drift and latency, also where there is little or nothing to see."""

from streamlit.testing.v1 import AppTest

from tests.dashboard.local_api import MIXED, LocalApi, problem
from tests.dashboard.pages import MONITOR, PREDICT, assert_no_traceback, charts, go_to, press, texts


def test_without_predictions_the_page_says_where_to_get_some(visitor: AppTest) -> None:
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    assert "Nothing to watch yet" in texts(visitor)
    assert "As this dashboard met it" in [heading.value for heading in visitor.subheader]


def test_inputs_like_those_of_training_do_not_drift(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(200)
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    said = texts(visitor)
    assert "Requests 200" in said
    assert "the rows that the current model was trained from" in said
    assert "as before" in said
    assert "200 recent animals against 2 000 rows" in said
    assert api.sent == []
    assert set(visitor.dataframe[0].value["verdict"]) == {"as before"}
    assert len(charts(visitor)) == 6


def test_the_rows_of_training_are_asked_for_once_for_a_model(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(200)
    go_to(go_to(go_to(visitor.run(), MONITOR), PREDICT), MONITOR)
    assert len([asked for asked in api.asked if asked.endswith("/rows")]) == 1


def test_inputs_of_another_kind_drift(visitor: AppTest, api: LocalApi) -> None:
    api.store([MIXED[2]] * 200)
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    assert "strong drift" in texts(visitor)


def test_without_the_rows_of_training_older_predictions_stand_in_and_the_page_says_so(
    visitor: AppTest, api: LocalApi
) -> None:
    api.rows_kept = False
    api.store_many(200)
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    assert "the older half of these predictions" in texts(visitor)
    assert "were not kept" in texts(visitor)


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


def test_what_the_cloud_counted_is_drawn_and_summed_up(visitor: AppTest, api: LocalApi) -> None:
    api.counted = {("predict", "Invocations"): 1200, ("predict", "Duration"): 14.5, ("api", "5XXError"): 3}
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    said = texts(visitor)
    for figure in ("Runs of predict 1,200", "Trainings 0", "Errors (5xx) 3", "Runs that failed 0"):
        assert figure in said
    assert "In steps of 1 minute" in said
    assert len(charts(visitor)) == 4


def test_where_nothing_went_wrong_the_page_says_so_instead_of_an_empty_chart(visitor: AppTest, api: LocalApi) -> None:
    api.counted = {("predict", "Invocations"): 5}
    go_to(visitor.run(), MONITOR)
    assert "Nothing failed" in texts(visitor)


def test_a_cloud_that_counted_nothing_says_what_to_do(visitor: AppTest) -> None:
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    assert "Nothing was counted in this time" in texts(visitor)


def test_how_far_to_look_back_can_be_chosen(visitor: AppTest, api: LocalApi) -> None:
    go_to(visitor.run(), MONITOR)
    before = api.asked.count("GET /metrics")
    visitor.selectbox(key="cloud_span").select("The last 15 days").run()
    assert_no_traceback(visitor)
    assert api.asked.count("GET /metrics") == before + 1
    visitor.run()
    assert api.asked.count("GET /metrics") == before + 1
    press(visitor, "Refresh")
    assert api.asked.count("GET /metrics") == before + 2


def test_metrics_that_cannot_be_had_are_a_message_and_the_rest_of_the_page_stays(
    visitor: AppTest, api: LocalApi
) -> None:
    api.store_many(60)
    go_to(visitor.run(), MONITOR)
    api.refuse(503, problem(503, "Something this service depends on does not answer."), retry_after="5")
    visitor.selectbox(key="cloud_span").select("The last 6 hours").run()
    assert_no_traceback(visitor)
    assert "depends on does not answer" in texts(visitor)
    assert "The newest 60 predictions" in texts(visitor)
    assert "As this dashboard met it" in [heading.value for heading in visitor.subheader]
