"""Exact means and deviations."""

import itertools
import math
from decimal import Decimal, localcontext
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from models.moments import Moments

values = st.lists(st.integers(0, 10**18), min_size=1, max_size=40)


def moments_of(numbers: list[int]) -> Moments:
    moments = Moments()
    for number in numbers:
        moments = moments.with_value(number)
    return moments


def nearest_double_to_root(square: Fraction) -> float:
    """The double nearest to the root of a fraction, found by comparing neighbours exactly."""
    with localcontext(prec=60):
        guess = float((Decimal(square.numerator) / Decimal(square.denominator)).sqrt())
    candidates = [math.nextafter(guess, 0), guess, math.nextafter(guess, math.inf)]
    for low, high in itertools.pairwise(candidates):
        middle = (Fraction(low) + Fraction(high)) / 2
        if square <= middle * middle:
            return low
    return candidates[-1]


@given(values)
def test_mean_is_the_nearest_double(numbers: list[int]) -> None:
    """The mean is the exact rational mean, rounded once."""
    assert moments_of(numbers).mean == float(Fraction(sum(numbers), len(numbers)))


@given(values, st.booleans())
def test_deviation_is_the_nearest_double(numbers: list[int], sample: bool) -> None:
    """The deviation is the root of the exact rational variance, rounded once."""
    if sample and len(numbers) == 1:
        return
    mean = Fraction(sum(numbers), len(numbers))
    variance = sum(((number - mean) ** 2 for number in numbers), Fraction()) / (len(numbers) - sample)
    assert moments_of(numbers).deviation(sample=sample) == nearest_double_to_root(variance)


def test_large_offsets_do_not_cancel() -> None:
    """Values that differ in the last place of a large number keep their deviation."""
    assert moments_of([10**18, 10**18 + 2]).deviation() == 1.0


def test_undefined_is_none() -> None:
    """Nothing has no mean; one value deviates by 0 as a population and not at all as a sample."""
    assert Moments().mean is None
    assert Moments().deviation() is None
    assert moments_of([7]).deviation() == 0.0
    assert moments_of([7]).deviation(sample=True) is None
