"""Bringing all statistics in line with the daily totals, after anything that the stream may have lost."""

import logging
from typing import NamedTuple

from models.storage.changes import Bookkeeping, recompute, states_of
from models.storage.pair_statistics import PairStatisticsStore, sums_of

log = logging.getLogger("flowtally.repair")


class Repair(NamedTuple):
    """What a repair did."""

    pairs: int  # looked at
    rebuilt: int  # of these


def repair_all(statistics: PairStatisticsStore) -> Repair:
    """Rebuilds the statistics of every pair that differ from its daily totals.

    Safe while workers run: what is still under way in the stream is found to be in the sums already.

    Raises:
        ClientError: a table refused; run it again.
        TryAgain: workers kept changing a pair; run it again.
    """
    seen: set[str] = set()
    rebuilt = 0
    for pair, weeks in statistics.daily_totals.by_pair():
        seen.add(pair)
        sums, _ = recompute(states_of(weeks), Bookkeeping({}))
        if sums_of(statistics.get(pair)) != sums:
            statistics.rebuild(pair)
            rebuilt += 1
    for pair in statistics.pairs():
        if pair not in seen and any(sums_of(statistics.get(pair))):
            statistics.rebuild(pair)
            rebuilt += 1
    log.info("statistics verified", extra={"pairs": len(seen), "rebuilt": rebuilt})
    return Repair(len(seen), rebuilt)
