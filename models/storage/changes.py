"""What a change of a pair's day means for the pair's statistics: pure arithmetic, no storage.

A daily item counts its own changes in `revision`. The statistics remember, for each lately changed
day, a *mark*: the revision they have applied, together with the time of that change. A mark says
exactly which state of the day is in the sums, so a step fits or does not fit, and time and order of
delivery do not matter.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from models.storage.schema import DailyTotal
from models.traffic import Totals

MARKS_AT_MOST = 24  # bookkeeping entries of a pair at rest, some 15 bytes each
MARKS_KEPT = 8  # what is left of more: the gap to 24 makes pruning a rare second write

_TIME_RANGE = 10**10  # epoch seconds have ten digits until the year 2286


class DayState(NamedTuple):
    """A pair's day at one revision; the default is the day before its first flow."""

    totals: Totals = Totals()
    revision: int = 0
    updated_at: int = 0

    @classmethod
    def of(cls, item: DailyTotal) -> "DayState":
        """The state that a daily item is in."""
        return cls(item.totals, item.revision, item.updated_at)

    @property
    def mark(self) -> int:
        """Revision and time of change in one number; 0 of a day that nobody heard of."""
        return self.revision * _TIME_RANGE + self.updated_at


class Step(NamedTuple):
    """One or more consecutive changes of a pair's day, folded into one."""

    day: str
    before: DayState
    after: DayState
    first_change: int  # epoch seconds of the earliest change folded in

    @property
    def is_new_day(self) -> bool:
        """Whether the statistics cannot have heard of this day."""
        return self.before.revision == 0

    def then(self, later: "Step") -> "Step":
        """This step and the one that follows it, as one."""
        return self._replace(after=later.after)


class Sums(NamedTuple):
    """What the statistics of a pair add up, or a difference of it."""

    days: int = 0
    duration_sum: int = 0
    duration_squares: int = 0
    packets_sum: int = 0
    packets_squares: int = 0

    @classmethod
    def of_day(cls, totals: Totals) -> "Sums":
        """The share of one day; a day without flows (all retracted) has none."""
        if not totals.flows:
            return cls()
        return cls(1, totals.duration, totals.duration**2, totals.packets, totals.packets**2)

    def plus(self, other: "Sums") -> "Sums":
        """Component by component."""
        return Sums(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def minus(self, other: "Sums") -> "Sums":
        """Component by component."""
        return Sums(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))


class Bookkeeping(NamedTuple):
    """What the statistics of a pair remember of the changes in their sums."""

    marks: Mapping[str, int]  # by day
    horizon: int = 0  # epoch seconds; a change up to here may be in the sums without a mark

    def misses(self, step: Step) -> bool:
        """Whether the day is certainly not in the sums: no mark, and none can have been pruned.

        The times of one item's changes never go back, so the first change of a day whose mark was
        pruned is no later than the horizon, whatever the clocks of the workers say.
        """
        return step.day not in self.marks and self.horizon < step.first_change


def difference(steps: Iterable[Step]) -> Sums:
    """What the steps of one pair add to its sums."""
    total = Sums()
    for step in steps:
        total = total.plus(Sums.of_day(step.after.totals).minus(Sums.of_day(step.before.totals)))
    return total


def still_due(steps: Iterable[Step], known: Bookkeeping) -> list[Step] | None:
    """Those of the steps that are not in the sums yet.

    Returns:
        None if it cannot be told, or if a change before one of the steps is missing: then only a
        rebuild from the daily totals is right.
    """
    due = []
    for step in steps:
        mark = known.marks.get(step.day, 0)
        if mark // _TIME_RANGE >= step.after.revision:
            continue  # a duplicate
        fits = known.misses(step) if step.is_new_day else mark == step.before.mark
        if not fits:
            return None
        due.append(step)
    return due


def prune(known: Bookkeeping) -> Bookkeeping:
    """Forgets, where there are too many marks, all but those of the latest changes.

    The horizon rises over the forgotten ones. They changed before what is kept, so it stays as low as it
    can: a change that is still under way is seldom taken for one that may have been forgotten.
    """
    if len(known.marks) <= MARKS_AT_MOST:
        return known
    oldest_first = sorted(known.marks.items(), key=lambda mark: (mark[1] % _TIME_RANGE, mark[0]))
    forgotten = oldest_first[:-MARKS_KEPT]
    times = [mark % _TIME_RANGE for _, mark in forgotten]
    return Bookkeeping(dict(oldest_first[-MARKS_KEPT:]), max([known.horizon, *times]))


def recompute(days: Iterable[DailyTotal], known: Bookkeeping) -> tuple[Sums, Bookkeeping]:
    """Sums and bookkeeping of a pair from its daily totals alone.

    Args:
        days: all daily totals of the pair.
        known: the bookkeeping so far. The horizon never falls, and rises over marks of days that
            exist no more, so that a late delivery of their changes is not taken for news.
    """
    states = {day.day: DayState.of(day) for day in days}
    sums = Sums()
    for state in states.values():
        sums = sums.plus(Sums.of_day(state.totals))
    gone = [mark % _TIME_RANGE for day, mark in known.marks.items() if day not in states]
    marks = {day: state.mark for day, state in states.items()}
    return sums, prune(Bookkeeping(marks, max([known.horizon, *gone])))
