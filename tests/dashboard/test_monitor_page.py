"""The page *Monitor*: predictions, drift, CloudWatch metrics and latency, also with few or no data."""

from datetime import UTC, datetime

from streamlit.testing.v1 import AppTest

from tests.dashboard.local_api import MIXED, VERSION, LocalApi, problem
from tests.dashboard.pages import MONITOR, PREDICT, assert_no_traceback, charts, go_to, press, texts


def test_without_predictions_the_page_shows_how_to_make_some(visitor: AppTest) -> None:
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    assert "No predictions yet" in texts(visitor)
    assert "Latency measured by this dashboard" in [heading.value for heading in visitor.subheader]


def test_inputs_like_the_training_rows_do_not_drift(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(200)
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    shown = texts(visitor)
    assert "Requests 200" in shown
    assert "rows that the current model was trained from" in shown
    assert "no drift" in shown
    assert "200 recent animals against 2,000 reference rows" in shown
    assert api.bodies == []
    assert set(visitor.dataframe[0].value["verdict"]) == {"no drift"}
    assert len(charts(visitor)) == 6


def test_training_rows_are_fetched_once_for_each_model(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(200)
    go_to(go_to(go_to(visitor.run(), MONITOR), PREDICT), MONITOR)
    assert len([request for request in api.requests if request.endswith("/rows")]) == 1


def test_inputs_of_another_distribution_drift(visitor: AppTest, api: LocalApi) -> None:
    api.store(*[MIXED[2]] * 200)
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    assert "strong drift" in texts(visitor)


def test_without_training_rows_older_predictions_are_the_reference(visitor: AppTest, api: LocalApi) -> None:
    api.publish(VERSION, keep_rows=False)
    api.store_many(200)
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    assert "the older half of these predictions" in texts(visitor)
    assert "were not stored" in texts(visitor)


def test_too_few_animals_are_a_notice(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(5)
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    assert "Drift needs at least 50 recent animals" in texts(visitor)


def test_a_refresh_requests_only_new_predictions(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(250)
    go_to(visitor.run(), MONITOR)
    assert api.requests.count("GET /predictions") == 3
    go_to(go_to(visitor, PREDICT), MONITOR)
    assert api.requests.count("GET /predictions") == 3
    api.store(MIXED[0])
    press(visitor, "Refresh")
    assert api.requests.count("GET /predictions") == 4
    assert "The newest 251 predictions" in texts(visitor)


def test_failed_calls_are_counted(visitor: AppTest, api: LocalApi) -> None:
    visitor.run()
    api.stop()
    go_to(visitor, MONITOR)
    assert_no_traceback(visitor)
    assert "cannot be reached" in texts(visitor)
    assert visitor.dataframe[-1].value["failed"].sum() >= 1


def test_cloudwatch_metrics_are_drawn_and_summed(visitor: AppTest, api: LocalApi) -> None:
    now = datetime.now(UTC)
    api.metrics.record("predict", "Invocations", now, 1200)
    api.metrics.record("predict", "Duration", now, 14.5)
    api.metrics.record("api", "5XXError", now, 3)
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    shown = texts(visitor)
    for figure in ("Runs of predict 1,200", "Trainings 0", "Errors (5xx) 3", "Failed runs 0"):
        assert figure in shown
    assert "Period: 1 minute" in shown
    assert len(charts(visitor)) == 4


def test_without_errors_there_is_a_sentence_instead_of_an_empty_chart(visitor: AppTest, api: LocalApi) -> None:
    api.metrics.record("predict", "Invocations", datetime.now(UTC), 5)
    go_to(visitor.run(), MONITOR)
    assert "No failed runs" in texts(visitor)


def test_without_metrics_the_page_shows_what_to_do(visitor: AppTest) -> None:
    go_to(visitor.run(), MONITOR)
    assert_no_traceback(visitor)
    assert "No data in this time span" in texts(visitor)


def test_the_time_span_can_be_selected(visitor: AppTest, api: LocalApi) -> None:
    go_to(visitor.run(), MONITOR)
    before = api.requests.count("GET /metrics")
    visitor.selectbox(key="cloud_span").select("Last 15 days").run()
    assert_no_traceback(visitor)
    assert api.requests.count("GET /metrics") == before + 1
    visitor.run()
    assert api.requests.count("GET /metrics") == before + 1
    press(visitor, "Refresh")
    assert api.requests.count("GET /metrics") == before + 2


def test_unavailable_metrics_are_an_error_message_and_the_rest_of_the_page_is_shown(
    visitor: AppTest, api: LocalApi
) -> None:
    api.store_many(60)
    go_to(visitor.run(), MONITOR)
    api.fail(503, problem(503, "Something this service depends on does not answer."), retry_after="5")
    visitor.selectbox(key="cloud_span").select("Last 6 hours").run()
    assert_no_traceback(visitor)
    assert "depends on does not answer" in texts(visitor)
    assert "The newest 60 predictions" in texts(visitor)
    assert "Latency measured by this dashboard" in [heading.value for heading in visitor.subheader]
