"""Whether a day stands out against the other days of its pair: pure arithmetic, no I/O.

Two measures, for two places. Where only sums are at hand, in the second stage, the day is taken out of the
exact sums and compared with mean and deviation of the rest (leave-one-out), so it cannot hide behind the
deviation that it causes itself. Where all days are at hand, median and median deviation say the same, and
no other huge day can hide it either.
"""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from models.moments import Moments

NORMAL = 1.4826  # median absolute deviation to standard deviation, of a normal distribution


class Rule(NamedTuple):
    """When a day stands out against mean and deviation of the others."""

    deviations: float = 5.0  # above the mean, at least
    ratio: int = 2  # of the mean, at least
    days: int = 7  # other days, at least
    least_spread: float = 0.1  # of the mean: a deviation below counts as this


RULE = Rule()


class Standing(NamedTuple):
    """A day beside the others of its pair."""

    mean: float  # of the others
    deviation: float  # of the others, over the population
    score: float  # deviations above the mean of the others
    stands_out: bool


def without(moments: Moments, value: int) -> Moments:
    """The moments as if one of the values had never been added; exact."""
    return Moments(moments.count - 1, moments.total - value, moments.squares - value * value)


def standing(moments: Moments, value: int, rule: Rule = RULE) -> Standing | None:
    """How a day compares with the others of its pair.

    Args:
        moments: of all the days, the day itself among them.
        value: the total of the day.
        rule: when it stands out.

    Returns:
        None if there is no other day.
    """
    others = without(moments, value)
    mean, deviation = others.mean, others.deviation()
    if mean is None or deviation is None:
        return None
    spread = max(deviation, rule.least_spread * mean)
    score = (value - mean) / spread if spread else 0.0
    is_high = others.count >= rule.days and value * others.count >= rule.ratio * others.total > 0
    return Standing(mean, deviation, score, is_high and score >= rule.deviations)


def spread(values: Sequence[float], center: float) -> float:
    """A deviation of which up to half of the values may be anything: the median distance, as of a normal."""
    return NORMAL * median([abs(value - center) for value in values]) if values else 0.0
