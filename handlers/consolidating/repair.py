"""Bringing all statistics in line with the daily totals, after anything that the stream may have lost."""

import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from models.errors import NotComputable
from models.storage.batch_read import KEYS_A_CALL
from models.storage.changes import Bookkeeping, recompute, states_of
from models.storage.pair_statistics import PairStatisticsStore
from models.storage.schema import RawItem
from models.storage.statistics_item import is_set_aside, sums_of

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
    for pairs in _at_once(statistics.daily_totals.by_pair()):
        stored = statistics.get_all(list(pairs))
        for pair, weeks in pairs.items():
            seen.add(pair)
            try:
                rebuilt += _repair(statistics, pair, weeks, stored.get(pair, {}))
            except NotComputable as reason:
                log.error("pair set aside", extra={"pair": pair, "reason": str(reason)})
                set_aside += 1
    for pair in statistics.pairs():
        if pair not in seen:
            rebuilt += _repair(statistics, pair, [], statistics.get(pair))
    details = {"pairs": len(seen), "rebuilt": rebuilt, "set_aside": set_aside}
    log.info("statistics verified", extra=details)
    return Repair(**details)


def _at_once(by_pair: Iterator[tuple[str, list[RawItem]]]) -> Iterator[dict[str, list[RawItem]]]:
    """As many pairs at a time as one call reads the statistics of."""
    while pairs := dict(islice(by_pair, KEYS_A_CALL)):
        yield pairs


def _repair(statistics: PairStatisticsStore, pair: str, weeks: Sequence[RawItem], stored: RawItem) -> bool:
    """Rebuilds the statistics of a pair if what is stored is not that of its weeks, or flagged."""
    try:
        sums, _ = recompute(states_of(weeks), Bookkeeping({}))
    except NotComputable:
        pass  # a rebuild reads again, and flags the pair
    else:
        if sums_of(stored) == sums and not is_set_aside(stored):
            return False
    statistics.rebuild(pair)
    return True
