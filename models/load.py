"""What a total means as a load, and how fast it grows: pure arithmetic, no I/O.

The flow durations of a day, added up and divided by the length of a day, are the average number of flows
open at once (Little's law: the average number in a system is the rate of arrival times the average stay).
Such loads of pairs, devices and networks may be added, compared, and held against a capacity.
"""

from collections.abc import Sequence
from itertools import combinations
from math import exp, log
from statistics import median

DAY = 86_400_000_000  # µs


def load(duration: int, days: int = 1) -> float:
    """The average number of flows that were open at once.

    Args:
        duration: total flow duration in µs, over all the days.
        days: how many days, at least one; those without flows count, too.
    """
    return duration / (DAY * days)


def growth(values: Sequence[int], days: Sequence[int]) -> float:
    """The growth from one day to the next, robust against single days: 0.01 is 1 % a day.

    It is the median slope over all couples of days (Theil–Sen) of the logarithms, so up to 29 % of the days
    may be anything.

    Args:
        values: one for each day; those of 0 are left out, as they have no logarithm.
        days: numbers of the days, all different.

    Returns:
        0 if fewer than two days have a value.
    """
    points = [(day, log(value)) for day, value in zip(days, values, strict=True) if value > 0]
    slopes = [(there - here) / (later - day) for (day, here), (later, there) in combinations(points, 2)]
    return exp(median(slopes)) - 1 if slopes else 0.0


def doubling_days(rate: float) -> float | None:
    """After how many days a growth by `rate` a day has doubled a value; None if it never will."""
    return log(2) / log(1 + rate) if rate > 0 else None
