"""The page *Predict* with many animals: a table, a file with invalid lines, batches, and a failed batch."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboard.local_api import LocalApi, problem
from tests.dashboard.pages import HISTORY, PREDICT, assert_no_traceback, go_to, press, texts

HEADER = "walks_on_n_legs,height,weight,has_wings,has_tail\n"
DOG_LINE = "4,0.5,25,no,yes\n"


@pytest.fixture
def many(visitor: AppTest) -> AppTest:
    """The page, switched to many animals."""
    visitor.run()
    visitor.button_group(key="predict_how_many").set_value("Many animals").run()
    return visitor


def upload(visitor: AppTest, text: str) -> AppTest:
    return visitor.file_uploader(key="many_file").upload("animals.csv", text.encode(), "text/csv").run()


def test_the_table_starts_with_an_example_of_each_species(many: AppTest, api: LocalApi) -> None:
    press(many, "Classify 5 animals")
    assert_no_traceback(many)
    assert [stored.species for stored in api.stored] == ["kangaroo", "elephant", "chicken", "dog", "unknown"]
    assert "Classified 5" in texts(many)


def test_invalid_lines_of_a_file_are_reported_and_the_others_classified(many: AppTest, api: LocalApi) -> None:
    upload(many, HEADER + DOG_LINE + "9,1,1,no,yes\n" + DOG_LINE)
    assert_no_traceback(many)
    (warning,) = many.warning
    assert "Line 3: walks_on_n_legs: input should be less than or equal to 8, not '9'" in warning.value
    press(many, "Classify 2 animals")
    assert len(api.stored) == 2


def test_a_file_without_the_columns_is_an_error_message_and_leaves_the_table(many: AppTest) -> None:
    upload(many, "a,b\n1,2\n")
    assert "The file has no column walks_on_n_legs" in many.error[0].value
    assert "Classify 5 animals" in [button.label for button in many.button]


def test_thousands_of_animals_are_sent_in_batches(many: AppTest, api: LocalApi) -> None:
    press(upload(many, HEADER + DOG_LINE * 1200), "Classify 1,200 animals")
    assert_no_traceback(many)
    assert len(api.stored) == 1200
    assert api.requests.count("POST /predict") == 3


def test_after_a_failed_batch_the_rest_can_be_sent(many: AppTest, api: LocalApi) -> None:
    api.fail(503, problem(503, "A dependency does not answer."))
    press(many, "Classify 5 animals")
    assert "A dependency does not answer." in texts(many)
    api.fault = None
    press(many, "Classify the remaining 5")
    assert not many.error
    assert len(api.stored) == 5
    assert len(set(api.keys)) == 1


def test_animals_classified_twice_are_stored_twice(many: AppTest, api: LocalApi) -> None:
    press(press(many, "Classify 5 animals"), "Classify 5 animals")
    assert len(set(api.keys)) == 2


def test_the_rows_and_predictions_are_kept_while_another_page_is_open(many: AppTest) -> None:
    press(upload(many, HEADER + DOG_LINE), "Classify 1 animal")
    go_to(go_to(many, HISTORY), PREDICT)
    assert_no_traceback(many)
    assert "Classified 1" in texts(many)
    assert "Classify 1 animal" in [button.label for button in many.button]
