"""What is found in histories, and what is not."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.insight.detector import Detector
from clients.insight.findings import NETWORK, Finding, Kind, Measure, Severity
from clients.insight.grouping import grouped
from models.days import day_of
from models.traffic import Totals
from perf.insight.measure import OURS, measure

FIRST = date(2022, 10, 3)  # a Monday
PAIR = "10.0.0.1>10.0.0.2"
HOUR = 3_600_000_000


def day(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


def history(size: Callable[[int], float], days: int = 60) -> dict[str, Totals]:
    """A pair with some hundred flows a day, a little more on every other; days of size 0 are left out."""
    sizes = ((number, size(number) * (1 + 0.05 * (number % 2))) for number in range(days))
    return {
        day(number): Totals(int(HOUR * factor), int(1000 * factor), int(300 * factor))
        for number, factor in sizes
        if factor
    }


def found(histories: Mapping[str, Mapping[str, Totals]]) -> list[Finding]:
    detector = Detector()
    for pair, its_days in histories.items():
        detector.take(pair, its_days)
    return detector.findings()


def steady(count: int = 20, days: int = 60) -> dict[str, dict[str, Totals]]:
    """Pairs of which there is nothing to tell."""
    return {f"10.1.0.{host}>10.2.0.{host}": history(lambda _: 1, days) for host in range(count)}


def test_nothing_is_found_where_nothing_happens() -> None:
    """Steady pairs, days or none at all, give no finding."""
    assert found({}) == []
    assert found({PAIR: {}}) == []
    assert found(steady()) == []
    assert found(steady(days=3)) == []


def test_a_burst_is_found_with_its_figures() -> None:
    """A day of three times the usual is one finding with what it was and what it would have been."""
    [finding] = found({PAIR: history(lambda n: 3 if n == 30 else 1)})
    assert (finding.kind, finding.subject, finding.day) == (Kind.BURST, PAIR, day(30))
    assert finding.ratio == pytest.approx(3, rel=0.06)
    assert finding.severity is Severity.MEDIUM


def test_a_huge_day_does_not_hide_another() -> None:
    """A day of 1,000 times the usual leaves a day of three times visible, which z-scores do not."""
    days = {finding.day for finding in found({PAIR: history(lambda n: {20: 1000, 40: 3}.get(n, 1))})}
    assert days == {day(20), day(40)}


def test_weekends_are_no_bursts_and_hide_none() -> None:
    """Five times as much on weekends is a rhythm; twice the usual of a weekend is still a burst."""
    weekends = history(lambda n: 5 if n % 7 >= 5 else 1)
    assert found({PAIR: weekends}) == []
    [finding] = found({PAIR: history(lambda n: 11 if n == 33 else 5 if n % 7 >= 5 else 1)})
    assert (finding.kind, finding.day) == (Kind.BURST, day(33))


def test_a_holiday_is_no_burst() -> None:
    """Where a Wednesday is a weekend to most pairs, none of them stands out."""
    histories = {
        f"10.1.0.{host}>10.2.0.{host}": history(lambda n: 4 if n % 7 >= 5 or n == 30 else 1)
        for host in range(6)
    }
    assert found(histories) == []


def test_a_step_is_found_and_is_no_burst() -> None:
    """Half as much again from a day on is one finding, at that day."""
    [finding] = found({PAIR: history(lambda n: 1.5 if n >= 35 else 1)})
    assert (finding.kind, finding.day) == (Kind.STEP, day(35))
    assert finding.ratio == pytest.approx(1.5, rel=0.06)


def test_growth_is_found_and_is_no_step() -> None:
    """1 % more every day is growth, at its rate."""
    [finding] = found({PAIR: history(lambda n: 1.01**n)})
    assert finding.kind is Kind.GROWTH
    assert finding.value == pytest.approx(0.01, rel=0.1)


def test_silence_is_found_after_the_pairs_own_gaps() -> None:
    """A daily pair that stops is silent; one that pauses as it always does is not; nor is a new one."""
    silent = history(lambda n: 1 if n <= 50 else 0)
    [finding] = found({**steady(), PAIR: silent})
    assert (finding.kind, finding.subject, finding.day) == (Kind.SILENT, PAIR, day(50))
    assert found({**steady(), PAIR: history(lambda n: 1 if n % 12 < 5 else 0)}) == []
    assert found({**steady(), PAIR: history(lambda n: 1 if 40 <= n <= 50 else 0)}) == []


def test_a_scan_is_one_finding_of_the_device() -> None:
    """Two hundred peers touched on a day are one scan; as many sessions are new peers; two are nothing."""
    probes = {f"10.0.0.9>10.3.0.{host}": {day(30): Totals(60, 1, 1)} for host in range(200)}
    [scan] = found({**steady(), **probes})
    assert (scan.kind, scan.subject, scan.day, scan.pair_count) == (Kind.SCAN, "10.0.0.9", day(30), 200)
    sessions = {f"10.0.0.9>10.3.0.{host}": {day(30): Totals(HOUR, 50, 5)} for host in range(30)}
    [met] = found({**steady(), **sessions})
    assert (met.kind, met.subject, met.value) == (Kind.NEW_PEERS, "10.0.0.9", 30)
    assert found({**steady(), **dict(list(sessions.items())[:2])}) == []


def test_ports_of_one_peer_are_scanned() -> None:
    """A thousand flows of a packet each are a scan; if the two always talk so, they are not."""
    scanned = {day(30): Totals(10**8, 1000, 1000)}
    [scan] = found({**steady(), PAIR: scanned})
    assert (scan.kind, scan.subject) == (Kind.SCAN, PAIR)
    assert found({PAIR: {day(n): Totals(10**8, 1000, 1000) for n in range(30)}}) == []


def test_a_day_without_most_of_the_files_is_one_finding() -> None:
    """Where a day has a tenth of the usual for all pairs, the day is told, and not the pairs."""
    histories = {f"10.1.0.{h}>10.2.0.{h}": history(lambda n: 0.1 if n == 30 else 1) for h in range(20)}
    [finding] = found(histories)
    assert (finding.kind, finding.subject, finding.day) == (Kind.QUIET_DAY, NETWORK, day(30))


def test_one_cause_is_one_finding() -> None:
    """Both directions are one finding; so are the pairs of a device, and most pairs of the network."""
    burst = history(lambda n: 4 if n == 30 else 1)
    [both] = found({PAIR: burst, "10.0.0.2>10.0.0.1": burst})
    assert both.pair_count == 2
    [device] = found({f"10.0.0.1>10.5.0.{host}": burst for host in range(5)})
    assert (device.subject, device.pair_count) == ("10.0.0.1", 5)
    [everybody] = found({f"10.1.0.{host}>10.2.0.{host}": burst for host in range(40)})
    assert (everybody.subject, everybody.pair_count) == (NETWORK, 40)
    assert len(everybody.pairs) == 10


def test_the_order_of_pairs_does_not_matter() -> None:
    """Pairs come from a parallel scan: in whatever order, the findings are the same."""
    histories = {
        **steady(),
        PAIR: history(lambda n: 3 if n == 30 else 1),
        "10.0.0.7>10.0.0.8": history(lambda n: 1 if n < 45 else 0),
    }
    assert found(histories) == found(dict(reversed(histories.items())))


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.integers(0, 80), st.tuples(*[st.integers(0, 10**14)] * 2, st.integers(1, 10**6)), max_size=60
    )
)
def test_whatever_was_counted_is_judged(days: dict[int, tuple[int, int, int]]) -> None:
    """No history makes it fail, and whatever it finds has figures and a day of the pair."""
    its_days = {day(number): Totals(*totals) for number, totals in days.items()}
    for finding in found({PAIR: its_days}):
        assert finding.day in its_days
        assert finding.value >= 0
        assert finding.expected >= 0


@pytest.mark.parametrize("seed", [7, 8])
def test_stories_are_found(seed: int) -> None:
    """In a made-up month nearly all stories are told, and little else; perf.insight measures more months."""
    score = measure([seed], baselines=())[OURS]
    assert sum(score.missed.values()) <= 2
    assert sum(score.wrong.values()) <= 3
    assert sum(score.right.values()) >= 24


def test_thousands_of_bursts_are_grouped_by_day_and_device() -> None:
    """On each of many days, what shares a device within a day is one finding, however many there are."""

    def burst(pair: str, day: int, score: float) -> Finding:
        return Finding(
            Kind.BURST, Severity.MEDIUM, pair, day_of(day), Measure.PACKETS, 9.0, 1.0, score, (pair,), 1
        )

    found = [
        burst(f"10.0.{device}.1>52.{device}.{peer}.1", 738_522 + 3 * device, peer)
        for device in range(40)
        for peer in range(100)
    ]
    told = grouped([*found, burst("10.9.9.9>52.0.0.9", 738_522, 1)], 10**6)
    assert {(one.subject, one.pair_count) for one in told} == {
        *((f"10.0.{device}.1", 100) for device in range(40)),
        ("10.9.9.9>52.0.0.9", 1),
    }
