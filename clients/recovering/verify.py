"""Recomputes the statistics from the daily totals, and tells where they differ.

It shares no arithmetic with the workers: only the daily totals and the two numbers per day that they
hold are taken from the tables, and all sums are made anew.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from clients.queries.counted import Results
from models.moments import Moments
from models.storage.schema import PairStatistics
from models.traffic import DailyTotal, split_pair

_LOOKS = 4  # at a pair that differs, before it is called wrong
_PAUSE = 1.0  # seconds between two of them

Pair = tuple[str, str]


class PairMoments(NamedTuple):
    """What the statistics of a pair hold, or should."""

    duration: Moments = Moments()  # of the daily total flow duration, µs
    packets: Moments = Moments()  # of the daily total of forward packets


class Difference(NamedTuple):
    """A pair whose statistics are not what its daily totals give."""

    source: str
    destination: str
    stored: PairMoments
    expected: PairMoments


class Verdict(NamedTuple):
    """What a verification found."""

    pairs: int
    days: int
    differences: list[Difference]


def verify_pair(
    results: Results, source: str, destination: str, sleep: Callable[[float], None] = time.sleep
) -> Verdict:
    """Verifies one pair.

    Raises:
        NotFound: the pair has neither daily totals nor statistics.
    """
    days = results.days(source, destination)
    if not days and results.pair(source, destination) is None:
        raise results.unknown(source, destination)
    return Verdict(1, len(days), settled(results, [(source, destination)], sleep))


def verify_all(results: Results, sleep: Callable[[float], None] = time.sleep) -> Verdict:
    """Verifies every pair that has daily totals or statistics."""
    stored = {(item.source, item.destination): _stored(item) for item in results.all_pairs()}
    expected: dict[Pair, PairMoments] = defaultdict(PairMoments)
    count = 0
    for day in results.all_days():
        count += 1
        pair = split_pair(day.pair)
        expected[pair] = _with_day(expected[pair], day)
    pairs = sorted(stored.keys() | expected.keys())
    suspects = [
        pair for pair in pairs if stored.get(pair, PairMoments()) != expected.get(pair, PairMoments())
    ]
    return Verdict(len(pairs), count, settled(results, suspects, sleep) if suspects else [])


def settled(results: Results, suspects: Iterable[Pair], sleep: Callable[[float], None]) -> list[Difference]:
    """Those of the pairs that still differ after some looks: a change under way is no error."""
    differences: list[Difference] = []
    for look in range(_LOOKS):
        if look:
            sleep(_PAUSE)
        differences = [found for pair in suspects if (found := _difference(results, pair))]
        suspects = [(found.source, found.destination) for found in differences]
        if not differences:
            break
    return differences


def _difference(results: Results, pair: Pair) -> Difference | None:
    item = results.pair(*pair)
    stored = _stored(item) if item else PairMoments()
    expected = PairMoments()
    for day in results.days(*pair):
        expected = _with_day(expected, day)
    return None if stored == expected else Difference(*pair, stored, expected)


def _with_day(moments: PairMoments, day: DailyTotal) -> PairMoments:
    return PairMoments(moments.duration.with_value(day.duration), moments.packets.with_value(day.packets))


def _stored(item: PairStatistics) -> PairMoments:
    return PairMoments(item.duration, item.packets)
