"""The rhythm of a week, and the little arithmetic that judging a history takes."""

from collections.abc import Iterable, Sequence
from itertools import cycle, repeat
from operator import sub

from models.outliers import NORMAL

WEEK = 7
WEEKEND = (6, 0)  # remainders of an ordinal: a Monday's is 1
_WEEKS_FOR_RHYTHM = 3
_RHYTHM_GAIN = 0.8  # a rhythm is believed when it leaves at most so much of the deviation
_RHYTHM_LEAST = 0.15  # between its highest and its lowest day: 16 %
_SURELY = 1 + 1e-9  # beyond what rounding may do

Rhythm = tuple[float, ...]  # of the weekdays, as remainders of ordinals; empty if there is none


class Calendar:
    """The days of a pair, which both of its measures share.

    Args:
        days: ordinals of the days with flows, rising.
    """

    def __init__(self, days: Sequence[int]) -> None:
        self.days = days
        self._is_without_gap = days[-1] - days[0] + 1 == len(days)

    def _weekdays(self) -> Sequence[int]:
        return [day % WEEK for day in self.days]

    def rhythm_of(self, logs: Sequence[float], ordered: Sequence[float]) -> Rhythm:
        """What is usual for each weekday, compared with the middle of them; empty if there is no rhythm.

        Args:
            logs: what is on each day.
            ordered: the same, rising.
        """
        by_weekday = self._by_weekday(logs)
        rhythm = _of_weekdays(by_weekday) or _of_weekends(by_weekday)
        if not rhythm or max(rhythm) - min(rhythm) < _RHYTHM_LEAST:
            return ()
        # What is the same on all Mondays leaves no less than their distances from their own median.
        if sum(map(_spread_out, by_weekday)) >= _SURELY * _RHYTHM_GAIN * _spread_out(ordered):
            return ()
        rest = self.without(rhythm, logs)
        is_better = _distance(rest, sorted(rest)) < _RHYTHM_GAIN * _distance(logs, ordered)
        return rhythm if is_better else ()

    def without(self, rhythm: Rhythm, logs: Sequence[float]) -> Sequence[float]:
        """The values without a rhythm."""
        if not rhythm:
            return logs
        if self._is_without_gap:
            first = self.days[0] % WEEK
            return list(map(sub, logs, cycle(rhythm[first:] + rhythm[:first])))
        return list(map(sub, logs, map(rhythm.__getitem__, self._weekdays())))

    def _by_weekday(self, logs: Sequence[float]) -> Sequence[Sequence[float]]:
        """What is on each weekday, rising."""
        if self._is_without_gap:
            first = self.days[0]
            return [sorted(logs[(weekday - first) % WEEK :: WEEK]) for weekday in range(WEEK)]
        by_weekday: list[list[float]] = [[] for _ in range(WEEK)]
        for weekday, value in zip(self._weekdays(), logs, strict=True):
            by_weekday[weekday].append(value)
        return list(map(sorted, by_weekday))


def _of_weekdays(by_weekday: Sequence[Sequence[float]]) -> Rhythm:
    """A level for each weekday that has flows, if each is known from some weeks."""
    known = [some for some in by_weekday if some]
    if len(known) < 2 or min(map(len, known)) < _WEEKS_FOR_RHYTHM:
        return ()
    middles = [some[len(some) // 2] if some else None for some in by_weekday]
    center = middle_of([middle for middle in middles if middle is not None])
    return tuple([0.0 if middle is None else middle - center for middle in middles])


def _of_weekends(by_weekday: Sequence[Sequence[float]]) -> Rhythm:
    """Two levels, where the days are too few for seven."""
    weekend = [value for weekday in WEEKEND for value in by_weekday[weekday]]
    others = [value for day, some in enumerate(by_weekday) if day not in WEEKEND for value in some]
    if min(len(weekend), len(others)) < _WEEKS_FOR_RHYTHM:
        return ()
    shift = upper_middle(weekend) - upper_middle(others)
    return tuple(shift if weekday in WEEKEND else 0.0 for weekday in range(WEEK))


def _spread_out(ordered: Sequence[float]) -> float:
    """The distances of rising values from their median, added up: no other place is as near to them."""
    half = len(ordered) // 2
    return sum(ordered[-half:]) - sum(ordered[:half]) if half else 0.0


def remainder(values: Sequence[float], shape: Sequence[float]) -> list[float]:
    """What a shape leaves of the values."""
    return list(map(sub, values, shape))


def less(values: Iterable[float], level: float) -> list[float]:
    """How far the values lie above a level."""
    return list(map(sub, values, repeat(level)))


def middle_of(values: Iterable[float]) -> float:
    """As `statistics.median`, in a third of the time."""
    return middle_of_ordered(sorted(values))


def middle_of_ordered(ordered: Sequence[float]) -> float:
    """The median of rising values."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def upper_middle(values: Sequence[float]) -> float:
    """The median, or the next above where it lies between two."""
    return sorted(values)[len(values) // 2]


def robust_spread(residuals: Sequence[float]) -> float:
    """A deviation of which nearly half of the values may be anything."""
    return NORMAL * upper_middle(list(map(abs, residuals)))


def _distance(values: Sequence[float], ordered: Sequence[float]) -> float:
    """Of the values from their median, added up."""
    distances: Iterable[float] = map(abs, map(sub, values, repeat(ordered[len(ordered) // 2])))
    return sum(distances)


def distance_between(flat: Sequence[float], shape: Sequence[float]) -> float:
    """How far the values are from a shape, added up."""
    distances: Iterable[float] = map(abs, map(sub, flat, shape))
    return sum(distances)
