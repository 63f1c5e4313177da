"""The first storage operation, on a real table."""

import pytest

from models.deployment import Deployment
from models.errors import NotComputable
from models.storage.changes import WeekState, states_of
from models.storage.daily_totals import DailyTotalsStore, days_of, source_of
from models.traffic import DailyTotal, PairDay, PairWeek, Totals
from tests.helpers.deployed import client, stored_days

WEEK = PairWeek("10.0.0.1", "10.0.0.2", "2022-12-05")
WEDNESDAY = PairDay("10.0.0.1", "10.0.0.2", "2022-12-07")
THURSDAY = PairDay("10.0.0.1", "10.0.0.2", "2022-12-08")
FILE_A, FILE_B = b"a" * 8, b"b" * 8


@pytest.fixture
def store(deployment: Deployment) -> DailyTotalsStore:
    return DailyTotalsStore(client("dynamodb"), deployment.daily_totals)


def state(store: DailyTotalsStore) -> WeekState:
    """The only week that is stored."""
    (found,) = states_of(store.of_pair(WEEK.pair)).values()
    return found


def test_who_does_not_know_the_secret_finds_no_files_of_one_name() -> None:
    """Digests that begin alike give different sources, and another deployment gives others; 8 bytes each."""
    digests = [b"12345678" + bytes([number]) * 24 for number in range(50)]
    sources = {source_of(digest, key) for digest in digests for key in (b"one secret", b"another")}
    assert len(sources) == 100
    assert {len(source) for source in sources} == {8}


def test_a_file_counts_once(store: DailyTotalsStore, deployment: Deployment) -> None:
    """Adding the same file again changes nothing, and says so."""
    days = {3: Totals(5, 3, 1), 4: Totals(6, 2, 1)}
    assert store.add_once(WEEK, days, FILE_A, now=100)
    assert not store.add_once(WEEK, days, FILE_A, now=200)
    assert stored_days(deployment) == {WEDNESDAY: Totals(5, 3, 1), THURSDAY: Totals(6, 2, 1)}


def test_files_of_a_week_add_up_day_by_day(store: DailyTotalsStore) -> None:
    """Files share a week and some of its days; each changes the revision once, and all are remembered."""
    store.add_once(WEEK, {3: Totals(5, 3, 1), 4: Totals(1, 1, 1)}, FILE_A, now=100)
    store.add_once(WEEK, {7: Totals(9, 9, 9), 3: Totals(10**30, 4, 2)}, FILE_B, now=101)
    days = {3: Totals(10**30 + 5, 7, 3), 4: Totals(1, 1, 1), 7: Totals(9, 9, 9)}
    assert state(store) == WeekState(days, revision=2, updated_at=101)
    (item,) = store.of_pair(WEEK.pair)
    assert set(item["s"]["BS"]) == {FILE_A, FILE_B}


def test_time_of_change_never_goes_back(store: DailyTotalsStore) -> None:
    """A worker whose clock is behind counts its file at the time that the item has already."""
    store.add_once(WEEK, {3: Totals(5, 3, 1)}, FILE_A, now=5000)
    assert store.add_once(WEEK, {4: Totals(1, 1, 1)}, FILE_B, now=100)
    assert state(store) == WeekState({3: Totals(5, 3, 1), 4: Totals(1, 1, 1)}, 2, 5000)
    assert not store.add_once(WEEK, {4: Totals(1, 1, 1)}, FILE_B, now=100)


def test_a_file_is_taken_out_once(store: DailyTotalsStore) -> None:
    """Taking a file out undoes it, once, and only if it was in; then it may be counted again."""
    days = {3: Totals(5, 3, 1), 4: Totals(6, 2, 1)}
    store.add_once(WEEK, days, FILE_A, now=100)
    assert not store.take_out_once(WEEK, {3: Totals(9, 9, 9)}, FILE_B, now=101)
    assert store.take_out_once(WEEK, days, FILE_A, now=102)
    assert not store.take_out_once(WEEK, days, FILE_A, now=103)
    assert state(store) == WeekState({3: Totals(), 4: Totals()}, 2, 102)
    assert store.add_once(WEEK, days, FILE_A, now=104)


def test_taking_out_of_a_week_that_does_not_exist(store: DailyTotalsStore, deployment: Deployment) -> None:
    """Nothing comes into being by taking something out."""
    assert not store.take_out_once(WEEK, {3: Totals(5, 3, 1)}, FILE_A, now=100)
    assert stored_days(deployment) == {}


def test_looks_for_what_is_counted(store: DailyTotalsStore) -> None:
    """The look before a redelivery finds exactly the weeks that hold the file, over several calls."""
    weeks = [WEEK._replace(source=f"10.0.{number}.1") for number in range(140)]
    for week in weeks[::3]:
        store.add_once(week, {1: Totals(1, 1, 1)}, FILE_A, now=100)
    for week in weeks[1::3]:
        store.add_once(week, {1: Totals(1, 1, 1)}, FILE_B, now=100)
    assert set(store.counted(weeks, FILE_A)) == set(weeks[::3])


def test_days_are_shown_in_order_and_only_with_flows(store: DailyTotalsStore) -> None:
    """Two weeks of a pair as days, oldest first; one that was retracted is none."""
    store.add_once(WEEK._replace(week="2022-12-12"), {1: Totals(7, 7, 7)}, FILE_A, now=100)
    store.add_once(WEEK, {4: Totals(2, 2, 2), 3: Totals(1, 1, 1), 1: Totals(0, 0, 0)}, FILE_A, now=100)
    assert days_of(WEEK.pair, store.of_pair(WEEK.pair)) == [
        DailyTotal(WEEK.pair, "2022-12-07", 1, 1, 1),
        DailyTotal(WEEK.pair, "2022-12-08", 2, 2, 2),
        DailyTotal(WEEK.pair, "2022-12-12", 7, 7, 7),
    ]


@pytest.mark.parametrize(
    ("week", "spoilt", "found"),
    [
        ("2022-12-05", {"p3": None}, r"2022-12-05: .* lacks a number \('p3'\)"),
        ("2022-12-05", {"d3": None, "p3": None, "n3": None}, "has no day"),
        ("2022-12-05", {"r": None}, r"lacks a number \('r'\)"),
        ("2022-12-05", {"d3": {"N": "1.5"}}, "no integer"),
        ("2022-12-05", {"n3": {"S": "three"}}, "lacks a number"),
        ("2022-12-06", {}, "not the Monday"),
        ("last week", {}, "not the Monday"),
    ],
)
def test_an_item_that_no_worker_wrote_is_named(
    week: str, spoilt: dict[str, dict[str, str] | None], found: str
) -> None:
    """Numbers missing or of another kind, and a key that is no Monday: told with pair and week."""
    key = {"k": {"S": WEEK.pair}, "t": {"S": week}}
    numbers = {name: {"N": "5"} for name in ("d3", "p3", "n3", "r", "u")}
    present = {name: value for name, value in (key | numbers | spoilt).items() if value}
    with pytest.raises(NotComputable, match=found) as error:
        states_of([present])
    assert error.value.where == f"{WEEK.pair} {week}"
