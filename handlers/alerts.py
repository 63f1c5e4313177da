"""Alerts as data arrives: a day that begins to stand out against the other days of its pair.

It is told from what the update of the statistics gives back, so it costs no read and no write. A rebuild
tells nothing, and of old days nothing is told: the complete list is `flowtally anomalies`.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

from models.moments import Moments
from models.outliers import Standing, is_far, standing
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
    earlier: Sums | None = None
    for step in steps:
        newest = datetime.fromtimestamp(step.after.updated_at, UTC).date().toordinal()
        for weekday, after in step.after.days.items():
            before = step.before.days.get(weekday, Totals())
            if after == before or not after.flows:
                continue
            day = day_of(step.week, weekday)
            if newest - date.fromisoformat(day).toordinal() > RECENT_DAYS:
                continue
            earlier = earlier or sums.minus(difference(steps))
            if begun := _begins(_measures(earlier, before), _measures(sums, after)):
                yield day, *begun


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
        if is_far(moments, value) and (now := standing(moments, value)) and now.stands_out:
            earlier = standing(*before[measure]) if before[measure][1] else None
            if earlier and earlier.stands_out:
                return None
            begun = begun or (measure, now, value)
    return begun
