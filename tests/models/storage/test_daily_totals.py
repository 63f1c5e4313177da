"""The first storage operation, on a real table."""

import pytest

from models.deployment import Deployment
from models.storage.daily_totals import DailyTotalsStore
from models.traffic import PairDay, Totals
from tests.helpers.support import client, stored_days

DAY = PairDay("10.0.0.1", "10.0.0.2", "2022-12-07")
FILE_A, FILE_B = b"a" * 8, b"b" * 8


@pytest.fixture
def store(deployment: Deployment) -> DailyTotalsStore:
    return DailyTotalsStore(client("dynamodb"), deployment.daily_totals)


def test_a_file_counts_once(store: DailyTotalsStore, deployment: Deployment) -> None:
    """Adding the same file again changes nothing, and says so."""
    assert store.add_once(DAY, Totals(5, 3, 1), FILE_A, now=100)
    assert not store.add_once(DAY, Totals(5, 3, 1), FILE_A, now=200)
    assert stored_days(deployment) == {DAY: Totals(5, 3, 1)}


def test_files_of_a_day_add_up(store: DailyTotalsStore) -> None:
    """Several files share a day; each changes its revision once, and all are remembered."""
    store.add_once(DAY, Totals(5, 3, 1), FILE_A, now=100)
    store.add_once(DAY, Totals(10**30, 4, 2), FILE_B, now=101)
    (item,) = store.of_pair(DAY.pair)
    assert item.totals == Totals(10**30 + 5, 7, 3)
    assert (item.revision, item.updated_at, item.sources) == (2, 101, {FILE_A, FILE_B})


def test_time_of_change_never_goes_back(store: DailyTotalsStore) -> None:
    """A worker whose clock is behind counts its file at the time that the item has already."""
    store.add_once(DAY, Totals(5, 3, 1), FILE_A, now=5000)
    assert store.add_once(DAY, Totals(1, 1, 1), FILE_B, now=100)
    (item,) = store.of_pair(DAY.pair)
    assert (item.totals, item.updated_at) == (Totals(6, 4, 2), 5000)
    assert not store.add_once(DAY, Totals(1, 1, 1), FILE_B, now=100)


def test_a_file_is_taken_out_once(store: DailyTotalsStore) -> None:
    """Taking a file out undoes it, once, and only if it was in; then it may be counted again."""
    store.add_once(DAY, Totals(5, 3, 1), FILE_A, now=100)
    assert not store.take_out_once(DAY, Totals(9, 9, 9), FILE_B, now=101)
    assert store.take_out_once(DAY, Totals(5, 3, 1), FILE_A, now=102)
    assert not store.take_out_once(DAY, Totals(5, 3, 1), FILE_A, now=103)
    (item,) = store.of_pair(DAY.pair)
    assert (item.totals, item.revision) == (Totals(0, 0, 0), 2)
    assert store.add_once(DAY, Totals(5, 3, 1), FILE_A, now=104)


def test_taking_out_of_a_day_that_does_not_exist(store: DailyTotalsStore, deployment: Deployment) -> None:
    """Nothing comes into being by taking something out."""
    assert not store.take_out_once(DAY, Totals(5, 3, 1), FILE_A, now=100)
    assert stored_days(deployment) == {}


def test_looks_for_what_is_counted(store: DailyTotalsStore) -> None:
    """The look before a redelivery finds exactly the days that hold the file, over several calls."""
    days = [DAY._replace(day=f"2022-{month:02}-{day:02}") for month in range(1, 6) for day in range(1, 29)]
    for day in days[::3]:
        store.add_once(day, Totals(1, 1, 1), FILE_A, now=100)
    for day in days[1::3]:
        store.add_once(day, Totals(1, 1, 1), FILE_B, now=100)
    assert set(store.counted(days, FILE_A)) == set(days[::3])
