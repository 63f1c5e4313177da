"""The second storage operation, on a real table."""

from collections.abc import Iterable
from datetime import date, timedelta

import pytest

from models.deployment import Deployment
from models.storage.changes import MARKS_AT_MOST, MARKS_KEPT, Step, Sums, WeekState
from models.storage.daily_totals import DailyTotalsStore
from models.storage.pair_statistics import WEEKS_AT_ONCE, Applied, PairStatisticsStore
from models.storage.statistics_item import bookkeeping, sums_of
from models.traffic import PairWeek, Totals, split_pair
from perf.data.oracle import statistics_of
from tests.helpers.deployed import client, stored_days, stored_statistics

PAIR = "10.0.0.1>10.0.0.2"
BY_FILE = [bytes([number] * 8) for number in range(250)]


class Pair:
    """A pair whose weeks are changed for real, and the steps that the stream would tell of it."""

    def __init__(self, deployment: Deployment) -> None:
        dynamodb = client("dynamodb")
        self.deployment = deployment
        self.daily = DailyTotalsStore(dynamodb, deployment.daily_totals)
        self.statistics = PairStatisticsStore(dynamodb, deployment.pair_statistics, self.daily)
        self.states: dict[str, WeekState] = {}

    def change(self, week: str, totals: Totals, now: int, weekday: int = 3) -> Step:
        before = self.states.get(week, WeekState())
        added, source = {weekday: totals}, BY_FILE[before.revision]
        assert self.daily.add_once(PairWeek(*split_pair(PAIR), week), added, source, now)
        day = Totals(*(a + b for a, b in zip(before.days.get(weekday, Totals()), totals, strict=True)))
        after = WeekState({**before.days, weekday: day}, before.revision + 1, now)
        self.states[week] = after
        return Step(week, before, after, first_change=now)

    def weeks(self, count: int, now: int) -> list[Step]:
        return [self.change(monday(n), Totals(n, 1, 1), now + n) for n in range(count)]

    def apply(self, steps: Iterable[Step]) -> Applied:
        return self.statistics.apply(PAIR, list(steps))

    def is_right(self) -> bool:
        return stored_statistics(self.deployment) == statistics_of(stored_days(self.deployment))


def monday(number: int) -> str:
    """The week so many weeks after the first one."""
    return (date(2022, 1, 3) + timedelta(weeks=number)).isoformat()


@pytest.fixture
def pair(deployment: Deployment) -> Pair:
    return Pair(deployment)


def test_a_step_is_applied_once(pair: Pair) -> None:
    """A second delivery of a step is a duplicate and changes nothing."""
    step = pair.change("2022-12-05", Totals(5, 3, 1), now=100)
    assert pair.apply([step]) is Applied.ADDED
    assert pair.apply([step]) is Applied.DUPLICATE
    assert sums_of(pair.statistics.get(PAIR)) == Sums(1, 5, 25, 3, 9)


def test_a_day_that_grows_replaces_its_square(pair: Pair) -> None:
    """The second file of a day changes Σx² by new² − old², and adds no day."""
    pair.apply([pair.change("2022-12-05", Totals(5, 3, 1), now=100)])
    pair.apply([pair.change("2022-12-05", Totals(2, 1, 1), now=200)])
    assert sums_of(pair.statistics.get(PAIR)) == Sums(1, 7, 49, 4, 16)


def test_days_of_a_week_are_added_up_together(pair: Pair) -> None:
    """A second day of a week is a day more, and a day that grew in the same week replaces its square."""
    pair.apply([pair.change("2022-12-05", Totals(5, 3, 1), now=100)])
    pair.apply([pair.change("2022-12-05", Totals(2, 1, 1), now=200, weekday=7)])
    pair.apply([pair.change("2022-12-05", Totals(1, 0, 1), now=300, weekday=7)])
    assert sums_of(pair.statistics.get(PAIR)) == Sums(2, 8, 25 + 9, 4, 9 + 1)


def test_weeks_come_in_any_order(pair: Pair) -> None:
    """Two weeks of a pair are two items: the later may come first."""
    first = pair.change("2022-12-05", Totals(5, 3, 1), now=100)
    second = pair.change("2022-12-12", Totals(2, 1, 1), now=200)
    assert [pair.apply([second]), pair.apply([first])] == [Applied.ADDED, Applied.ADDED]
    assert pair.is_right()


def test_a_batch_that_is_partly_known(pair: Pair) -> None:
    """Of a batch delivered again in part, only what is new is added."""
    known = pair.change("2022-12-05", Totals(5, 3, 1), now=100)
    pair.apply([known])
    assert pair.apply([known, pair.change("2022-12-12", Totals(2, 1, 1), now=200)]) is Applied.ADDED
    assert pair.is_right()


def test_a_missing_change_leads_to_a_rebuild(pair: Pair) -> None:
    """A step whose predecessor never came is settled from the daily totals."""
    pair.change("2022-12-05", Totals(5, 3, 1), now=100)
    assert pair.apply([pair.change("2022-12-05", Totals(2, 1, 1), now=200)]) is Applied.REBUILT
    assert pair.is_right()


def test_what_a_rebuild_saw_is_not_added_again(pair: Pair) -> None:
    """Records that were still under way when their pair was rebuilt are duplicates."""
    steps = [
        pair.change("2022-12-05", Totals(5, 3, 1), now=100),
        pair.change("2022-12-12", Totals(2, 1, 1), now=200),
    ]
    pair.statistics.rebuild(PAIR)
    assert [pair.apply([step]) for step in steps] == [Applied.DUPLICATE, Applied.DUPLICATE]
    assert pair.is_right()


def test_marks_stay_few_and_forgotten_weeks_are_not_counted_twice(pair: Pair) -> None:
    """Above the limit the oldest marks go; a repetition of such a week does not count it again."""
    steps = pair.weeks(MARKS_AT_MOST + 1, now=100)
    for step in steps:
        assert pair.apply([step]) is Applied.ADDED
    known = bookkeeping(pair.statistics.get(PAIR))
    assert len(known.marks) == MARKS_KEPT
    assert known.horizon == steps[-1 - MARKS_KEPT].after.updated_at
    assert pair.apply([steps[0]]) is Applied.REBUILT
    assert pair.is_right()


def test_what_is_forgotten_changed_first(pair: Pair) -> None:
    """A new week that comes a little late is news: what was forgotten changed before, whatever its date."""
    weeks = [monday(99 - n) for n in range(MARKS_AT_MOST + 2)]  # a history from its end to its start
    *steps, late, last = [pair.change(week, Totals(5, 3, 1), 100 + n) for n, week in enumerate(weeks)]
    assert [pair.apply([step]) for step in [*steps, last, late]] == [Applied.ADDED] * len(weeks)
    assert len(bookkeeping(pair.statistics.get(PAIR)).marks) == MARKS_KEPT + 1
    assert pair.is_right()


def test_a_late_file_for_a_forgotten_week(pair: Pair) -> None:
    """A change of a week whose mark is gone leads to a rebuild, and to the right sums."""
    for step in pair.weeks(MARKS_AT_MOST + 1, now=100):
        pair.apply([step])
    assert pair.apply([pair.change(monday(0), Totals(7, 7, 7), now=999)]) is Applied.REBUILT
    assert pair.is_right()


def test_many_weeks_at_once_are_a_rebuild(pair: Pair) -> None:
    """A batch with more weeks of a pair than one write unit takes is rebuilt from the start."""
    assert pair.apply(pair.weeks(WEEKS_AT_ONCE + 1, now=100)) is Applied.REBUILT
    assert pair.is_right()


def test_the_longest_item_stays_within_one_write_unit() -> None:
    """The most marks and two batches of the weeks allowed fit into 1 KB, with the longest addresses."""
    address = len("branch-of-fourteen/") + 39  # an IPv6 address behind a branch
    number = {digits: 1 + (digits + 1) // 2 for digits in (13, 20, 38)}  # bytes, as DynamoDB counts them
    keys = len("src") + len("dst") + 2 * address
    sums = len("n d dd p pp".replace(" ", "")) + 3 * number[20] + 2 * number[38]
    others = len("r") + number[13] + len("h") + number[13]
    marks = (MARKS_AT_MOST + 2 * WEEKS_AT_ONCE) * (len("20221205") + number[13])
    assert keys + sums + others + marks <= 1024


def test_a_rebuild_does_not_overwrite_what_came_in_between(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that is applied while a rebuild reads makes the rebuild start over."""
    first = pair.change("2022-12-05", Totals(5, 3, 1), now=100)
    pair.apply([first])
    of_pair = pair.daily.of_pair

    def read_and_be_overtaken(key: str) -> object:
        monkeypatch.setattr(pair.daily, "of_pair", of_pair)
        weeks = of_pair(key)
        pair.apply([pair.change("2022-12-12", Totals(2, 1, 1), now=200)])
        return weeks

    monkeypatch.setattr(pair.daily, "of_pair", read_and_be_overtaken)
    pair.statistics.rebuild(PAIR)
    assert pair.is_right()
