"""Numbers of DynamoDB in whatever way they are written: everything that reads items takes them alike."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.queries.scan import _add_week, _bare
from models.errors import FlowtallyError
from models.history import History
from models.storage.changes import Sums, WeekState
from models.storage.daily_totals import days_of
from models.storage.item_size import item_size
from models.storage.numbers import integer, without_exponent
from models.storage.schema import PairStatistics
from models.storage.statistics_item import bookkeeping, sums_of
from models.traffic import Totals
from vm_daemon.stream.lease_snapshot import LeaseSnapshot, ShardState


def written(number: int) -> st.SearchStrategy[str]:
    """Some of the ways to write a number: plain, with zeroes behind a point, with an exponent."""
    digits = str(abs(number)).rstrip("0") or "0"
    zeroes = len(str(abs(number))) - len(digits) if number else 0
    exponent = zeroes + len(digits) - 1
    sign = "-" if number < 0 else ""
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return st.sampled_from(
        [
            str(number),
            f"{number}.0",
            f"{sign}{digits}E+{zeroes}",
            f"{sign}{digits}e{zeroes}",
            f"{sign}{digits[0]}{fraction}E+{exponent}",
            f"{sign}{digits[0]}{fraction}E{exponent:02}",
        ]
    )


WHOLE = st.integers(-(10**38) + 1, 10**38 - 1) | st.builds(
    lambda digits, zeroes: digits * 10**zeroes, st.integers(-999, 999), st.integers(0, 120)
)
COUNTS = st.integers(1, 10**12) | st.builds(lambda digits: digits * 10**6, st.integers(1, 999))


@given(st.data(), WHOLE)
def test_a_number_is_what_it_stands_for(data: st.DataObject, number: int) -> None:
    """Exactly, with up to 38 digits and an exponent of up to 125, in every way it can be written."""
    text = data.draw(written(number))
    assert integer(text) == number
    assert int(without_exponent(text).removesuffix(".0")) == number


@pytest.mark.parametrize(
    "text", ["", "x", "1.5", "1E-1", "12E-1", "NaN", "Infinity", "1E+999999999", "1e", "E2"]
)
def test_what_is_not_whole_is_no_number(text: str) -> None:
    """Nothing is rounded or cut off, and a huge exponent takes no memory."""
    with pytest.raises(ValueError, match="number"):
        integer(text)


@given(st.data(), COUNTS, COUNTS, COUNTS, st.integers(1, 9_999_999_999))
def test_an_item_of_the_daily_totals_is_read_alike(
    data: st.DataObject, duration: int, packets: int, flows: int, now: int
) -> None:
    """By the stages, the commands and the scan of insight, and it has one size."""
    numbers = {"d3": duration, "p3": packets, "n3": flows, "r": 120, "u": now}
    plain: dict[str, Any] = {"k": {"S": "10.0.0.1>10.0.0.2"}, "t": {"S": "2022-12-05"}}
    item = {**plain, **{name: {"N": data.draw(written(number))} for name, number in numbers.items()}}
    assert WeekState.of(item) == WeekState({3: Totals(duration, packets, flows)}, 120, now)
    (day,) = days_of("10.0.0.1>10.0.0.2", [item])
    assert (day.day, day.totals) == ("2022-12-07", Totals(duration, packets, flows))
    history = History()
    _add_week(history, {name: _bare(typed) for name, typed in item.items() if name not in "ru"})
    assert (history.durations, history.packets, history.flows) == ([duration], [packets], [flows])
    as_written = {**plain, **{name: {"N": str(number)} for name, number in numbers.items()}}
    assert item_size(item) == item_size(as_written)


@given(st.data(), st.lists(COUNTS, min_size=8, max_size=8))
def test_statistics_and_leases_are_read_alike(data: st.DataObject, numbers: list[int]) -> None:
    """Sums, marks, horizon and revision of a pair, and what readers note of shards and of each other."""
    names = ("n", "d", "dd", "p", "pp", "r", "h", "20221205")
    item: dict[str, Any] = {"src": {"S": "10.0.0.1"}, "dst": {"S": "10.0.0.2"}}
    item |= {name: {"N": data.draw(written(number))} for name, number in zip(names, numbers, strict=True)}
    assert sums_of(item) == Sums(*numbers[:5])
    assert bookkeeping(item) == ({"2022-12-05": numbers[7]}, numbers[6])
    model = PairStatistics.from_raw_data({name: value for name, value in item.items() if not name.isdigit()})
    assert (model.days, model.packets_squares, model.revision, model.horizon) == (numbers[0], *numbers[4:7])

    lease = {"sequence_number": {"S": "1"}, "intact_at": item["n"], "held_by": {"S": "token"}}
    assert ShardState.of(lease) == ShardState("1", numbers[0], "token")
    worker = {"item_name": {"S": "worker#vm"}, "held_by": {"S": "token"}, "beats": item["d"]}
    check = {"item_name": {"S": "check"}, "checked_at": item["p"]}
    seen = LeaseSnapshot.of([worker, check])
    assert (seen.workers["token"].beats, seen.checked) == (numbers[1], numbers[3])


def test_a_number_spoilt_by_hand_is_an_error_that_says_so() -> None:
    """A fraction in the statistics is neither cut off nor a traceback: what to do is said."""
    item = {name: {"N": "1.5"} for name in ("n", "d", "dd", "p", "pp", "r")}
    with pytest.raises(
        FlowtallyError, match=r"changed by hand: '1\.5' is no whole number.*verify --all --repair"
    ):
        PairStatistics.from_raw_data({"src": {"S": "a"}, "dst": {"S": "b"}, **item})
