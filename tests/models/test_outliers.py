"""Which day stands out against the others."""

from statistics import mean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.moments import Moments
from models.outliers import RULE, spread, standing, without

totals = st.lists(st.integers(1, 10**15), min_size=1, max_size=40)


def moments_of(values: list[int]) -> Moments:
    moments = Moments()
    for value in values:
        moments = moments.with_value(value)
    return moments


@given(totals, st.integers(0, 10**15))
def test_taking_out_undoes_adding(values: list[int], value: int) -> None:
    """A day taken out of the sums leaves exactly what the others give."""
    assert without(moments_of(values).with_value(value), value) == moments_of(values)


@given(totals, st.integers(1, 10**15))
def test_standing_is_that_of_the_other_days(values: list[int], value: int) -> None:
    """Mean and deviation are of the other days alone, so a huge day does not hide in its own deviation."""
    found = standing(moments_of([*values, value]), value)
    assert found is not None
    assert found.mean == pytest.approx(mean(values))
    assert found.deviation == pytest.approx(pstdev(values), abs=1)


@given(st.lists(st.integers(900, 1100), min_size=RULE.days, max_size=60))
def test_twice_a_calm_pairs_usual_stands_out(values: list[int]) -> None:
    """2.5 times what calm days have stands out; a day like the others does not, nor does a low one."""
    for value, expected in ((2_750, True), (1_000, False), (1, False)):
        found = standing(moments_of([*values, value]), value)
        assert found is not None
        assert found.stands_out is expected


@given(st.lists(st.integers(900, 1100), max_size=RULE.days - 1))
def test_a_short_history_judges_nothing(values: list[int]) -> None:
    """Before there is a week of other days, nothing stands out."""
    found = standing(moments_of([*values, 10**9]), 10**9)
    assert found is None or not found.stands_out


def test_half_of_the_days_may_be_anything() -> None:
    """The robust deviation does not see a minority of wild days; of nothing it is 0."""
    calm = [10.0, 11.0, 9.0, 10.0, 12.0, 8.0, 10.0]
    assert spread([*calm, 10**6, 10**7, 10**8], 10) < 5
    assert spread([], 0) == 0
