"""A week that is full: what the table refuses is what our own arithmetic calls full, on every engine."""

import pytest
from botocore.exceptions import ClientError

from handlers.concurrency import ThreadedForEach
from handlers.summarizing.counting import Counting
from models.storage.daily_totals import DailyTotalsStore
from models.traffic import PairWeek, Totals
from tests.contract.stores import Store
from tests.helpers.spoilt_items import fill_week

FULL = PairWeek("10.0.0.1", "10.0.0.2", "2022-12-05")
OTHER = PairWeek("10.0.0.1", "10.0.0.3", "2022-12-05")
DAYS = {weekday: Totals(123_456_789_012, 123_456_789_012, 1) for weekday in range(1, 8)}
SOURCE = b"12345678"


def fill(store: Store, files: int) -> None:
    fill_week(store.dynamodb, store.daily_totals, FULL, files)


def test_an_item_takes_some_fifty_thousand_files(store: Store, daily: DailyTotalsStore) -> None:
    """One that has room takes another file, and one that is full refuses and is found full by reading it."""
    fill(store, 51_000)
    assert daily.has_room(FULL, DAYS, SOURCE)
    assert daily.add_once(FULL, DAYS, SOURCE, now=200)
    fill(store, 51_190)
    assert not daily.has_room(FULL, DAYS, SOURCE)
    with pytest.raises(ClientError, match="ValidationException"):
        daily.add_once(FULL, DAYS, SOURCE, now=200)


def test_the_rest_of_a_file_is_counted(store: Store, daily: DailyTotalsStore) -> None:
    """A full week is named, and the other week of the file is written."""
    fill(store, 51_190)
    work = Counting(daily, SOURCE, lambda: 200.0, lambda: None, ThreadedForEach(1))
    work.add({FULL: DAYS, OTHER: DAYS}, looks_first=False)
    assert work.full == [FULL]
    assert set(daily.counted([FULL, OTHER], SOURCE)) == {OTHER}


def test_an_item_that_is_not_there_has_room(daily: DailyTotalsStore) -> None:
    """A new week is never full."""
    assert daily.has_room(OTHER, DAYS, SOURCE)
