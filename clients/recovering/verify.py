"""Recomputes the statistics from the daily totals, and tells where they differ.

It shares no arithmetic with the workers: only the daily totals and the two numbers per day that they
hold are taken from the tables, and all sums are made anew.
"""

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from clients.queries.counted import Results
from models.errors import NotComputable
from models.moments import Moments
from models.storage.daily_totals import days_of
from models.storage.schema import PairStatistics
from models.storage.statistics_item import key_of
from models.traffic import DailyTotal, join_pair, split_pair

_LOOKS = 4  # at a pair that differs, before it is called wrong
_PAUSE = 1.0  # seconds between two of them

Pair = tuple[str, str]


class PairMoments(NamedTuple):
    """What the statistics of a pair hold, or should."""

    duration: Moments = Moments()  # of the daily total flow duration, µs
    packets: Moments = Moments()  # of the daily total of forward packets
    set_aside: str | None = None  # why these are not those of the daily totals, where they cannot be


class Difference(NamedTuple):
    """A pair whose statistics are not what its daily totals give."""

    source: str
    destination: str
    stored: PairMoments
    expected: PairMoments


class Unrepairable(NamedTuple):
    """A pair whose daily totals, as they are, give no statistics."""

    pair: str
    reason: str


class Verdict(NamedTuple):
    """What a verification found."""

    pairs: int
    days: int
    differences: list[Difference]
    unrepairable: list[Unrepairable]


def verify_pair(
    results: Results, source: str, destination: str, sleep: Callable[[float], None] = time.sleep
) -> Verdict:
    """Verifies one pair.

    Raises:
        NotFound: the pair has neither daily totals nor statistics.
    """
    try:
        days = results.days(source, destination)
    except NotComputable as error:
        return Verdict(1, 0, [], [Unrepairable(join_pair(source, destination), str(error))])
    if not days and results.pair(source, destination) is None:
        raise results.unknown(source, destination)
    return Verdict(1, len(days), settled(results, [(source, destination)], sleep), [])


def verify_all(results: Results, sleep: Callable[[float], None] = time.sleep) -> Verdict:
    """Verifies every pair that has daily totals or statistics."""
    stored = {(item.source, item.destination): _stored(item) for item in results.all_pairs()}
    expected: dict[Pair, PairMoments] = {}
    unrepairable: list[Unrepairable] = []
    count = 0
    for key, weeks in results.all_weeks():
        pair = split_pair(key)
        try:
            key_of(key)  # there are no statistics of what is no pair
            days = days_of(key, weeks)
        except NotComputable as error:
            unrepairable.append(Unrepairable(key, str(error)))
            stored.pop(pair, None)
            continue
        count += len(days)
        if days:
            expected[pair] = _of_days(days)
    pairs = sorted(stored.keys() | expected.keys())
    suspects = [
        pair for pair in pairs if stored.get(pair, PairMoments()) != expected.get(pair, PairMoments())
    ]
    differences = settled(results, suspects, sleep) if suspects else []
    return Verdict(len(pairs) + len(unrepairable), count, differences, unrepairable)


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
    expected = _of_days(results.days(*pair))
    return None if stored == expected else Difference(*pair, stored, expected)


def _of_days(days: Iterable[DailyTotal]) -> PairMoments:
    moments = PairMoments()
    for day in days:
        duration, packets = moments.duration.with_value(day.duration), moments.packets.with_value(day.packets)
        moments = PairMoments(duration, packets)
    return moments


def _stored(item: PairStatistics) -> PairMoments:
    """What the statistics hold; nothing can agree with those that are flagged."""
    return PairMoments(item.duration, item.packets, item.set_aside)
