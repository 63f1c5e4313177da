"""Bringing all statistics in line with the daily totals, after anything that the stream may have lost."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from models.errors import NotComputable
from models.storage.changes import Bookkeeping, recompute, states_of
from models.storage.pair_statistics import PairStatisticsStore, is_set_aside, sums_of
from models.storage.schema import RawItem

log = logging.getLogger("flowtally.repair")


class Repair(NamedTuple):
    """What a repair did."""

    pairs: int  # looked at
    rebuilt: int  # of these
    set_aside: int  # of these: their daily totals give no statistics


def repair_all(statistics: PairStatisticsStore) -> Repair:
    """Rebuilds the statistics of every pair that differ from its daily totals.

    Safe while workers run: what is still under way in the stream is found to be in the sums already. What
    cannot be computed is set aside, and stops no other pair.

    Raises:
        ClientError: a table refused; run it again.
        TryAgain: workers kept changing a pair; run it again.
    """
    seen: set[str] = set()
    rebuilt = set_aside = 0
    for pair, weeks in statistics.daily_totals.by_pair():
        seen.add(pair)
        try:
            rebuilt += _repair(statistics, pair, weeks)
        except NotComputable as reason:
            log.error("pair set aside", extra={"pair": pair, "reason": str(reason)})
            set_aside += 1
    for pair in statistics.pairs():
        if pair not in seen:
            rebuilt += _repair(statistics, pair, [])
    details = {"pairs": len(seen), "rebuilt": rebuilt, "set_aside": set_aside}
    log.info("statistics verified", extra=details)
    return Repair(**details)


def _repair(statistics: PairStatisticsStore, pair: str, weeks: Sequence[RawItem]) -> bool:
    """Rebuilds the statistics of a pair if they are not those of its weeks, or flagged."""
    stored = statistics.get(pair)
    try:
        sums, _ = recompute(states_of(weeks), Bookkeeping({}))
    except NotComputable:
        pass  # a rebuild reads again, and flags the pair
    else:
        if sums_of(stored) == sums and not is_set_aside(stored):
            return False
    statistics.rebuild(pair)
    return True
