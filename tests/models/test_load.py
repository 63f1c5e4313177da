"""Load, growth and doubling time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.load import DAY, doubling_days, growth, load


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=20))
def test_loads_add_up(durations: list[int]) -> None:
    """The load of all pairs is the sum of their loads, so loads may be compared and added."""
    assert load(sum(durations)) == pytest.approx(sum(map(load, durations)))


@given(st.integers(1, 500), st.integers(1, 60))
def test_load_is_the_number_of_flows_open_at_once(flows: int, days: int) -> None:
    """So many flows that are open all day are a load of so many, over however many days."""
    assert load(flows * DAY * days, days) == pytest.approx(flows)


@given(
    st.floats(0.001, 0.2), st.integers(10**6, 10**12), st.lists(st.integers(0, 59), unique=True, min_size=12)
)
def test_growth_is_found_in_spite_of_wild_days(rate: float, first: int, days: list[int]) -> None:
    """A steady growth is told to 1 % of itself even where a sixth of the days are anything."""
    values = [int(first * (1 + rate) ** day) for day in days]
    for place in range(0, len(days) // 6):
        values[place] *= 1000 if place % 2 else 1
    assert growth(values, days) == pytest.approx(rate, rel=0.01, abs=1e-5)


def test_growth_of_nothing_is_none() -> None:
    """One day, or days without traffic, tell no growth."""
    assert growth([5], [1]) == 0
    assert growth([0, 0], [1, 2]) == 0


@given(st.floats(0.001, 1))
def test_doubled_is_doubled(rate: float) -> None:
    """After the doubling time a value has doubled; what does not grow never doubles."""
    days = doubling_days(rate)
    assert days is not None
    assert (1 + rate) ** days == pytest.approx(2)
    assert doubling_days(0) is None
    assert doubling_days(-0.1) is None
