"""Contract of the prediction store, tested on the fake and on the DynamoDB adapter."""

from datetime import UTC, datetime, timedelta

import pytest

from menagerie.animal import Species
from menagerie.aws.predictions import DynamoDBPredictionStore
from menagerie.errors import NotFound
from menagerie.prediction import MAX_ANIMALS, Prediction, prediction_id
from menagerie.prediction_store import Cursor, PageRequest, PredictionStore
from tests.fakes import InMemoryPredictions
from tests.integration.conftest import PREDICTIONS
from tests.samples import NOON, batch_of

DOG, CHICKEN, ELEPHANT = Species.DOG, Species.CHICKEN, Species.ELEPHANT


@pytest.fixture(params=["in memory", "DynamoDB"])
def store(request: pytest.FixtureRequest) -> PredictionStore:
    if request.param == "in memory":
        return InMemoryPredictions()
    return DynamoDBPredictionStore(request.getfixturevalue("dynamodb"), PREDICTIONS)


def all_pages(store: PredictionStore, *, limit: int, species: Species | None = None) -> list[list[Prediction]]:
    pages, cursor = [], None
    while True:
        page = store.page(PageRequest(limit=limit, species=species, cursor=cursor))
        pages.append(page.items)
        if page.next_cursor is None:
            return pages
        cursor = Cursor.parse(page.next_cursor)


def test_added_predictions_can_be_read(store: PredictionStore) -> None:
    batch = batch_of(DOG, CHICKEN)
    store.add(batch)
    expected = [batch.prediction(0), batch.prediction(1)]
    assert [store.get(each.id) for each in expected] == expected
    assert store.page(PageRequest()).items == expected


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
def test_an_unknown_id_is_not_found(store: PredictionStore, unknown: str) -> None:
    store.add(batch_of(DOG))
    with pytest.raises(NotFound):
        store.get(unknown)


def test_a_position_behind_the_last_animal_is_not_found(store: PredictionStore) -> None:
    batch = batch_of(DOG)
    store.add(batch)
    with pytest.raises(NotFound):
        store.get(prediction_id(batch.request_id, 1))


def test_an_empty_store_has_one_empty_page(store: PredictionStore) -> None:
    assert all_pages(store, limit=10) == [[]]


def test_pages_are_newest_first_across_days_and_in_the_order_of_the_animals(store: PredictionStore) -> None:
    batches = [batch_of(DOG, CHICKEN, ELEPHANT, at=NOON + timedelta(days=days)) for days in (3, 0, 2)]
    for batch in batches:
        store.add(batch)
    newest_first = sorted(batches, key=lambda batch: batch.request_id, reverse=True)
    expected = [batch.prediction(position) for batch in newest_first for position in range(3)]
    assert store.page(PageRequest()).items == expected


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 12])
def test_pages_of_any_size_list_every_prediction_once(store: PredictionStore, limit: int) -> None:
    for minutes in range(4):
        store.add(batch_of(DOG, CHICKEN, DOG, at=NOON + timedelta(hours=7 * minutes)))
    pages = all_pages(store, limit=limit)
    whole = store.page(PageRequest(limit=100)).items
    assert [each for page in pages for each in page] == whole
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert pages[-1]


def test_the_last_full_page_has_no_cursor(store: PredictionStore) -> None:
    store.add(batch_of(DOG, DOG))
    assert store.page(PageRequest(limit=2)).next_cursor is None


def test_new_predictions_do_not_change_the_next_page(store: PredictionStore) -> None:
    for minutes in range(4):
        store.add(batch_of(DOG, at=NOON + timedelta(minutes=minutes)))
    before = store.page(PageRequest(limit=10)).items
    first = store.page(PageRequest(limit=2))
    store.add(batch_of(CHICKEN, at=NOON + timedelta(hours=1)))
    assert first.next_cursor is not None
    second = store.page(PageRequest(limit=2, cursor=Cursor.parse(first.next_cursor)))
    assert first.items + second.items == before


def test_a_search_for_a_species_lists_no_other(store: PredictionStore) -> None:
    for hours in range(0, 60, 10):
        store.add(batch_of(DOG, CHICKEN, DOG, at=NOON + timedelta(hours=hours)))
        store.add(batch_of(ELEPHANT, at=NOON + timedelta(hours=hours + 1)))
    listed = [each for page in all_pages(store, limit=4, species=DOG) for each in page]
    assert len(listed) == 12
    assert {each.species for each in listed} == {DOG}
    assert [each for page in all_pages(store, limit=5, species=Species.UNKNOWN) for each in page] == []


def test_a_time_range_includes_both_ends(store: PredictionStore) -> None:
    hours = [batch_of(DOG, at=NOON + timedelta(hours=10 * hour)) for hour in range(5)]
    for batch in hours:
        store.add(batch)
    page = store.page(PageRequest(start=hours[1].created_at, end=hours[3].created_at))
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
    store: PredictionStore, start: datetime | None, end: datetime | None
) -> None:
    store.add(batch_of(DOG))
    page = store.page(PageRequest(start=start, end=end))
    assert page.items == []
    assert page.next_cursor is None


def test_the_largest_time_range_lists_everything(store: PredictionStore) -> None:
    store.add(batch_of(DOG))
    everything = PageRequest(start=datetime.min.replace(tzinfo=UTC), end=datetime.max.replace(tzinfo=UTC))
    assert len(store.page(everything).items) == 1


def test_a_request_of_a_thousand_animals_is_listed_once_in_pages(store: PredictionStore) -> None:
    store.add(batch_of(*[DOG, CHICKEN] * (MAX_ANIMALS // 2)))
    pages = all_pages(store, limit=100)
    assert [len(page) for page in pages] == [100] * 10
    assert len({each.id for page in pages for each in page}) == MAX_ANIMALS
