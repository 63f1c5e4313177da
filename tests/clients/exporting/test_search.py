"""Pairs are found by their ends, and where none is found, what is near is told."""

import pytest

from clients.queries.counted import Results, canonical
from clients.queries.search import End, Search, Wanted
from clients.terminal.account import Account
from models.deployment import Deployment
from models.errors import UsageError
from models.storage.daily_totals import DailyTotalsStore
from models.storage.pair_statistics import PairStatisticsStore
from models.traffic import PairDay, Totals
from tests.clients.exporting.stored_pairs import PAIRS
from tests.helpers.deployed import add_day, client

CHOSEN: dict[tuple[str, ...], set[str]] = {
    ("10.0.0.1", "10.1.0.1"): {"10.0.0.1>10.1.0.1"},
    ("10.0.0.1", "10.1.0.1", "both"): {"10.0.0.1>10.1.0.1", "10.1.0.1>10.0.0.1"},
    ("paris/10.0.0.1", "paris/10.1.0.1"): {"paris/10.0.0.1>paris/10.1.0.1"},
    ("FE80:0::1", "ff02::fb"): {"fe80::1>ff02::fb"},
    ("10.0.0.2",): {"10.0.0.2>192.168.0.1"},
    ("paris/10.1.0.1",): {"paris/10.0.0.1>paris/10.1.0.1"},
    ("192.168.0.0/16",): {"10.0.0.2>192.168.0.1"},
    ("10.0.0.0/16", "10.1.0.0/31"): {"10.0.0.1>10.1.0.1", "paris/10.0.0.1>paris/10.1.0.1"},
    ("10.0.0.0/16", "10.1.0.1", "both"): {
        *("10.0.0.1>10.1.0.1", "10.1.0.1>10.0.0.1", "paris/10.0.0.1>paris/10.1.0.1")
    },
    ("paris/10.0.0.0/8", "10.0.0.0/8"): {"paris/10.0.0.1>paris/10.1.0.1"},
    ("fe80::/10",): {"fe80::1>ff02::fb"},
    (): set(PAIRS),
}


def wanted(*words: str, first: str = "") -> Wanted:
    """What is chosen by one or two ends, and the word `both`."""
    source, destination, *_ = [*(End.of(word) for word in words if word != "both"), None, None]
    return Wanted(source, destination, both="both" in words, first=first)


@pytest.mark.usefixtures("counted")
def test_pairs_are_chosen_by_their_ends() -> None:
    """A pair, a device, both directions, networks on either side, a branch's, everything."""
    for words, pairs in CHOSEN.items():
        search = Search(Account("flowtally"), wanted(*words))
        assert {pair for pair, _ in search.histories()} == pairs, words
        assert {f"{it.source}>{it.destination}" for it in search.statistics()} == pairs, words


NEAR: dict[tuple[str, ...], str] = {
    ("10.1.0.2", "10.0.0.1"): "The other direction has: 10.0.0.1 10.1.0.2",
    ("10.0.0.2", "10.0.0.9"): "10.0.0.2 has flows to 192.168.0.1",
    ("192.168.0.0/16", "10.0.0.0/30"): "The other direction has: 10.0.0.0/30 192.168.0.0/16, or say --both",
    ("10.0.0.2/31", "10.9.0.0/16"): "10.0.0.2/31 has flows to 192.168.0.1",
    ("172.16.0.0/12",): "flowtally top --per device",
}


@pytest.mark.usefixtures("counted")
def test_what_is_not_there_gets_a_helpful_answer() -> None:
    """What was found instead: the other direction, peers, or where to look; and which days there are."""
    for words, said in NEAR.items():
        for look in (Search.histories, Search.statistics):
            search = Search(Account("flowtally"), wanted(*words))
            assert list(look(search)) == []
            assert said in search.not_found().remedy, words
    for ends in (["10.0.0.1", "10.1.0.1"], ["10.0.0.2"]):
        search = Search(Account("flowtally"), wanted(*ends, first="2023-01-01"))
        assert list(search.histories()) == []
        assert search.not_found().remedy == "There are some from 2022-12-05 to 2022-12-14"


@pytest.mark.parametrize(
    ("text", "stored", "is_address"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        (" 10.0.0.1/32", "10.0.0.1", True),
        ("10.0.0.1/8", "10.0.0.0/8", False),
        ("paris/10.0.0.1", "paris/10.0.0.1", True),
        ("paris/10.0.0.0/8", "paris/10.0.0.0/8", False),
        ("::FFFF:1.2.3.4", "::ffff:1.2.3.4", True),
        ("paris/FE80::1", "paris/fe80::1", True),
    ],
)
def test_ends_are_read_as_people_write_them(text: str, stored: str, is_address: bool) -> None:
    """An address is looked up as it is stored."""
    end = End.of(text)
    assert (end.text, end.is_address) == (stored, is_address)
    if is_address:
        assert end.covers(stored)


@pytest.mark.parametrize("text", ["", "paris", "paris/", "10.0.0.1/33", "a/b/10.0.0.1", "nonsense/8"])
def test_what_is_no_end_is_refused(text: str) -> None:
    """With examples of what is."""
    with pytest.raises(UsageError, match=r"192\.168\.20\.0/24"):
        End.of(text)


def test_an_address_that_somebody_spoilt_lies_in_no_network() -> None:
    """And stops nobody who looks for others."""
    assert not End.of("10.0.0.0/8").covers("nobody")
    assert Wanted().has("nobody", "nobody")


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("FE80:0::1", "fe80::1"),
        (" 10.0.0.1 ", "10.0.0.1"),
        ("paris/FE80::1", "paris/fe80::1"),
        ("::FFFF:1.2.3.4", "::ffff:1.2.3.4"),
        ("nonsense", "nonsense"),
    ],
)
def test_addresses_may_be_written_in_any_form(written: str, stored: str) -> None:
    """An address is looked up as it is stored."""
    assert canonical(written) == stored


def test_an_unknown_pair_suggests_near_ones(simple_deployment: Deployment) -> None:
    """The other direction if it has flows, else some peers of the source, else where to look."""
    dynamodb, source = client("dynamodb"), "10.0.0.1"
    daily = DailyTotalsStore(dynamodb, simple_deployment.daily_totals)
    statistics = PairStatisticsStore(dynamodb, simple_deployment.pair_statistics, daily)
    for number in range(8):
        add_day(daily, PairDay(source, f"10.0.1.{number}", "2022-12-01"), Totals(1, 1, 1), b"x" * 8, 1)
        statistics.rebuild(f"{source}>10.0.1.{number}")
    results = Results(dynamodb, simple_deployment)
    assert "The other direction has: 10.0.0.1 10.0.1.3" in str(results.unknown("10.0.1.3", source))
    assert "to 10.0.1.0, 10.0.1.1, 10.0.1.2, 10.0.1.3, 10.0.1.4 and others" in str(
        results.unknown(source, "10.9.9.9")
    )
    assert "flowtally top" in str(results.unknown("10.9.9.9", "10.9.9.8"))
