"""The second stage: changes of daily totals into the statistics of their pairs, exactly once.

A batch of stream records is folded into one step per pair and week, and the steps of a pair into one
conditional write. Nothing is relied on but that the changes of one item come in order.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from handlers.concurrency import ForEach
from models.errors import NotComputable
from models.storage.changes import Step, WeekState, is_week
from models.storage.pair_statistics import PairStatisticsStore
from models.storage.schema import RawItem

log = logging.getLogger("flowtally.consolidate")

StreamRecord = Mapping[str, Any]  # as Lambda and GetRecords give it


@dataclass
class PairChanges:
    """What a batch says about one pair."""

    pair: str
    first_record: int  # its position in the batch
    steps: dict[str, Step] = field(default_factory=dict)  # by week
    needs_rebuild: bool = False  # a change that steps cannot tell
    horizon: int = 0  # epoch seconds of the last change of a week that was removed

    def add(self, week: str, before: WeekState, after: WeekState) -> None:
        """Folds the next change of a week into its step."""
        step = Step(week, before, after, first_change=after.updated_at)
        folded = self.steps.get(week)
        if after.revision != before.revision + 1:
            log.error("daily totals were changed by hand", extra={"pair": self.pair, "week": week})
            self.needs_rebuild = True
        elif folded is None:
            self.steps[week] = step
        elif folded.after.mark == before.mark:
            self.steps[week] = folded.then(step)
        else:
            self.needs_rebuild = True

    def remove(self, week: str, last: WeekState) -> None:
        """Notes that daily totals were deleted, which no part of flowtally does."""
        log.error("daily totals were removed by hand", extra={"pair": self.pair, "week": week})
        self.needs_rebuild = True
        self.horizon = max(self.horizon, last.updated_at)


@dataclass(frozen=True)
class Consolidator:
    """Brings batches of the stream into the statistics. Knows neither Lambda nor systemd.

    Args:
        statistics: what the changes go into.
        for_each: how writes run side by side.
    """

    statistics: PairStatisticsStore
    for_each: ForEach

    def process(self, records: Sequence[StreamRecord]) -> int | None:
        """Brings every record into the statistics of its pair.

        Args:
            records: a batch of one shard, in its order.

        Returns:
            The position of the first record that failed, None if none did. From there on all must be
            delivered again; those that did not fail will be found to be duplicates. A pair that was set
            aside, because it can never be computed from its daily totals as they are, is no failure.
        """
        failed: list[int] = []

        def consolidate(changes: PairChanges) -> None:
            try:
                self._consolidate(changes)
            except NotComputable as reason:
                log.error("pair set aside", extra={"pair": changes.pair, "reason": str(reason)})
            except Exception:
                log.exception("pair not consolidated, to be tried again", extra={"pair": changes.pair})
                failed.append(changes.first_record)

        self.for_each(consolidate, fold(records))
        return min(failed, default=None)

    def _consolidate(self, changes: PairChanges) -> None:
        if changes.needs_rebuild:
            self.statistics.rebuild(changes.pair, horizon=changes.horizon)
        else:
            self.statistics.apply(changes.pair, list(changes.steps.values()))


def fold(records: Sequence[StreamRecord]) -> Iterable[PairChanges]:
    """One entry per pair that a batch changes, in the order of their first records."""
    pairs: dict[str, PairChanges] = {}
    for position, record in enumerate(records):
        change = record["dynamodb"]
        pair, week = change["Keys"]["k"]["S"], change["Keys"]["t"]["S"]
        changes = pairs.setdefault(pair, PairChanges(pair, position))
        before, after = _state(change.get("OldImage")), _state(change.get("NewImage"))
        if record["eventName"] == "REMOVE":
            changes.remove(week, before or WeekState())
        elif before is None or after is None or not is_week(week):
            changes.needs_rebuild = True  # which tells whether the daily totals give statistics
        else:
            changes.add(week, before, after)
    return pairs.values()


def _state(image: RawItem | None) -> WeekState | None:
    """The state that an image shows; None if it is not what a worker writes."""
    try:
        return WeekState.of(image) if image else WeekState()
    except NotComputable:
        return None
