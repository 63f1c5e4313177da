"""What a change of a pair's week means for the pair's statistics: pure arithmetic, no storage.

An item of the daily totals, a pair's week, counts its own changes in `revision`. The statistics remember,
for each lately changed week, a *mark*: the revision they have applied, together with the time of that
change. A mark says exactly which state of the week is in the sums, so a step fits or does not fit, and
time and order of delivery do not matter.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from models.errors import NotComputable
from models.storage.numbers import integer
from models.storage.schema import RawItem, totals_in
from models.traffic import DaysOfWeek, Totals, day_of

MARKS_AT_MOST = 24  # bookkeeping entries of a pair at rest, some 15 bytes each
MARKS_KEPT = 8  # what is left of more: the gap to 24 makes pruning a rare second write

_TIME_RANGE = 10**10  # epoch seconds have ten digits until the year 2286
_DIGITS = 38  # significant ones, what a number of DynamoDB holds

_REMEDY = (
    "Restore the item, or take it out and upload its files again; then `flowtally verify --all --repair`"
)


class WeekState(NamedTuple):
    """A pair's week at one revision; the default is the week before its first flow."""

    days: DaysOfWeek = MappingProxyType({})
    revision: int = 0
    updated_at: int = 0

    @classmethod
    def of(cls, item: RawItem) -> "WeekState":
        """The state that an item of the daily totals is in.

        Raises:
            NotComputable: its numbers are not those that a worker writes.
        """
        try:
            state = cls(totals_in(item), integer(item["r"]["N"]), integer(item["u"]["N"]))
        except KeyError as missing:
            raise NotComputable(
                f"an item of the daily totals lacks a number ({missing})", remedy=_REMEDY
            ) from missing
        except ValueError as error:
            found = f"an item of the daily totals holds what is no integer ({error})"
            raise NotComputable(found, remedy=_REMEDY) from error
        if not state.days:
            raise NotComputable("an item of the daily totals has no day", remedy=_REMEDY)
        return state

    @property
    def mark(self) -> int:
        """Revision and time of change in one number; 0 of a week that nobody heard of."""
        return self.revision * _TIME_RANGE + self.updated_at


def states_of(items: Iterable[RawItem]) -> dict[str, WeekState]:
    """The states of the weeks of one pair, by Monday.

    Args:
        items: of the daily totals, all of the pair.

    Raises:
        NotComputable: one of them is not what a worker writes; the error says which.
    """
    states = {}
    for item in items:
        pair, week = item["k"]["S"], item["t"]["S"]
        try:
            if not is_week(week):
                found = "the key of an item of the daily totals is not the Monday of a week"
                raise NotComputable(found, remedy=_REMEDY)
            states[week] = WeekState.of(item)
        except NotComputable as error:
            raise NotComputable(error.found, where=f"{pair} {week}", remedy=error.remedy) from error
    return states


def is_week(key: str) -> bool:
    """Whether a sort key of the daily totals is what a worker writes: the Monday of a week."""
    try:
        return day_of(key, 1) == key
    except ValueError:
        return False


class Step(NamedTuple):
    """One or more consecutive changes of a pair's week, folded into one."""

    week: str  # its Monday
    before: WeekState
    after: WeekState
    first_change: int  # epoch seconds of the earliest change folded in

    @property
    def is_new_week(self) -> bool:
        """Whether the statistics cannot have heard of this week."""
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

    @classmethod
    def of_week(cls, state: WeekState) -> "Sums":
        """The share of all days of a week."""
        week = cls()
        for totals in state.days.values():
            week = week.plus(cls.of_day(totals))
        return week

    def plus(self, other: "Sums") -> "Sums":
        """Component by component."""
        return Sums(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def minus(self, other: "Sums") -> "Sums":
        """Component by component."""
        return Sums(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def is_storable(self) -> bool:
        """Whether a table can hold these numbers exactly."""
        return all(len(str(abs(number)).rstrip("0")) <= _DIGITS for number in self)


class Bookkeeping(NamedTuple):
    """What the statistics of a pair remember of the changes in their sums."""

    marks: Mapping[str, int]  # by week
    horizon: int = 0  # epoch seconds; a change up to here may be in the sums without a mark

    def revision_of(self, week: str) -> int:
        """The revision of a week that is in the sums; 0 if no mark tells."""
        return self.marks.get(week, 0) // _TIME_RANGE

    def misses(self, step: Step) -> bool:
        """Whether the week is certainly not in the sums: no mark, and none can have been pruned.

        The times of one item's changes never go back, so the first change of a week whose mark was
        pruned is no later than the horizon, whatever the clocks of the workers say.
        """
        return step.week not in self.marks and self.horizon < step.first_change


def difference(steps: Iterable[Step]) -> Sums:
    """What the steps of one pair add to its sums."""
    total = Sums()
    for step in steps:
        total = total.plus(Sums.of_week(step.after)).minus(Sums.of_week(step.before))
    return total


def still_due(steps: Iterable[Step], known: Bookkeeping) -> list[Step] | None:
    """Those of the steps that are not in the sums yet.

    Returns:
        None if it cannot be told, or if a change before one of the steps is missing: then only a
        rebuild from the daily totals is right.
    """
    due = []
    for step in steps:
        mark = known.marks.get(step.week, 0)
        if mark // _TIME_RANGE >= step.after.revision:
            continue  # a duplicate
        fits = known.misses(step) if step.is_new_week else mark == step.before.mark
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


def recompute(states: Mapping[str, WeekState], known: Bookkeeping) -> tuple[Sums, Bookkeeping]:
    """Sums and bookkeeping of a pair from its daily totals alone.

    Args:
        states: all weeks of the pair, by Monday.
        known: the bookkeeping so far. The horizon never falls, and rises over marks of weeks that
            exist no more, so that a late delivery of their changes is not taken for news.

    Raises:
        NotComputable: a sum has more digits than a table holds.
    """
    sums = Sums()
    for state in states.values():
        sums = sums.plus(Sums.of_week(state))
    if not sums.is_storable:
        raise NotComputable(
            f"a sum over the days has more than {_DIGITS} digits",
            remedy="Take out the file with these flows by `flowtally retract`",
        )
    gone = [mark % _TIME_RANGE for week, mark in known.marks.items() if week not in states]
    marks = {week: state.mark for week, state in states.items()}
    return sums, prune(Bookkeeping(marks, max([known.horizon, *gone])))
