"""The page *History*: stored predictions, loaded by page, filtered, selected, and found by id."""

from datetime import date

import pandas as pd
from streamlit.testing.v1 import AppTest

from menagerie.animal import Species
from tests.dashboard.local_api import MIXED, VERSION, LocalApi, problem
from tests.dashboard.pages import HISTORY, PREDICT, assert_no_traceback, charts, go_to, press, texts


def table(visitor: AppTest) -> pd.DataFrame:
    (frame,) = visitor.dataframe
    value: pd.DataFrame = frame.value
    return value


def questions(api: LocalApi) -> int:
    return api.requests.count("GET /predictions")


def test_without_predictions_the_page_shows_how_to_make_one(visitor: AppTest) -> None:
    go_to(visitor.run(), HISTORY)
    assert_no_traceback(visitor)
    assert "Classify an animal first" in texts(visitor)
    assert visitor.page_link[0].label == "Classify an animal"


def test_the_newest_prediction_is_the_first_row(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(3)
    go_to(visitor.run(), HISTORY)
    assert_no_traceback(visitor)
    shown = table(visitor)
    assert list(shown["species"]) == [["elephant"], ["chicken"], ["dog"]]
    assert list(shown["id"]) == [stored.id for stored in reversed(api.stored)]


def test_more_rows_are_loaded_on_demand_only(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(70)
    go_to(visitor.run(), HISTORY)
    assert len(table(visitor)) == 50
    assert questions(api) == 1
    press(visitor, "Show more")
    assert len(table(visitor)) == 70
    assert questions(api) == 2
    assert "All predictions are loaded." in texts(visitor)
    assert "Show more" not in [button.label for button in visitor.button]


def test_rows_are_kept_while_another_page_is_open(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(70)
    press(go_to(visitor.run(), HISTORY), "Show more")
    go_to(go_to(visitor, PREDICT), HISTORY)
    assert len(table(visitor)) == 70
    assert questions(api) == 2


def test_a_new_prediction_is_listed_without_a_refresh(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(2)
    go_to(visitor.run(), HISTORY)
    press(press(go_to(visitor, PREDICT), "🐘 Elephant"), "Classify")
    go_to(visitor, HISTORY)
    assert len(table(visitor)) == 3
    assert table(visitor)["species"][0] == ["elephant"]


def test_refresh_lists_predictions_of_others(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(2)
    go_to(visitor.run(), HISTORY)
    api.store(MIXED[0])
    press(visitor, "Refresh")
    assert len(table(visitor)) == 3


def test_predictions_can_be_filtered_by_species(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(10)
    go_to(visitor.run(), HISTORY)
    visitor.selectbox(key="history_species").select(Species.DOG).run()
    assert list(table(visitor)["species"]) == [["dog"], ["dog"]]


def test_days_are_whole_days_including_both_ends(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(2000)
    go_to(visitor.run(), HISTORY)
    visitor.date_input(key="history_from").set_value(date(2026, 3, 2))
    visitor.date_input(key="history_to").set_value(date(2026, 3, 2)).run()
    shown = table(visitor)
    assert shown["created_at"].max() == pd.Timestamp("2026-03-02 21:19", tz="UTC")
    visitor.date_input(key="history_to").set_value(date(2026, 3, 1))
    visitor.date_input(key="history_from").set_value(date(2026, 3, 1)).run()
    assert table(visitor)["created_at"].max() == pd.Timestamp("2026-03-01 23:59", tz="UTC")


def test_days_in_the_wrong_order_are_a_warning_without_a_request(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(2)
    go_to(visitor.run(), HISTORY)
    visitor.date_input(key="history_from").set_value(date(2026, 3, 2))
    visitor.date_input(key="history_to").set_value(date(2026, 3, 1)).run()
    assert "The first day is after the last day." in texts(visitor)
    assert questions(api) == 1


def test_filters_without_a_match_are_a_notice(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(1)
    go_to(visitor.run(), HISTORY)
    visitor.selectbox(key="history_species").select(Species.ELEPHANT).run()
    assert "No predictions match the filters" in texts(visitor)
    assert not visitor.dataframe


def test_filters_are_kept_while_another_page_is_open(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(10)
    go_to(visitor.run(), HISTORY)
    visitor.selectbox(key="history_species").select(Species.DOG).run()
    go_to(go_to(visitor, PREDICT), HISTORY)
    assert visitor.selectbox(key="history_species").value == "dog"
    assert len(table(visitor)) == 2


def test_a_selected_row_shows_all_its_probabilities(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(3)
    go_to(visitor.run(), HISTORY)
    assert len(charts(visitor)) == 2
    key = visitor.dataframe[0].proto.id.rpartition("-")[2]
    visitor.session_state[key] = {"selection": {"rows": [2], "columns": [], "cells": []}}
    visitor.run()
    assert_no_traceback(visitor)
    assert visitor.header[0].value == "🐕 Dog"
    assert api.stored[0].id in texts(visitor)
    assert len(charts(visitor)) == 3


def test_an_api_that_is_not_ready_is_an_error_message_with_a_retry(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(3)
    api.fail(503, problem(503, "A dependency does not answer."), retry_after="1")
    go_to(visitor.run(), HISTORY)
    assert_no_traceback(visitor)
    assert "A dependency does not answer. Try again in 1 second." in texts(visitor)
    api.fault = None
    press(visitor, "Try again")
    assert not visitor.error
    assert len(table(visitor)) == 3


def test_loaded_rows_are_kept_when_the_api_stops(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(70)
    go_to(visitor.run(), HISTORY)
    api.stop()
    press(visitor, "Show more")
    assert_no_traceback(visitor)
    assert "cannot be reached" in texts(visitor)
    assert len(table(visitor)) == 50


def tick(visitor: AppTest, row: int) -> AppTest:
    key = visitor.dataframe[0].proto.id.rpartition("-")[2]
    visitor.session_state[key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    return visitor.run()


def test_feedback_can_be_given_on_a_row(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(3)
    tick(go_to(visitor.run(), HISTORY), 2)
    truth = api.stored[0].id
    visitor.selectbox(key=f"history_picked_truth_{truth}").select(Species.KANGAROO).run()
    press(visitor, "Save")
    assert_no_traceback(visitor)
    assert api.feedback == {api.stored[0].id: "kangaroo"}
    assert table(visitor)["feedback"][2] == "kangaroo"
    assert questions(api) == 1


def test_predictions_can_be_filtered_by_model(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(3)
    api.promote(api.publish("20260201T120000Z-22222222"))
    api.store_many(2)
    go_to(visitor.run(), HISTORY)
    assert len(table(visitor)) == 5
    visitor.selectbox(key="history_model").select(VERSION).run()
    assert_no_traceback(visitor)
    assert len(table(visitor)) == 3
    assert "Searched 5 predictions of all models, which are all." in texts(visitor)


def test_a_prediction_is_found_by_its_id_and_given_feedback(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(60)
    wanted = api.stored[0]
    go_to(visitor.run(), HISTORY)
    visitor.text_input(key="find_id").set_value(f" {wanted.id} ")
    press(visitor, "Find")
    assert_no_traceback(visitor)
    assert f"Prediction `{wanted.id}`" in texts(visitor)
    visitor.selectbox(key=f"found_truth_{wanted.id}").select(Species.CHICKEN).run()
    press(visitor, "Save")
    assert_no_traceback(visitor)
    assert api.feedback == {wanted.id: "chicken"}
    assert "Feedback: a chicken." in texts(visitor)


def test_an_unknown_id_is_a_notice(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(1)
    go_to(visitor.run(), HISTORY)
    visitor.text_input(key="find_id").set_value("no/such?id")
    press(visitor, "Find")
    assert_no_traceback(visitor)
    assert "There is no prediction with this id." in texts(visitor)
    assert len(table(visitor)) == 1


def test_all_matching_predictions_can_be_loaded_at_once(visitor: AppTest, api: LocalApi) -> None:
    api.store_many(430)
    press(go_to(visitor.run(), HISTORY), "Load all")
    assert_no_traceback(visitor)
    assert len(table(visitor)) == 430
    assert questions(api) == 5
    (download,) = visitor.download_button
    assert download.label == "Download"
