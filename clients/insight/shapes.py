"""A line and two levels through the same days: whether a pair grows, or has stepped to another level."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, repeat
from operator import add, mul, sub, truediv
from typing import NamedTuple

from clients.insight.findings import Thresholds
from clients.insight.rhythm import WEEK, distance_between, middle_of, middle_of_ordered


class Shapes(NamedTuple):
    """A line and two levels through the same days."""

    slope: float
    line: Sequence[float]
    split: int
    levels: Sequence[float]
    is_line_closer: bool
    are_levels_closer: bool  # or as close, if neither is

    @property
    def closest(self) -> Sequence[float]:
        """Whichever is closer to the days, sure or not."""
        return self.line if self.is_line_closer else self.levels


def shapes_of(days: Sequence[int], flat: Sequence[float], rules: Thresholds) -> Shapes:
    """Fits both.

    Args:
        days: their ordinals, rising.
        flat: what is on each, in logarithms, about 0.
        rules: how long a level lasts at least.
    """
    slope, line = _line(days, flat)
    split, levels = _best_split(flat, rules)
    from_line, from_levels = distance_between(flat, line), distance_between(flat, levels)
    return Shapes(slope, line, split, levels, from_line < from_levels, from_levels < from_line)


def _best_split(flat: Sequence[float], rules: Thresholds) -> tuple[int, Sequence[float]]:
    """Where two levels explain most, and the two levels; extremes count as less, so none makes a step."""
    ordered = sorted(flat)
    low, high = ordered[len(flat) // 10], ordered[-1 - len(flat) // 10]
    sums = list(accumulate([low if value < low else high if value > high else value for value in flat]))
    total, count = sums[-1], len(flat)
    first, after_last = rules.step_days, count - rules.step_days + 1
    beyond = [
        value - total * place / count
        for place, value in zip(range(first, after_last), sums[first - 1 :], strict=False)
    ]
    gains = list(map(truediv, map(mul, beyond, beyond), _halves(first, after_last, count)))
    split = first + gains.index(max(gains))
    before, after = middle_of(flat[:split]), middle_of(flat[split:])
    split = _refined(flat, split, before, after, rules.step_days)
    return split, [before] * split + [after] * (count - split)


@lru_cache(maxsize=1024)
def _halves(first: int, after_last: int, count: int) -> Sequence[int]:
    """The days before a place, times those after, for each of some places."""
    return [place * (count - place) for place in range(first, after_last)]


def _refined(flat: Sequence[float], split: int, before: float, after: float, margin: int) -> int:
    """Where near a split the days fit its two levels best."""
    first, last = max(margin, split - WEEK), min(len(flat) - margin, split + WEEK)
    between = abs(after - before)
    best, total, highest = first, 0.0, 0.0
    for place, value in enumerate(flat[first:last], first + 1):
        far, near = abs(value - after), abs(value - before)
        if min(far, near) < between:  # one that is far from both levels tells nothing
            total += far - near
        if total > highest:
            best, highest = place, total
    return best


def _line(days: Sequence[int], flat: Sequence[float]) -> tuple[float, Sequence[float]]:
    """The slope a day and the line through the days: medians of the outer thirds, then of the rest."""
    third = len(days) // 3
    run = middle_of_ordered(days[-third:]) - middle_of_ordered(days[:third])
    slope = (middle_of(flat[-third:]) - middle_of(flat[:third])) / run
    slopes = map(truediv, map(sub, flat[third:], flat), map(sub, days[third:], days))
    slope = (slope + middle_of(slopes)) / 2
    rises = list(map(mul, days, repeat(slope)))
    level = middle_of(map(sub, flat, rises))
    return slope, list(map(add, rises, repeat(level)))
