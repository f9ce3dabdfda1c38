"""Contract of the prediction store, tested on the fake and on the DynamoDB adapter."""

from datetime import UTC, datetime, timedelta

import pytest

from menagerie.animal import Species
from menagerie.errors import NotFound
from menagerie.ports.predictions import Cursor, PageRequest, PredictionStore
from menagerie.prediction import MAX_ANIMALS, Prediction, prediction_id
from tests.samples import NOON, batch_of

DOG, CHICKEN, ELEPHANT = Species.DOG, Species.CHICKEN, Species.ELEPHANT


def all_pages(predictions: PredictionStore, *, limit: int, species: Species | None = None) -> list[list[Prediction]]:
    pages, cursor = [], None
    while True:
        page = predictions.page(PageRequest(limit=limit, species=species, cursor=cursor))
        pages.append(page.items)
        if page.next_cursor is None:
            return pages
        cursor = Cursor.parse(page.next_cursor)


def test_added_predictions_can_be_read(predictions: PredictionStore) -> None:
    batch = batch_of(DOG, CHICKEN)
    predictions.add(batch)
    expected = [batch.prediction(0), batch.prediction(1)]
    assert [predictions.get(each.id) for each in expected] == expected
    assert predictions.page(PageRequest()).items == expected


# A ULID of noon; fixed, so that every process collects the same tests.
UNUSED_ID = "01KG9YS7G0CMGJ51PYK3YN6HD1"


@pytest.mark.parametrize(
    "unknown",
    [
        f"{UNUSED_ID}-0",
        "no-such-id",
        "",
        f"{UNUSED_ID}-00",
        f"{UNUSED_ID}-٣",
        f"{'7' + 'Z' * 25}-0",
    ],
)
def test_an_unknown_id_is_not_found(predictions: PredictionStore, unknown: str) -> None:
    predictions.add(batch_of(DOG))
    with pytest.raises(NotFound):
        predictions.get(unknown)


def test_a_position_behind_the_last_animal_is_not_found(predictions: PredictionStore) -> None:
    batch = batch_of(DOG)
    predictions.add(batch)
    with pytest.raises(NotFound):
        predictions.get(prediction_id(batch.request_id, 1))


def test_an_empty_store_has_one_empty_page(predictions: PredictionStore) -> None:
    assert all_pages(predictions, limit=10) == [[]]


def test_pages_are_newest_first_across_days_and_in_the_order_of_the_animals(predictions: PredictionStore) -> None:
    batches = [batch_of(DOG, CHICKEN, ELEPHANT, at=NOON + timedelta(days=days)) for days in (3, 0, 2)]
    for batch in batches:
        predictions.add(batch)
    newest_first = sorted(batches, key=lambda batch: batch.request_id, reverse=True)
    expected = [batch.prediction(position) for batch in newest_first for position in range(3)]
    assert predictions.page(PageRequest()).items == expected


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 12])
def test_pages_of_any_size_list_every_prediction_once(predictions: PredictionStore, limit: int) -> None:
    for minutes in range(4):
        predictions.add(batch_of(DOG, CHICKEN, DOG, at=NOON + timedelta(hours=7 * minutes)))
    pages = all_pages(predictions, limit=limit)
    whole = predictions.page(PageRequest(limit=100)).items
    assert [each for page in pages for each in page] == whole
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert pages[-1]


def test_the_last_full_page_has_no_cursor(predictions: PredictionStore) -> None:
    predictions.add(batch_of(DOG, DOG))
    assert predictions.page(PageRequest(limit=2)).next_cursor is None


def test_new_predictions_do_not_change_the_next_page(predictions: PredictionStore) -> None:
    for minutes in range(4):
        predictions.add(batch_of(DOG, at=NOON + timedelta(minutes=minutes)))
    before = predictions.page(PageRequest(limit=10)).items
    first = predictions.page(PageRequest(limit=2))
    predictions.add(batch_of(CHICKEN, at=NOON + timedelta(hours=1)))
    assert first.next_cursor is not None
    second = predictions.page(PageRequest(limit=2, cursor=Cursor.parse(first.next_cursor)))
    assert first.items + second.items == before


def test_a_search_for_a_species_lists_no_other(predictions: PredictionStore) -> None:
    for hours in range(0, 60, 10):
        predictions.add(batch_of(DOG, CHICKEN, DOG, at=NOON + timedelta(hours=hours)))
        predictions.add(batch_of(ELEPHANT, at=NOON + timedelta(hours=hours + 1)))
    listed = [each for page in all_pages(predictions, limit=4, species=DOG) for each in page]
    assert len(listed) == 12
    assert {each.species for each in listed} == {DOG}
    assert [each for page in all_pages(predictions, limit=5, species=Species.UNKNOWN) for each in page] == []


def test_a_time_range_includes_both_ends(predictions: PredictionStore) -> None:
    hours = [batch_of(DOG, at=NOON + timedelta(hours=10 * hour)) for hour in range(5)]
    for batch in hours:
        predictions.add(batch)
    page = predictions.page(PageRequest(start=hours[1].created_at, end=hours[3].created_at))
    assert page.items == [batch.prediction(0) for batch in (hours[3], hours[2], hours[1])]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NOON + timedelta(days=1), None),
        (None, NOON - timedelta(days=1)),
        (NOON + timedelta(hours=1), NOON - timedelta(hours=1)),
        (datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)),
        (datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_a_time_range_without_predictions_is_empty(
    predictions: PredictionStore, start: datetime | None, end: datetime | None
) -> None:
    predictions.add(batch_of(DOG))
    page = predictions.page(PageRequest(start=start, end=end))
    assert page.items == []
    assert page.next_cursor is None


def test_the_largest_time_range_lists_everything(predictions: PredictionStore) -> None:
    predictions.add(batch_of(DOG))
    everything = PageRequest(start=datetime.min.replace(tzinfo=UTC), end=datetime.max.replace(tzinfo=UTC))
    assert len(predictions.page(everything).items) == 1


def test_a_request_of_a_thousand_animals_is_listed_once_in_pages(predictions: PredictionStore) -> None:
    predictions.add(batch_of(*[DOG, CHICKEN] * (MAX_ANIMALS // 2)))
    pages = all_pages(predictions, limit=100)
    assert [len(page) for page in pages] == [100] * 10
    assert len({each.id for page in pages for each in page}) == MAX_ANIMALS
