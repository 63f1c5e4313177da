"""Pairs of which no statistics can be computed: set aside, flagged, and nobody waits for them."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from handlers.consolidating.repair import Repair, repair_all
from handlers.consolidating.stage import Consolidator
from models.errors import NotComputable
from models.storage.changes import Step, Sums, WeekState
from models.storage.daily_totals import DailyTotalsStore
from models.storage.pair_statistics import Applied, PairStatisticsStore
from models.storage.statistics_item import is_set_aside, sums_of
from models.traffic import DaysOfWeek, PairWeek, Totals
from tests.contract.stores import Store, read_stream

WEEK = PairWeek("10.0.0.1", "10.0.0.2", "2022-12-05")
GOOD = PairWeek("10.0.0.3", "10.0.0.4", "2022-12-05")
SOURCE = b"12345678"
SMALL: DaysOfWeek = {3: Totals(777_777_777_777, 1, 1)}
HUGE: DaysOfWeek = {3: Totals(10_500_000 * 10**12, 10_500_000, 10_500_000)}  # its square has 39 digits


def in_turn(work: Callable[[Any], object], items: Iterable[Any], /) -> None:
    for item in items:
        work(item)


def put(store: Store, pair: str, week: str = WEEK.week, **numbers: int) -> None:
    """Writes an item of the daily totals by hand."""
    key = {"k": {"S": pair}, "t": {"S": week}}
    item = key | {name: {"N": str(number)} for name, number in numbers.items()}
    store.dynamodb.put_item(TableName=store.daily_totals, Item=item)


@pytest.mark.lie_of("ministack", "rounds a sum to 38 digits")
def test_a_sum_that_no_table_holds_sets_a_pair_aside(
    daily: DailyTotalsStore, statistics: PairStatisticsStore
) -> None:
    """The update is refused, the daily totals prove why; once the file is taken out, a rebuild clears it."""
    daily.add_once(WEEK, SMALL, b"a" * 8, now=100)
    before = WeekState(SMALL, 1, 100)
    assert statistics.apply(WEEK.pair, [Step(WEEK.week, WeekState(), before, 100)]) is Applied.ADDED
    daily.add_once(WEEK, HUGE, SOURCE, now=200)
    together = Totals(*(a + b for a, b in zip(SMALL[3], HUGE[3], strict=True)))
    step = Step(WEEK.week, before, WeekState({3: together}, 2, 200), 200)
    for _ in range(2):
        with pytest.raises(NotComputable, match="38 digits"):
            statistics.apply(WEEK.pair, [step])
        assert is_set_aside(statistics.get(WEEK.pair))
    daily.take_out_once(WEEK, HUGE, SOURCE, now=300)
    assert statistics.rebuild(WEEK.pair) is Applied.REBUILT
    item = statistics.get(WEEK.pair)
    assert not is_set_aside(item)
    assert sums_of(item) == Sums(1, 777_777_777_777, 777_777_777_777**2, 1, 1)


@pytest.mark.parametrize(
    ("pair", "week", "numbers"),
    [
        (WEEK.pair, WEEK.week, {}),
        (WEEK.pair, WEEK.week, {"d3": 1, "n3": 1, "r": 1, "u": 100}),
        (WEEK.pair, "2022-12-07", {"d3": 1, "p3": 1, "n3": 1, "r": 1, "u": 100}),
        ("no pair", WEEK.week, {"d3": 1, "p3": 1, "n3": 1, "r": 1, "u": 100}),
        (">", WEEK.week, {"d3": 1, "p3": 1, "n3": 1, "r": 1, "u": 100}),
    ],
    ids=["no numbers", "a number missing", "no Monday", "no pair", "empty addresses"],
)
def test_items_written_by_hand_stop_nobody(
    store: Store,
    daily: DailyTotalsStore,
    statistics: PairStatisticsStore,
    caplog: pytest.LogCaptureFixture,
    pair: str,
    week: str,
    numbers: dict[str, int],
) -> None:
    """The batch is done with, the other pair is counted, an error names the pair; a repair finds the same."""
    put(store, pair, week, **numbers)
    daily.add_once(GOOD, SMALL, SOURCE, now=100)
    assert Consolidator(statistics, in_turn).process(read_stream(store)) is None
    assert sums_of(statistics.get(GOOD.pair)).days == 1
    (said,) = [vars(line) for line in caplog.records if line.message == "pair set aside"]
    assert (said["levelname"], said["pair"]) == ("ERROR", pair)
    if pair == WEEK.pair:
        assert is_set_aside(statistics.get(pair))
    store.dynamodb.delete_item(
        TableName=store.pair_statistics, Key={"src": {"S": GOOD.source}, "dst": {"S": GOOD.destination}}
    )
    assert repair_all(statistics) == Repair(pairs=2, rebuilt=1, set_aside=1)
    assert sums_of(statistics.get(GOOD.pair)).days == 1


def test_what_was_mended_is_rebuilt(store: Store, statistics: PairStatisticsStore) -> None:
    """The change that makes an item whole clears the flag, by the stream."""
    put(store, WEEK.pair, d3=5, n3=1, r=1, u=100)
    consolidator = Consolidator(statistics, in_turn)
    assert consolidator.process(read_stream(store)) is None
    put(store, WEEK.pair, d3=5, p3=2, n3=1, r=2, u=200)
    assert consolidator.process(read_stream(store)[1:]) is None
    item = statistics.get(WEEK.pair)
    assert (is_set_aside(item), sums_of(item)) == (False, Sums(1, 5, 25, 2, 4))


def test_spoilt_statistics_are_replaced(
    store: Store, daily: DailyTotalsStore, statistics: PairStatisticsStore
) -> None:
    """A sum that somebody made a text refuses every update; the daily totals give the statistics anew."""
    daily.add_once(WEEK, SMALL, SOURCE, now=100)
    key = {"src": {"S": WEEK.source}, "dst": {"S": WEEK.destination}}
    store.dynamodb.put_item(TableName=store.pair_statistics, Item=key | {"n": {"S": "many"}, "r": {"N": "1"}})
    step = Step(WEEK.week, WeekState(), WeekState(SMALL, 1, 100), 100)
    assert statistics.apply(WEEK.pair, [step]) is Applied.REBUILT
    assert sums_of(statistics.get(WEEK.pair)).days == 1


def test_a_wrong_setting_is_no_poison(store: Store, daily: DailyTotalsStore) -> None:
    """Statistics that lie in a table with other keys: the pair failed, and nobody calls it set aside."""
    wrong = PairStatisticsStore(store.dynamodb, store.daily_totals, daily)
    daily.add_once(WEEK, SMALL, SOURCE, now=100)
    records = read_stream(store)
    assert Consolidator(wrong, in_turn).process(records) == 0
