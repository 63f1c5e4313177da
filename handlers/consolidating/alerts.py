"""Alerts as data arrives: a day that begins to stand out against the other days of its pair.

It is told from what the update of the statistics gives back, so it costs no read and no write. A rebuild
tells nothing, and of old days nothing is told: the complete list is `flowtally anomalies`.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

from models.moments import Moments
from models.outliers import RULE, Standing, standing
from models.storage.changes import Step, Sums, difference
from models.traffic import Totals, day_of

log = logging.getLogger("flowtally.consolidate")

RECENT_DAYS = 3  # between a day and its change; what arrives later is a backfill, and silent


def tell_of_days(pair: str, sums: Sums, steps: Sequence[Step]) -> None:
    """Logs an event for each day that begins to stand out.

    Args:
        pair: the key of the pair.
        sums: its statistics, the steps among them.
        steps: what has just been added.
    """
    for day, measure, found, value in days_that_begin(sums, steps):
        log.warning(
            "day stands out",
            extra={
                "pair": pair,
                "day": day,
                "measure": measure,
                "value": value,
                "mean": found.mean,
                "deviation": found.deviation,
                "score": round(found.score, 1),
            },
        )


def days_that_begin(sums: Sums, steps: Sequence[Step]) -> Iterator[tuple[str, str, Standing, int]]:
    """The days of the steps that stand out now and did not before: day, measure, standing and value.

    The time of a change is that of the item, as the first stage wrote it: no clock is read.
    """
    for step in steps:
        for weekday, after in step.after.days.items():
            if not _may_stand_out(sums, after):
                continue  # nearly all days, told by two products
            before = step.before.days.get(weekday, Totals())
            day = day_of(step.week, weekday)
            if after != before and _is_recent(day, step.after.updated_at):
                earlier = sums.minus(difference(steps))
                if begun := _begins(_measures(earlier, before), _measures(sums, after)):
                    yield day, *begun


def _may_stand_out(sums: Sums, totals: Totals) -> bool:
    others = sums.days - 1
    return others >= RULE.days and (
        totals.duration * others >= RULE.ratio * (sums.duration_sum - totals.duration)
        or totals.packets * others >= RULE.ratio * (sums.packets_sum - totals.packets)
    )


def _is_recent(day: str, changed_at: int) -> bool:
    changed_on = datetime.fromtimestamp(changed_at, UTC).date()
    return (changed_on - date.fromisoformat(day)).days <= RECENT_DAYS


_Measures = dict[str, tuple[Moments, int]]  # of all days of the pair, and the total of the day


def _measures(sums: Sums, totals: Totals) -> _Measures:
    return {
        "flow duration": (Moments(sums.days, sums.duration_sum, sums.duration_squares), totals.duration),
        "packets": (Moments(sums.days, sums.packets_sum, sums.packets_squares), totals.packets),
    }


def _begins(before: _Measures, after: _Measures) -> tuple[str, Standing, int] | None:
    """The first measure by which a day stands out that stood out by none before."""
    begun = None
    for measure, (moments, value) in after.items():
        now = standing(moments, value)
        if now and now.stands_out:
            earlier = standing(*before[measure]) if before[measure][1] else None
            if earlier and earlier.stands_out:
                return None
            begun = begun or (measure, now, value)
    return begun
