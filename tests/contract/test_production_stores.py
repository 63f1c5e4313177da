"""The two storage operations of flowtally, and what comes out of them together."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from random import Random
from typing import Any

from handlers.consolidating.stage import Consolidator
from models.storage.batch_read import KEYS_A_CALL
from models.storage.changes import MARKS_AT_MOST, MARKS_KEPT, Step, Sums, WeekState, states_of
from models.storage.daily_totals import DailyTotalsStore
from models.storage.pair_statistics import Applied, PairStatisticsStore
from models.storage.statistics_item import bookkeeping, sums_of
from models.traffic import PairDay, PairWeek, Totals, by_week
from perf.data.oracle import statistics_of
from tests.contract.stores import Store, read_stream
from tests.helpers.deployed import days_in

WEEK = PairWeek("10.0.0.1", "10.0.0.2", "2022-12-05")
A, B = b"a" * 8, b"\0" * 8


def a_step(week: str, revision: int, *, at: int) -> Step:
    """The change of a week to a revision, a second after the one before it; 10 µs come with each."""
    before, after = (
        WeekState({3: Totals(10 * number, 1, number)}, number, at + number - revision)
        for number in (revision - 1, revision)
    )
    return Step(week, before if revision > 1 else WeekState(), after, first_change=at)


def test_a_week_counts_each_file_once(daily: DailyTotalsStore) -> None:
    """A file adds once and comes out once; the revision tells each change, and the time never goes back."""
    by_a, by_b = {3: Totals(10**20, 3, 1), 7: Totals(1, 1, 1)}, {3: Totals(5, 4, 2), 1: Totals(2, 2, 2)}
    assert daily.add_once(WEEK, by_a, A, now=500)
    assert not daily.add_once(WEEK, by_a, A, now=501)
    assert daily.add_once(WEEK, by_b, B, now=100)
    both = {1: Totals(2, 2, 2), 3: Totals(10**20 + 5, 7, 3), 7: Totals(1, 1, 1)}
    assert states_of(daily.of_pair(WEEK.pair)) == {WEEK.week: WeekState(both, 2, 500)}
    assert daily.take_out_once(WEEK, by_a, A, now=600)
    assert not daily.take_out_once(WEEK, by_a, A, now=600)
    assert set(daily.counted([WEEK], B)) == {WEEK}
    assert set(daily.counted([WEEK], A)) == set()
    assert daily.take_out_once(WEEK, by_b, B, now=600)
    (item,) = daily.of_pair(WEEK.pair)
    assert WeekState.of(item) == WeekState(dict.fromkeys((1, 3, 7), Totals()), 4, 600)
    assert "s" not in item


def test_steps_apply_once(statistics: PairStatisticsStore) -> None:
    """New, repeated, mixed and unfitting steps are told apart by the item that refused them."""
    first, second, other = (
        a_step("2022-12-05", 1, at=100),
        a_step("2022-12-05", 2, at=101),
        a_step("2022-12-12", 1, at=150),
    )
    assert statistics.apply(WEEK.pair, [first]) is Applied.ADDED
    assert statistics.apply(WEEK.pair, [first]) is Applied.DUPLICATE
    assert statistics.apply(WEEK.pair, [first, other]) is Applied.ADDED
    assert statistics.apply(WEEK.pair, [second, other]) is Applied.ADDED
    item = statistics.get(WEEK.pair)
    assert sums_of(item) == Sums(2, 30, 20 * 20 + 10 * 10, 2, 2)
    assert bookkeeping(item).marks == {"2022-12-05": second.after.mark, "2022-12-12": other.after.mark}
    assert statistics.apply(WEEK.pair, [a_step("2022-12-19", 2, at=300)]) is Applied.REBUILT
    assert sums_of(statistics.get(WEEK.pair)) == Sums()  # there are no daily totals


def test_statistics_of_many_pairs_are_read_by_one_call(statistics: PairStatisticsStore) -> None:
    """Each as a call of its own gives it; pairs that have none, and keys that are no pair, are left out."""
    pairs = [f"10.0.0.{number}>10.0.1.1" for number in range(KEYS_A_CALL - 3)]
    for pair in pairs[::2]:
        statistics.apply(pair, [a_step("2022-12-05", 1, at=100)])
    found = statistics.get_all([*pairs, "no pair", ">", "10.0.0.1>"])
    assert found == {pair: statistics.get(pair) for pair in pairs[::2]}
    assert statistics.get_all(["no pair"]) == {}


def test_squares_up_to_38_digits(statistics: PairStatisticsStore, daily: DailyTotalsStore) -> None:
    """A daily total of 10^18 and its square are kept to the last digit, added and rebuilt."""
    totals = Totals(10**18 + 1, 10**18 + 3, 1)
    daily.add_once(WEEK, {3: totals}, A, now=100)
    step = Step(WEEK.week, WeekState(), WeekState({3: totals}, 1, 100), first_change=100)
    assert statistics.apply(WEEK.pair, [step]) is Applied.ADDED
    expected = Sums(1, 10**18 + 1, (10**18 + 1) ** 2, 10**18 + 3, (10**18 + 3) ** 2)
    assert sums_of(statistics.get(WEEK.pair)) == expected
    statistics.rebuild(WEEK.pair)
    assert sums_of(statistics.get(WEEK.pair)) == expected


def test_bookkeeping_is_pruned(statistics: PairStatisticsStore) -> None:
    """More weeks than may be remembered leave the latest and a horizon; a late week is no news then."""
    steps = [
        a_step((date(2022, 1, 3) + timedelta(weeks=week)).isoformat(), 1, at=1000 + week)
        for week in range(MARKS_AT_MOST + 1)
    ]
    for step in steps:
        assert statistics.apply(WEEK.pair, [step]) is Applied.ADDED
    known = bookkeeping(statistics.get(WEEK.pair))
    assert known.marks == {step.week: step.after.mark for step in steps[-MARKS_KEPT:]}
    assert known.horizon == steps[-1 - MARKS_KEPT].after.updated_at
    assert statistics.apply(WEEK.pair, [steps[0]]) is Applied.REBUILT


def test_tables_stay_exact(store: Store, daily: DailyTotalsStore, statistics: PairStatisticsStore) -> None:
    """Files counted, repeated and taken out, batches cut anywhere and delivered twice: nothing is off."""
    random = Random(7)
    consolidator = Consolidator(statistics, one_after_the_other)
    files = {random.randbytes(8): a_file(random) for _ in range(8)}
    counted: set[bytes] = set()
    delivered = 0
    for _ in range(24):
        source, days = random.choice(list(files.items()))
        change = daily.take_out_once if source in counted and random.random() < 0.5 else daily.add_once
        for week, of_week in by_week((*day, *totals) for day, totals in days.items()).items():
            change(week, of_week, source, now=random.randint(1000, 2000))
        (counted.discard if change == daily.take_out_once else counted.add)(source)
        if random.random() < 0.4:
            delivered = deliver(store, consolidator, delivered, random)
    deliver(store, consolidator, delivered, random)

    expected: dict[PairDay, Totals] = defaultdict(Totals)
    for source in counted:
        for day, totals in files[source].items():
            expected[day] = Totals(*map(sum, zip(expected[day], totals, strict=True)))
    found = days_in(item for _, weeks in daily.by_pair() for item in weeks)
    assert {day: totals for day, totals in found.items() if totals.flows} == expected
    sums = {pair: sums_of(statistics.get(">".join(pair))) for pair in statistics_of(found)}
    assert {pair: of for pair, of in sums.items() if of.days} == statistics_of(expected)
    assert {tuple(pair.split(">")) for pair in statistics.pairs()} == sums.keys()


def a_file(random: Random) -> dict[PairDay, Totals]:
    """Some days of two pairs."""
    pairs = [("10.0.0.1", "10.0.0.2"), ("10.0.0.2", "fe80::1")]
    days = [PairDay(*random.choice(pairs), f"2022-12-{random.randint(1, 20):02}") for _ in range(6)]
    return {day: Totals(random.randint(0, 10**15), random.randint(0, 99), 1) for day in days}


def deliver(store: Store, consolidator: Consolidator, start: int, random: Random) -> int:
    """Gives all records from a place on to the second stage, some of them twice, and the place after them."""
    records = read_stream(store)
    place = max(0, start - 5)
    while place < len(records):
        end = place + random.randint(1, 20)
        assert consolidator.process(records[place:end]) is None
        place = end if random.random() < 0.7 else end - random.randint(0, end - place - 1)
    return len(records)


def one_after_the_other(work: Callable[[Any], object], items: Iterable[Any], /) -> None:
    for item in items:
        work(item)
