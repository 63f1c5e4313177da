"""Verification: it finds every difference, and calls a change under way none. On moto, in this process."""

from collections.abc import Callable

import pytest

from clients.queries.counted import Results, canonical
from clients.recovering.verify import PairMoments, Verdict, verify_all, verify_pair
from models.deployment import Deployment
from models.errors import NotFound
from models.moments import Moments
from models.storage.daily_totals import DailyTotalsStore
from models.storage.pair_statistics import PairStatisticsStore
from models.traffic import PairDay, Totals
from tests.helpers.deployed import add_day, client
from tests.helpers.program import Run

A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"
PAIRS = [(A, B), (A, C), (B, A)]


def no_sleep(_seconds: float) -> None:
    """Waits for nothing."""


class World:
    """Three pairs with two days each, in the tables of a deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self.dynamodb = client("dynamodb")
        self.statistics_table = deployment.pair_statistics
        self.daily_table = deployment.daily_totals
        self.daily = DailyTotalsStore(self.dynamodb, deployment.daily_totals)
        self.statistics = PairStatisticsStore(self.dynamodb, deployment.pair_statistics, self.daily)
        self.results = Results(self.dynamodb, deployment)
        for source, destination in PAIRS:
            for day, amount in (("2022-12-01", 3), ("2022-12-02", 10**15)):
                self.add(source, destination, day, Totals(amount, amount + 1, 2))
            self.statistics.rebuild(f"{source}>{destination}")

    def add(self, source: str, destination: str, day: str, totals: Totals) -> None:
        """Counts a file that nobody consolidates."""
        add_day(self.daily, PairDay(source, destination, day), totals, day.encode()[-8:], 1)

    def spoil(self, attribute: str) -> None:
        """Adds one to a sum of the pair A > B."""
        self.dynamodb.update_item(
            TableName=self.statistics_table,
            Key={"src": {"S": A}, "dst": {"S": B}},
            UpdateExpression="ADD #sum :one",
            ExpressionAttributeNames={"#sum": attribute},
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    def forget(self) -> None:
        """Deletes the statistics of A > B."""
        self.dynamodb.delete_item(TableName=self.statistics_table, Key={"src": {"S": A}, "dst": {"S": B}})

    def invent(self) -> None:
        """Puts statistics of a pair that has no days."""
        key = {"src": {"S": C}, "dst": {"S": A}}
        sums = {name: {"N": "1"} for name in ("n", "d", "dd", "p", "pp", "r")}
        self.dynamodb.put_item(TableName=self.statistics_table, Item=key | sums)


@pytest.fixture
def world(simple_deployment: Deployment) -> World:
    """A world in which all agrees."""
    return World(simple_deployment)


def test_what_cannot_be_computed_is_named_and_stops_no_other(run_here: Run, deployment: Deployment) -> None:
    """`verify --all --repair` repairs the others, names the pair, and ends with status 1."""
    world = World(deployment)
    world.spoil("n")
    world.dynamodb.put_item(
        TableName=world.daily_table,
        Item={"k": {"S": f"{C}>{A}"}, "t": {"S": "2022-12-05"}, "d1": {"N": "1"}, "r": {"N": "1"}},
    )
    done = run_here("verify", "--all", "--repair")
    assert done.returncode == 1
    assert f"{C}>{A}" in done.stderr
    assert "lacks a number" in done.stderr
    assert "1 repaired" in done.stdout + done.stderr
    assert [len(found) for found in verify_all(world.results, no_sleep)[2:]] == [0, 1]


def test_agreement_is_found(world: World) -> None:
    """Where all agrees, no difference is found; and all pairs and days were looked at."""
    verdict = verify_all(world.results, no_sleep)
    assert (verdict.pairs, verdict.days, verdict.differences) == (3, 6, [])


@pytest.mark.parametrize("attribute", ["n", "d", "dd", "p", "pp"])
def test_one_in_any_sum_is_found(world: World, attribute: str) -> None:
    """A sum that is off by one, beside 10³⁰, is found, for all pairs and for the pair alone."""
    world.spoil(attribute)
    for verdict in (verify_all(world.results, no_sleep), verify_pair(world.results, A, B, no_sleep)):
        (difference,) = verdict.differences
        assert (difference.source, difference.destination) == (A, B)
        assert difference.stored != difference.expected
        assert difference.expected.duration == Moments(2, 10**15 + 3, 10**30 + 9)
    assert verify_pair(world.results, A, C, no_sleep).differences == []


@pytest.mark.parametrize(
    ("change", "stored", "expected"),
    [
        (World.forget, 0, 2),
        (World.invent, 1, 0),
        (lambda world: world.add(A, B, "2022-12-03", Totals(1, 1, 1)), 2, 3),
        (lambda world: world.add(C, B, "2022-12-03", Totals(1, 1, 1)), 0, 1),
    ],
    ids=["statistics missing", "days missing", "a day not consolidated", "a pair not consolidated"],
)
def test_what_is_missing_on_either_side_is_found(
    world: World, change: Callable[[World], None], stored: int, expected: int
) -> None:
    """Pairs without statistics, statistics without days, days that the statistics do not know."""
    change(world)
    (difference,) = verify_all(world.results, no_sleep).differences
    assert (difference.stored.duration.count, difference.expected.duration.count) == (stored, expected)


def test_a_day_without_flows_is_no_day(world: World) -> None:
    """A pair-day that was retracted does not count, on neither side."""
    world.add(A, C, "2022-12-05", Totals(0, 0, 0))
    verdict = verify_all(world.results, no_sleep)
    assert (verdict.days, verdict.differences) == (6, [])


def test_a_change_under_way_is_no_difference(world: World) -> None:
    """A pair whose statistics follow within seconds is not called wrong."""
    world.add(A, B, "2022-12-03", Totals(1, 1, 1))
    naps = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 2:
            world.statistics.rebuild(f"{A}>{B}")

    assert verify_all(world.results, sleep).differences == []
    assert len(naps) == 2


def test_a_difference_is_waited_for_some_seconds_only(world: World) -> None:
    """A pair that stays wrong is reported within ten seconds."""
    world.spoil("d")
    naps: list[float] = []
    verify_all(world.results, naps.append)
    assert 2 <= sum(naps) <= 10


def test_an_unknown_pair_is_an_error(world: World) -> None:
    """A pair with neither days nor statistics was misspelt."""
    with pytest.raises(NotFound, match=r"10\.0\.0\.9"):
        verify_pair(world.results, A, "10.0.0.9", no_sleep)


def test_differences_of_nothing_are_nothing(simple_deployment: Deployment) -> None:
    """An empty deployment agrees with itself."""
    verdict = verify_all(Results(client("dynamodb"), simple_deployment), no_sleep)
    assert verdict == Verdict(0, 0, [], [])
    assert PairMoments() == PairMoments(Moments(), Moments())


@pytest.mark.parametrize(
    ("written", "stored"),
    [(" FE80:0::1", "fe80::1"), ("paris/FF02::FB", "paris/ff02::fb"), ("10.0.0.1", "10.0.0.1"), ("tv", "tv")],
)
def test_addresses_are_looked_up_as_they_are_stored(written: str, stored: str) -> None:
    """Whichever way they are written, with a branch and without; what is no address is left as it is."""
    assert canonical(written) == stored
