"""`flowtally top`: who is busiest, by what, and of which days and addresses."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.insight.ranking import MEASURES, Ranking, Traffic, network_of
from clients.insight.selection import Question, Selection, names_per, networks_of, ranked
from models.deployment import Deployment
from models.errors import UsageError
from models.history import History
from models.load import DAY
from models.traffic import Totals
from tests.clients.insight.stored import store
from tests.helpers.program import Run

PAIRS = {
    "10.0.0.1>10.0.0.2": {"2022-12-07": Totals(4 * DAY, 10, 5), "2022-12-08": Totals(2 * DAY, 30, 5)},
    "10.0.0.2>10.0.0.1": {"2022-12-08": Totals(DAY, 500, 1)},
    "paris/10.1.0.1>paris/10.1.9.9": {"2022-12-10": Totals(DAY, 1, 1)},
}


EVERYTHING = Selection()


def names(question: Question, selection: Selection = EVERYTHING) -> list[str]:
    return [traffic.name for traffic in ranked(question, selection, PAIRS.items()).best()]


def test_rows_are_pairs_devices_or_networks() -> None:
    """What a row is, decides to whom traffic is counted: a device has both what it sends and what it gets."""
    assert names(Question("duration", "pair", 9))[0] == "10.0.0.1>10.0.0.2"
    assert names(Question("packets", "pair", 9))[0] == "10.0.0.2>10.0.0.1"
    assert names(Question("packets", "source", 1)) == ["10.0.0.2"]
    found = ranked(Question("duration", "device", 9), Selection(), PAIRS.items()).best()
    assert {traffic.name: traffic.duration // DAY for traffic in found} == {
        "10.0.0.1": 7,
        "10.0.0.2": 7,
        "paris/10.1.0.1": 1,
        "paris/10.1.9.9": 1,
    }
    assert names(Question("duration", "network/16", 9)) == ["10.0.0.0/16", "paris/10.1.0.0/16"]
    assert names(Question("duration", "pair", 9, merged=True))[0] == "10.0.0.1>10.0.0.2"
    assert names(Question("duration", "pair", 1, quietest=True)) != ["10.0.0.1>10.0.0.2"]


def test_days_and_addresses_are_chosen_before() -> None:
    """Filters by address, branch and days come before adding up; loads are over the days asked for."""
    assert names(Question("duration", "pair", 9), Selection(networks=networks_of(["10.1.0.0/24"]))) == [
        "paris/10.1.0.1>paris/10.1.9.9"
    ]
    assert names(Question("duration", "pair", 9), Selection(branch="paris")) == [
        "paris/10.1.0.1>paris/10.1.9.9"
    ]
    days = Selection(first="2022-12-08", last="2022-12-09")
    (first, second) = ranked(Question("load", "pair", 9), days, PAIRS.items()).best()
    assert (first.load, second.load) == (1.0, 0.5)


def test_keys_that_are_no_addresses_are_ranked_like_others() -> None:
    """What somebody wrote by hand is its own network, lies in none that is asked for, and stops nobody."""
    pairs = [
        *PAIRS.items(),
        ("foo>bar", {"2022-12-07": Totals(9 * DAY, 1, 1)}),
        (">", {"2022-12-07": Totals(DAY, 1, 1)}),
    ]
    found = ranked(Question("duration", "network", 9), EVERYTHING, pairs).best()
    assert {"foo", "bar", "", "10.0.0.0/24"} <= {traffic.name for traffic in found}
    asked = ranked(
        Question("duration", "pair", 9), Selection(networks=networks_of(["10.0.0.0/24", "::/0"])), pairs
    )
    assert {traffic.name for traffic in asked.best()} == {"10.0.0.1>10.0.0.2", "10.0.0.2>10.0.0.1"}


def test_wrong_questions_are_told() -> None:
    """An unknown kind of row, or an address that is none, is a usage error that says what is possible."""
    with pytest.raises(UsageError, match="--per planet"):
        names_per("planet")
    with pytest.raises(UsageError, match="does not appear to be"):
        networks_of(["10.0.0.300"])
    assert network_of("2001:db8::1", 48) == "2001:db8::/48"


@given(
    st.lists(st.integers(0, 10**12), min_size=1, max_size=60),
    st.sampled_from(sorted(MEASURES)),
    st.booleans(),
)
def test_ranking_is_sorting(durations: list[int], by: str, quietest: bool) -> None:
    """Keeping the best few gives the same as sorting all."""
    all_of_them = [
        Traffic(f"10.0.0.{number}", History.of({"2022-12-07": Totals(size, size % 7, 1)}), 1)
        for number, size in enumerate(durations)
    ]
    ranking = Ranking(by, 5, quietest=quietest)
    for traffic in all_of_them:
        ranking.add(traffic)
    expected = sorted(map(MEASURES[by], all_of_them), reverse=not quietest)[:5]
    assert [MEASURES[by](traffic) for traffic in ranking.best()] == expected
    assert ranking.total == pytest.approx(sum(map(MEASURES[by], all_of_them)))


def test_top_on_a_deployment(deployment: Deployment, run: Run) -> None:
    """The table marks what it is sorted by; JSON has exact figures; a share takes as few rows as needed."""
    store(deployment, PAIRS)
    shown = run("top", "--by", "load", "--per", "device", "-n", "2")
    assert shown.returncode == 0, shown.stderr
    assert "Busiest by load, per device" in shown.stdout
    assert "Load ↓" in shown.stdout
    assert "2 of 4 rows; reading cost" in shown.stdout
    document: Any = json.loads(run("top", "--share", "60", "--json").stdout)
    assert [(row["source"], row["duration_total_us"]) for row in document["pairs"]] == [("10.0.0.1", 6 * DAY)]
    nothing = run("top", "--address", "9.9.9.9")
    assert (nothing.returncode, "nothing is left by these filters" in nothing.stderr) == (1, True)
