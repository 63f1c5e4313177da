"""Counting a file when items refuse, when a week is full, and when time runs out."""

from collections.abc import Iterable

import pytest
from botocore.exceptions import ClientError

from handlers.concurrency import ThreadedForEach
from handlers.summarizing.counting import Counting
from handlers.summarizing.delivery import MARGIN, Delivery
from models.errors import RunCutShort, TryAgain
from models.traffic import DaysOfWeek, PairWeek, Totals

DAYS = {3: Totals(1, 1, 1)}
WEEKS = {PairWeek("10.0.0.1", f"10.0.{n >> 8}.{n & 255}", "2022-12-05"): DAYS for n in range(300)}
FIRST, *_, LAST = WEEKS


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "UpdateItem")


class Daily:
    """Notes what is written, and refuses some weeks."""

    def __init__(self, refuses: Iterable[PairWeek] = (), error: Exception | None = None) -> None:
        self.refuses = set(refuses)
        self.error = error or refusal("ValidationException")
        self.full: set[PairWeek] = set()
        self.counted_before: set[PairWeek] = set()
        self.written: list[PairWeek] = []
        self.looks: list[int] = []

    def add_once(self, week: PairWeek, _days: DaysOfWeek, _source: bytes, _now: int) -> bool:
        if week in self.refuses:
            raise self.error
        self.written.append(week)
        return week not in self.counted_before

    def counted(self, weeks: list[PairWeek], _source: bytes) -> Iterable[PairWeek]:
        self.looks.append(len(weeks))
        return self.counted_before.intersection(weeks)

    def has_room(self, week: PairWeek, _days: DaysOfWeek, _source: bytes) -> bool:
        return week not in self.full


def counting(daily: Daily, time_left: Iterable[float] = ()) -> Counting:
    times = iter(time_left)
    return Counting(
        daily,  # type: ignore[arg-type]
        b"12345678",
        now=lambda: 1.0,
        check_time=Delivery(1, lambda: next(times, MARGIN + 1)).check_time,
        for_each=ThreadedForEach(1),
    )


@pytest.mark.parametrize("error", [refusal("ValidationException"), TryAgain("busy")])
def test_an_item_that_refuses_stops_no_other(error: Exception) -> None:
    """All others are written, then the file fails with what the item said."""
    daily = Daily({FIRST, LAST}, error)
    with pytest.raises(type(error)):
        counting(daily).add(WEEKS, looks_first=False)
    assert set(daily.written) == WEEKS.keys() - {FIRST, LAST}


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "InternalServerError"])
def test_what_concerns_all_items_stops_at_once(code: str) -> None:
    """A missing permission, throttling or an outage is not tried on each of a million items."""
    daily = Daily({FIRST}, refusal(code))
    with pytest.raises(ClientError, match=code):
        counting(daily).add(WEEKS, looks_first=False)
    assert daily.written == []


def test_a_full_week_is_no_failure() -> None:
    """A week that is full by what is stored in it is named, and the file is done with."""
    daily = Daily({FIRST})
    daily.full = {FIRST}
    work = counting(daily)
    work.add(WEEKS, looks_first=False)
    assert work.full == [FIRST]


def test_a_week_is_not_called_full_by_its_error_alone() -> None:
    """Of two that refuse, one is full: the file fails, and comes again."""
    daily = Daily({FIRST, LAST})
    daily.full = {FIRST}
    with pytest.raises(ClientError):
        counting(daily).add(WEEKS, looks_first=False)


def test_a_run_stops_before_its_time_is_over() -> None:
    """With less than the margin left nothing more is begun; what was written stays."""
    daily = Daily()
    with pytest.raises(RunCutShort):
        counting(daily, [60, 30, MARGIN, MARGIN - 0.1]).add(WEEKS, looks_first=False)
    assert len(daily.written) == 3


def test_a_redelivery_writes_only_what_a_look_finds_missing() -> None:
    """It looks at a hundred weeks at a time, right before it writes the rest of them."""
    daily = Daily()
    daily.counted_before = set(list(WEEKS)[:250])
    counting(daily).add(WEEKS, looks_first=True)
    assert daily.looks == [100, 100, 100]
    assert daily.written == list(WEEKS)[250:]


def test_it_knows_whether_it_added_anything() -> None:
    """One week in any of its parts that did not have the file before is enough."""
    daily = Daily()
    daily.counted_before = WEEKS.keys() - {FIRST}
    work = counting(daily)
    work.add({LAST: DAYS}, looks_first=False)
    assert not work.has_added
    work.add(WEEKS, looks_first=False)
    work.add({LAST: DAYS}, looks_first=False)
    assert work.has_added
