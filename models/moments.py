"""Exact mean and standard deviation from a count, a sum and a sum of squares.

Everything is integer arithmetic until the last step, and that step is rounded once: a result is the
double nearest to the true value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from operator import mul


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, sum and sum of squares of some integers."""

    count: int = 0
    total: int = 0
    squares: int = 0

    @classmethod
    def of(cls, values: Sequence[int]) -> "Moments":
        """The moments of some values."""
        return cls(len(values), sum(values), sum(map(mul, values, values)))

    def with_value(self, value: int) -> "Moments":
        """The moments after one more value."""
        return Moments(self.count + 1, self.total + value, self.squares + value * value)

    @property
    def mean(self) -> float | None:
        """The average; None of nothing."""
        return self.total / self.count if self.count else None

    def deviation(self, *, sample: bool = False) -> float | None:
        """The standard deviation over the population (n), or over a sample (n - 1).

        Returns:
            None where it is not defined: of nothing, and of one value as a sample.
        """
        divisor = self.count - 1 if sample else self.count
        if divisor < 1:
            return None
        # No cancellation: the difference is exact, because both products are integers.
        spread = self.count * self.squares - self.total * self.total
        return _sqrt_of_fraction(spread, self.count * divisor)


def _sqrt_of_fraction(numerator: int, denominator: int) -> float:
    """The double nearest to sqrt(numerator / denominator).

    The root is first taken to 55 bits or more and rounded to odd (the last bit is set when anything
    was cut off), so the division that follows rounds as if it saw every bit.
    """
    shift = (numerator.bit_length() - denominator.bit_length() - 109) // 2
    if shift >= 0:
        return float(_isqrt_to_odd(numerator, denominator << 2 * shift) << shift)
    return _isqrt_to_odd(numerator << -2 * shift, denominator) / (1 << -shift)


def _isqrt_to_odd(numerator: int, denominator: int) -> int:
    root = isqrt(numerator // denominator)
    return root | (root * root * denominator != numerator)
