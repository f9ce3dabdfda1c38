"""Stories of a person who uses the dashboard in a real browser, with the embedded cloud."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, expect

from frontend.wording import describe_version
from tests.browser.conftest import Emulator
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CSV_WITH_INVALID_LINES = """walks_on_n_legs,height,weight,has_wings,has_tail
4,3.1,5200,no,yes
9,1,20,no,yes
2,0.3,2,yes,yes
4,tall,20,no,yes
"""


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def load_example(page: Page, name: str, *, weight: str) -> None:
    press(page, name)
    expect(page.get_by_role("spinbutton", name="Weight in kilograms")).to_have_value(weight)


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option).click()


def go_to(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def expect_prediction(page: Page, species: str) -> None:
    expect(page.get_by_role("heading", level=2, name=species)).to_be_visible()


def settled(page: Page) -> None:
    """Wait until the page has loaded."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.get_by_test_id("stSpinner")).to_have_count(0)


def test_the_first_visit_shows_what_to_do_and_that_the_api_responds(page: Page, keep: Callable[[str], None]) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Which animal is it?")
    expect(page.get_by_text("then press Classify")).to_be_visible()
    expect(page.get_by_text("Responds in")).to_be_visible()
    keep("first-visit")


def test_the_first_visit_to_the_address_of_a_page_shows_that_page(page: Page, impatient_dashboard: str) -> None:
    page.goto(f"{impatient_dashboard}/history")
    expect(page.get_by_role("heading", level=1)).to_have_text("History")
    expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(5)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_an_elephant_is_classified_and_found_in_the_history(page: Page, keep: Callable[[str], None]) -> None:
    load_example(page, "🐘 Elephant", weight="5200")
    press(page, "Classify")
    expect_prediction(page, "Elephant")
    expect(page.get_by_text("all other species are ruled out")).to_be_visible()
    settled(page)
    keep("predict")
    go_to(page, "History")
    expect(page.get_by_text("Newest first, loaded")).to_be_visible()
    settled(page)
    keep("history")


def test_a_file_with_invalid_lines_is_reported_and_the_others_are_classified(
    page: Page, keep: Callable[[str], None], tmp_path: Path
) -> None:
    page.get_by_role("radio", name="Many animals").click()
    file = tmp_path / "animals.csv"
    file.write_text(CSV_WITH_INVALID_LINES, encoding="utf-8")
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(file)
    expect(
        page.get_by_text("Line 3: walks_on_n_legs: input should be less than or equal to 8, not '9'")
    ).to_be_visible()
    expect(page.get_by_text("Line 5: height: input should be a valid number, not 'tall'")).to_be_visible()
    press(page, "Classify 2 animals")
    expect(page.get_by_role("heading", name="Predictions", exact=True)).to_be_visible()
    settled(page)
    keep("many-animals")
    with page.expect_download() as download:
        press(page, "Download the predictions")
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[5] for line in lines] == ["species", "elephant", "chicken"]


def test_feedback_on_a_prediction_is_stored(page: Page, api: httpx2.Client, keep: Callable[[str], None]) -> None:
    load_example(page, "🐕 Dog", weight="25")
    press(page, "Classify")
    expect_prediction(page, "Dog")
    choose(page, "True species", "Kangaroo")
    press(page, "Save")
    expect(page.get_by_text("Feedback: a kangaroo. The prediction is wrong.")).to_be_visible()
    settled(page)
    keep("feedback")
    newest = api.get("/predictions", params={"limit": 1}).json()["items"][0]
    assert (newest["species"], newest["feedback"]["species"]) == ("dog", "kangaroo")


def test_a_training_is_started_and_shown_until_its_end(
    page: Page, api: httpx2.Client, keep: Callable[[str], None]
) -> None:
    wait_for_trainings(api)
    before = api.get("/models").json()
    go_to(page, "Models")
    choose(page, "Promote the new model", "Never")
    press(page, "Start training")
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text("was not promoted").first).to_be_visible()
    settled(page)
    keep("models")
    after = api.get("/models").json()
    assert len(after["items"]) == len(before["items"]) + 1
    assert after["current"] == before["current"]


def test_a_model_is_promoted_and_rolled_back_after_a_confirmation(page: Page, api: httpx2.Client) -> None:
    older = api.get("/models").json()["current"]
    newer = newest_other_model(api, older)
    go_to(page, "Models")
    for button, yes, version in (("Promote", "promote", newer), ("Roll back to", "roll back", older)):
        press(page, f"{button} this model …")
        expect(page.get_by_role("dialog")).to_contain_text("stops answering requests")
        press(page, f"Yes, {yes}")
        expect(page.get_by_role("dialog")).to_have_count(0)
        # Not by the sentence below it, which the closing dialog contains too.
        expect(page.get_by_text(f"The model of {describe_version(version)} is current")).to_be_visible()
        assert api.get("/models").json()["current"] == version
        page.reload()


def test_a_sample_is_classified_and_monitored(page: Page, keep: Callable[[str], None]) -> None:
    go_to(page, "Data")
    press(page, "Fetch")
    press(page, "Classify 500 animals")
    expect(page.get_by_text("Crosses are outliers")).to_be_visible()
    settled(page)
    keep("data")
    go_to(page, "Monitor")
    expect(page.get_by_text("rows that the current model was trained from")).to_be_visible()
    expect(page.get_by_text("Runs of each function")).to_be_visible()
    expect(page.get_by_test_id("stMetric").filter(has_text="Runs of predict")).to_contain_text(re.compile(r"[1-9]\d*"))
    for drawn in ("Runs of each function over time", "95% quantile of the duration in milliseconds, over time"):
        expect(page.get_by_label(drawn, exact=True)).to_be_visible()
    settled(page)
    keep("monitor")
    page.get_by_text("Duration, 95% quantile").scroll_into_view_if_needed()
    keep("monitor-cloud")


def test_an_api_that_does_not_respond_is_shown_until_it_responds_again(
    page: Page, impatient_dashboard: str, emulator: Emulator, keep: Callable[[str], None]
) -> None:
    page.goto(impatient_dashboard)
    expect(page.get_by_text("Responds in")).to_be_visible()
    emulator.halt()
    press(page, "Classify")
    expect(page.get_by_text("does not answer in time").first).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_contain_text("Does not respond")
    keep("api-away")
    emulator.wake()

    def is_classified() -> bool:
        # On a slow machine a response may take longer than the timeout of this dashboard.
        press(page, "Classify")
        settled(page)
        return page.get_by_role("heading", level=2, name="Kangaroo").is_visible()

    wait_until(is_classified, what="a prediction")
    press(page, "Check again")
    expect(page.get_by_text("Responds in")).to_be_visible()


def newest_other_model(api: httpx2.Client, current: str) -> str:
    """Return the newest version that is not the current one."""
    wait_for_trainings(api)
    return next(str(item["version"]) for item in api.get("/models").json()["items"] if item["version"] != current)


def wait_for_trainings(api: httpx2.Client) -> None:
    """Wait until the latest training has succeeded."""

    def has_ended() -> bool:
        job = api.get("/retrain", params={"limit": 1}).json()["items"][0]
        assert job["status"] != "failed", job["error"]
        return bool(job["status"] == "succeeded")

    wait_until(has_ended, what="the latest training to end")
