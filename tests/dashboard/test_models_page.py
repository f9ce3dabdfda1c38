"""The page *Models*: all models, a training from start to end, a comparison, promotion and rollback."""

from streamlit.testing.v1 import AppTest

from menagerie.job import TrainingRequest
from tests.dashboard.local_api import VERSION, LocalApi, problem
from tests.dashboard.pages import MODELS, PREDICT, assert_no_traceback, charts, go_to, press, texts

OLDER = "20260130T120000Z-11111111"
NEWER = "20260201T120000Z-22222222"
BETWEEN = "20260131T110000Z-33333333"


def test_every_model_is_listed_with_its_metrics_and_the_current_one_is_marked(visitor: AppTest, api: LocalApi) -> None:
    api.publish(OLDER)
    go_to(visitor.run(), MODELS)
    assert_no_traceback(visitor)
    shown = visitor.dataframe[0].value
    assert list(shown["version"]) == [VERSION, OLDER]
    assert list(shown["current"]) == ["● current", ""]
    assert shown["trained_from"][0].replace("\N{NO-BREAK SPACE}", " ") == "data service, 2,000 rows, seed 42"
    assert shown["reason"][0] == "promoted: it is better"


def test_before_the_first_model_the_page_shows_how_to_train_one(visitor: AppTest, api: LocalApi) -> None:
    api.delete_models()
    go_to(visitor.run(), MODELS)
    assert_no_traceback(visitor)
    assert "Start a training above" in texts(visitor)


def test_two_models_are_compared_with_their_confusion_matrices(visitor: AppTest, api: LocalApi) -> None:
    api.publish(OLDER)
    go_to(visitor.run(), MODELS)
    assert visitor.selectbox(key="compare_model").value == OLDER
    assert visitor.selectbox(key="compare_other").value == VERSION
    assert list(visitor.dataframe[1].value["metric"])[:2] == ["Accuracy", "Log loss"]
    assert "the prediction sets contained the label in 96%" in texts(visitor)
    assert [expander.label for expander in visitor.expander] == ["Zoology: 1 of 2 checks hold"] * 2
    assert "the elephant is heavier than the dog" in texts(visitor)
    matrices = [chart for chart in charts(visitor) if chart.get("layer", [{}])[0].get("mark", {}).get("type") == "rect"]
    assert len(matrices) == 2


def test_a_training_is_requested_with_the_values_of_the_form(visitor: AppTest, api: LocalApi) -> None:
    go_to(visitor.run(), MODELS)
    visitor.number_input(key="retrain_rows").set_value(500)
    visitor.number_input(key="retrain_seed").set_value(3)
    visitor.selectbox(key="retrain_promote").select("always")
    press(visitor, "Start training")
    assert_no_traceback(visitor)
    assert api.bodies[-1] == {
        "source": {"kind": "data-service", "seed": 3, "number_of_datapoints": 500},
        "promote": "always",
    }
    assert "Fitting the classifier … 50%" in visitor.get("progress")[0].proto.text.replace("\N{NO-BREAK SPACE}", " ")


def test_each_source_has_its_own_fields(visitor: AppTest, api: LocalApi) -> None:
    go_to(visitor.run(), MODELS)
    visitor.selectbox(key="retrain_source").select("dataset").run()
    visitor.text_input(key="retrain_key").set_value("datasets/zoo.csv")
    press(visitor, "Start training")
    assert api.bodies[-1]["source"] == {"kind": "dataset", "key": "datasets/zoo.csv"}
    api.finish_training()
    visitor.selectbox(key="retrain_source").select("feedback").run()
    press(visitor, "Start training")
    assert api.bodies[-1]["source"] == {"kind": "feedback"}


def test_a_training_that_succeeded_shows_its_result(visitor: AppTest, api: LocalApi) -> None:
    press(go_to(visitor.run(), MODELS), "Start training")
    api.finish_training(NEWER, reason="not promoted: accuracy 0.9 against 0.99")
    visitor.run()
    assert_no_traceback(visitor)
    shown = texts(visitor)
    assert "the model of 01 Feb 2026, 12:00 UTC was not promoted" in shown
    assert "accuracy 0.9 against 0.99" in shown


def test_a_training_that_failed_shows_the_reason(visitor: AppTest, api: LocalApi) -> None:
    press(go_to(visitor.run(), MODELS), "Start training")
    api.jobs.fail(api.latest_job.job_id, "the data service does not answer")
    visitor.run()
    assert "The training failed the data service does not answer" in texts(visitor)


def test_a_training_that_is_already_running_is_shown(visitor: AppTest, api: LocalApi) -> None:
    go_to(visitor.run(), MODELS)
    api.start_training(TrainingRequest(promote="never"))
    press(visitor, "Start training")
    assert_no_traceback(visitor)
    assert "Another training is running" in texts(visitor)
    assert api.latest_job.job_id in texts(visitor)
    assert not visitor.error


def test_a_training_is_still_shown_after_another_page_was_open(visitor: AppTest, api: LocalApi) -> None:
    press(go_to(visitor.run(), MODELS), "Start training")
    go_to(go_to(visitor, PREDICT), MODELS)
    assert api.latest_job.job_id in texts(visitor)


def test_a_source_that_the_api_rejects_is_an_error_message(visitor: AppTest, api: LocalApi) -> None:
    go_to(visitor.run(), MODELS)
    api.fail(422, problem(422, "1 field cannot be used.", **{"source.key": "is no file"}))
    press(visitor, "Start training")
    assert_no_traceback(visitor)
    assert "1 field cannot be used." in texts(visitor)


def test_a_rollback_needs_a_confirmation(visitor: AppTest, api: LocalApi) -> None:
    api.publish(OLDER)
    go_to(visitor.run(), MODELS)
    press(visitor, "Roll back to this model …")
    assert api.current == VERSION
    assert "stops answering requests" in texts(visitor)
    press(visitor, "Yes, roll back")
    assert_no_traceback(visitor)
    assert api.current == OLDER
    assert "The model of 30 Jan 2026, 12:00 UTC is current" in texts(visitor)


def test_a_rollback_returns_to_the_parent_of_the_current_model(visitor: AppTest, api: LocalApi) -> None:
    for version, parent in ((OLDER, None), (BETWEEN, OLDER), (VERSION, OLDER)):
        api.publish(version, parent=parent)
    go_to(visitor.run(), MODELS)
    press(press(visitor, "Roll back to this model …"), "Yes, roll back")
    assert api.current == OLDER


def test_a_parent_that_was_deleted_is_not_selected(visitor: AppTest, api: LocalApi) -> None:
    for version, parent in ((OLDER, None), (BETWEEN, None), (VERSION, "20250101T000000Z-44444444")):
        api.publish(version, parent=parent)
    go_to(visitor.run(), MODELS)
    assert_no_traceback(visitor)
    assert visitor.selectbox(key="compare_model").value == BETWEEN


def test_a_newer_model_is_promoted_unless_it_is_cancelled(visitor: AppTest, api: LocalApi) -> None:
    api.publish(NEWER)
    go_to(visitor.run(), MODELS)
    press(press(visitor, "Promote this model …"), "Cancel")
    assert api.current == VERSION
    press(press(visitor, "Promote this model …"), "Yes, promote")
    assert api.current == NEWER


def test_a_failed_promotion_is_an_error_message_and_changes_nothing(visitor: AppTest, api: LocalApi) -> None:
    api.publish(OLDER)
    go_to(visitor.run(), MODELS)
    press(visitor, "Roll back to this model …")
    api.fail(409, problem(409, "the model cannot be opened"))
    press(visitor, "Yes, roll back")
    assert_no_traceback(visitor)
    assert "the model cannot be opened" in texts(visitor)
    assert api.current == VERSION


def test_an_unreachable_api_is_an_error_message_with_a_retry(visitor: AppTest, api: LocalApi) -> None:
    visitor.run()
    api.stop()
    go_to(visitor, MODELS)
    assert_no_traceback(visitor)
    assert "cannot be reached" in texts(visitor)
    assert "Try again" in [button.label for button in visitor.button]
