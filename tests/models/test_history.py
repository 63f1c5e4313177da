"""Histories as columns are the totals that they were made of."""

from hypothesis import given
from hypothesis import strategies as st

from models.days import day_of, ordinal
from models.history import DailySums, History
from models.traffic import Totals

TOTALS = st.builds(Totals, st.integers(0, 10**38), st.integers(0, 10**12), st.integers(1, 10**9))
DAYS = st.integers(738_000, 738_020).map(day_of)
HISTORIES = st.dictionaries(DAYS, TOTALS, min_size=1)


@given(HISTORIES, st.data())
def test_columns_are_the_same_as_what_they_are_made_of(days: dict[str, Totals], data: st.DataObject) -> None:
    """In whatever order days come, they can be looked up, are in order, and can be cut out."""
    history = History()
    for day in data.draw(st.permutations(list(days))):
        history.append(ordinal(day), *days[day])
    ordered = history.in_order()
    assert dict(ordered) == days
    assert list(ordered) == sorted(days)
    assert "1999-12-31" not in ordered
    first, last = sorted((data.draw(DAYS), data.draw(DAYS)))
    assert dict(ordered.between(ordinal(first), ordinal(last))) == {
        day: totals for day, totals in days.items() if first <= day <= last
    }


@given(st.lists(HISTORIES, min_size=1, max_size=6))
def test_sums_are_those_of_each_day(histories: list[dict[str, Totals]]) -> None:
    """Added up in columns, with and without gaps, each day has the sums of all."""
    sums = DailySums()
    for days in histories:
        sums.add(History.of(days))
    assert dict(sums.history()) == {
        day: Totals(*map(sum, zip(*(days[day] for days in histories if day in days), strict=True)))
        for day in set().union(*histories)
    }
