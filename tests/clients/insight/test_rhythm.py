"""The rhythm of a week is found, and what is quickly told to have none has none."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.insight import rhythm
from clients.insight.rhythm import Calendar

MONDAY = 738_522  # an ordinal
DAYS = st.lists(st.integers(0, 60), min_size=8, max_size=60, unique=True).map(sorted)


@given(DAYS, st.data())
def test_the_quick_way_rejects_nothing_that_the_long_way_believes(
    days: list[int], data: st.DataObject
) -> None:
    """With and without gaps, the bound by which most pairs are told apart gives what the comparison gives."""
    weekly = data.draw(st.lists(st.floats(0, 2), min_size=7, max_size=7))
    noise = data.draw(st.lists(st.floats(-1, 1), min_size=len(days), max_size=len(days)))
    scale = data.draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
    logs = [weekly[day % 7] + scale * by_chance for day, by_chance in zip(days, noise, strict=True)]
    calendar = Calendar([MONDAY + day for day in days])
    quick = calendar.rhythm_of(logs, sorted(logs))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rhythm, "_SURELY", 1e9)
        assert calendar.rhythm_of(logs, sorted(logs)) == quick


@pytest.mark.parametrize("days", [range(28), [day for day in range(42) if day % 7 != 3]])
def test_closed_weekends_are_a_rhythm(days: Sequence[int]) -> None:
    """Low on Saturdays and Sundays: that is usual for them, and nothing of it is left of any day."""
    logs = [0.0 if day % 7 >= 5 else 2.0 for day in days]
    calendar = Calendar([MONDAY + day for day in days])
    found = calendar.rhythm_of(logs, sorted(logs))
    assert found[6] == found[0] == -2.0
    assert set(calendar.without(found, logs)) == {2.0}
