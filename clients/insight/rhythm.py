"""The rhythm of a week, and the little arithmetic that judging a history takes."""

from collections.abc import Iterable, Sequence
from itertools import repeat
from operator import sub

from models.outliers import NORMAL

WEEK = 7
WEEKEND = (6, 0)  # remainders of an ordinal: a Monday's is 1
_WEEKS_FOR_RHYTHM = 3
_RHYTHM_GAIN = 0.8  # a rhythm is believed when it leaves at most so much of the deviation
_RHYTHM_LEAST = 0.15  # between its highest and its lowest day: 16 %


def rhythm_of(
    weekdays: Sequence[int], logs: Sequence[float], *, without_gap: bool = False
) -> tuple[float, ...]:
    """What is usual for each weekday, compared with the middle of them; empty if there is no rhythm.

    Args:
        weekdays: of the days, remainders of their ordinals.
        logs: what is on each.
        without_gap: they are one day after the other.
    """
    by_weekday: list[Sequence[float]] = [[] for _ in range(WEEK)]
    if without_gap:
        for place, weekday in enumerate(weekdays[:WEEK]):
            by_weekday[weekday] = logs[place::WEEK]
    else:
        for weekday in set(weekdays):
            by_weekday[weekday] = [value for value, of in zip(logs, weekdays, strict=True) if of == weekday]
    rhythm = _of_weekdays(by_weekday) or _of_weekends(by_weekday)
    if not rhythm or max(rhythm) - min(rhythm) < _RHYTHM_LEAST:
        return ()
    is_better = _distance(less_rhythm(weekdays, logs, rhythm)) < _RHYTHM_GAIN * _distance(logs)
    return rhythm if is_better else ()


def _of_weekdays(by_weekday: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """A level for each weekday that has flows, if each is known from some weeks."""
    known = [some for some in by_weekday if some]
    if len(known) < 2 or min(map(len, known)) < _WEEKS_FOR_RHYTHM:
        return ()
    middles = [upper_middle(some) if some else None for some in by_weekday]
    center = middle_of([middle for middle in middles if middle is not None])
    return tuple(0.0 if middle is None else middle - center for middle in middles)


def _of_weekends(by_weekday: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Two levels, where the days are too few for seven."""
    weekend = [value for weekday in WEEKEND for value in by_weekday[weekday]]
    others = [value for day, some in enumerate(by_weekday) if day not in WEEKEND for value in some]
    if min(len(weekend), len(others)) < _WEEKS_FOR_RHYTHM:
        return ()
    shift = upper_middle(weekend) - upper_middle(others)
    return tuple(shift if weekday in WEEKEND else 0.0 for weekday in range(WEEK))


def less_rhythm(weekdays: Sequence[int], logs: Sequence[float], rhythm: tuple[float, ...]) -> Sequence[float]:
    """The values without a rhythm."""
    if not rhythm:
        return logs
    return list(map(sub, logs, map(rhythm.__getitem__, weekdays)))


def remainder(values: Sequence[float], shape: Sequence[float]) -> list[float]:
    """What a shape leaves of the values."""
    return list(map(sub, values, shape))


def middle_of(values: Sequence[float]) -> float:
    """As `statistics.median`, in a third of the time."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def upper_middle(values: Sequence[float]) -> float:
    """The median, or the next above where it lies between two."""
    return sorted(values)[len(values) // 2]


def robust_spread(residuals: Sequence[float]) -> float:
    """A deviation of which nearly half of the values may be anything."""
    ordered: list[float] = sorted(map(abs, residuals))
    return NORMAL * ordered[len(ordered) // 2]


def _distance(values: Sequence[float]) -> float:
    """Of the values from their median, added up."""
    middle = upper_middle(values)
    distances: Iterable[float] = map(abs, map(sub, values, repeat(middle)))
    return sum(distances)


def distance_between(flat: Sequence[float], shape: Sequence[float]) -> float:
    """How far the values are from a shape, added up."""
    distances: Iterable[float] = map(abs, map(sub, flat, shape))
    return sum(distances)
