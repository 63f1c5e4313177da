"""Files of more pairs than memory shall hold: read in parts, to the same totals as at once."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import ContentChanged
from models.flow_csv.byte_stream import BLOCK, MAX_LINE
from models.flow_csv.flow_file import FlowFile, each_part, read_flow_file
from models.flow_csv.parts import PLACES, Part
from models.traffic import PairDay, Totals, by_day
from tests.helpers.flow_files import ROW, lines, read, row

pytestmark = pytest.mark.usefixtures("way")

SOURCES = (
    "10.0.0.1",
    " 10.0.0.1 ",
    '"10.0.0.1"',
    "fe80::1",
    "FE80:0::1%eth0",
    "::ffff:10.0.0.1",
    "10.0.0",
    "x",
)
ROWS = st.builds(
    lambda source, host, day, duration, extra: (
        row(source=source, destination=f"192.168.1.{host}", timestamp=day, duration=duration) + extra
    ),
    st.sampled_from(SOURCES),
    st.integers(0, 12),
    st.sampled_from(["07/12/2022 1:02", "2022-12-07", "08/12/2022", "31/02/2022"]),
    st.sampled_from(["1", "20", "3.0", "-1", "x"]),
    st.sampled_from([b"", b"", b"", b"", b",y"]),
)


def in_parts(data: bytes, limit: int) -> tuple[FlowFile, bytes, list[dict[PairDay, Totals]]]:
    """What the first pass says, its quarantine, and the totals of each part."""
    quarantine = io.BytesIO()
    flows = read_flow_file(io.BytesIO(data), quarantine, limit)
    return (
        flows,
        quarantine.getvalue(),
        [by_day(part) for part in each_part(flows, lambda: io.BytesIO(data), limit)],
    )


def verdict(flows: FlowFile) -> Any:
    """All that must not depend on how many parts there are."""
    return flows._replace(first=[], more=(), parts=())


@given(st.integers(0, 50), st.integers(1, 200), st.data(), st.integers(1, 500), st.integers(1, 100))
def test_the_parts_behind_another_are_what_is_left(
    begin: int, size: int, data: st.DataObject, pair_days: int, limit: int
) -> None:
    """Whatever was kept: one behind the other, and no more of them than if all were as large."""
    part = Part(begin, begin + size)
    kept = part.first(data.draw(st.integers(1, size)))
    others = part.behind(kept, pair_days, limit)
    bounds = [kept.end, *(other.end for other in others)]
    assert [other.begin for other in others] == bounds[:-1]
    assert bounds[-1] == part.end
    assert all(other.size for other in others)
    assert (len(others) - 1) * kept.size < part.end - kept.end or not others


@pytest.mark.parametrize(("pair_days", "number"), [(99_000, 3), (51_000, 2), (30_000, 1)])
def test_no_more_parts_are_left_than_the_limit_asks_for(pair_days: int, number: int) -> None:
    """A quarter with nearly as many as may be leaves three of its size; with half as many, two."""
    quarter = Part().half().half()
    others = Part().behind(quarter, pair_days, 100_000)
    assert len(others) == number
    assert max(other.size for other in others) - min(other.size for other in others) <= 1


@settings(deadline=None, max_examples=200)
@given(st.lists(ROWS, min_size=1, max_size=60), st.integers(1, 30))
def test_all_parts_together_are_the_whole(rows: list[bytes], limit: int) -> None:
    """However spelled, each row counts in one part, all days of a pair in the same; the verdict is one."""
    data = lines(ROW, *rows)
    whole, quarantine = read(data)
    flows, set_aside, parts = in_parts(data, limit)
    assert (verdict(flows), set_aside) == (verdict(whole), quarantine)
    pairs = [{day.pair for day in part} for part in parts]
    assert sum(map(len, pairs)) == len(set().union(*pairs))
    assert {key: totals for part in parts for key, totals in part.items()} == whole.totals


@pytest.mark.parametrize("repeats", [1, 3])
def test_no_part_holds_more_than_the_limit(repeats: int) -> None:
    """Of 3,000 pairs, at most 500 are in hand, in eight passes or few more; every row counts."""
    rows = [row(destination=f"10.{n >> 8}.{n & 255}.7", duration=str(n)) for n in range(3000)] * repeats
    flows, _, parts = in_parts(lines(*rows), 500)
    assert flows.rows == 3000 * repeats
    assert max(map(len, parts)) <= 500
    assert len(parts) <= 9
    assert sum(total.duration for part in parts for total in part.values()) == repeats * 3000 * 2999 // 2


def test_the_days_of_one_pair_are_never_parted() -> None:
    """A pair of more days than the limit is counted at once."""
    days = [f"{day}/{month}/2022" for month in range(1, 13) for day in range(1, 29)]
    flows, _, parts = in_parts(lines(*(row(timestamp=day) for day in days)), 10)
    assert flows.parts == ()
    assert len(parts[0]) == len(days) == len(flows.days)


def test_a_part_that_is_too_large_is_parted_again() -> None:
    """Read with a lower limit than at first, the parts that it left behind are given, too."""
    data = lines(*(row(destination=f"10.0.{n}.7") for n in range(200)))
    flows = read_flow_file(io.BytesIO(data), io.BytesIO(), 150)
    assert flows.parts == (Part(1 << 31, PLACES),)
    sizes = [len(part) for part in each_part(flows, lambda: io.BytesIO(data), 20)]
    assert sum(sizes) == 200
    assert max(sizes[1:]) <= 20


@pytest.mark.parametrize("days_of_one", [1, 50])
def test_what_is_in_hand_is_given_some_at_a_time(days_of_one: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without another pass, in portions of that size; only the days of one pair are given at once."""
    monkeypatch.setattr("models.flow_csv.parts.AT_ONCE", 40)
    rows = [row(destination=f"10.{n >> 8}.{n & 255}.7") for n in range(2000)]
    rows += [row(timestamp=f"2022-0{1 + n % 9}-{1 + n // 9:02}") for n in range(days_of_one)]
    rows += [row(destination=f"10.{n >> 8}.{n & 255}.7", timestamp="2023-01-01") for n in range(100)]
    data = lines(*rows)
    flows, _, given_at_a_time = in_parts(data, 5000)
    assert flows.parts == ()
    assert flows.rows == len(rows)
    sizes = sorted(map(len, given_at_a_time))
    assert sum(sizes) == len(rows)
    assert sizes[-2] <= 80
    assert sizes[-1] <= 80 + days_of_one
    assert len(sizes) > 20
    pairs = [{day.pair for day in portion} for portion in given_at_a_time]
    assert sum(map(len, pairs)) == len(set().union(*pairs)) == 2001
    assert {key: totals for each in given_at_a_time for key, totals in each.items()} == read(data)[0].totals


@pytest.mark.parametrize("change", [lambda data: data[:-1] + b"9", lambda data: data + ROW])
def test_a_content_that_changed_between_passes_is_noticed(change: Callable[[bytes], bytes]) -> None:
    """Nothing of the part that was read from other bytes is given."""
    data = lines(*(row(destination=f"10.0.{n}.7") for n in range(50)))
    flows = read_flow_file(io.BytesIO(data), io.BytesIO(), 10)
    parts = each_part(flows, lambda: io.BytesIO(change(data)), 10)
    assert next(parts)
    with pytest.raises(ContentChanged):
        next(parts)


def test_two_parts_are_never_held_at_once() -> None:
    """What was given is emptied when the next is asked for."""
    data = lines(*(row(destination=f"10.0.{n}.7") for n in range(50)))
    flows = read_flow_file(io.BytesIO(data), io.BytesIO(), 10)
    parts = each_part(flows, lambda: io.BytesIO(data), 10)
    first = next(parts)
    assert first is flows.first
    assert first
    second = next(parts)
    assert second
    assert not first


def test_length_and_first_row_name_a_file_that_grows() -> None:
    """A file that has more rows behind the same ones has the same first row, and is longer."""
    small, grown, other = (read(lines(*rows))[0] for rows in ((ROW,), (ROW, ROW), (row(), ROW)))
    assert (small.first_row, len(small.first_row)) == (grown.first_row, 8)
    assert other.first_row != small.first_row
    assert (small.length, grown.length) == (len(lines(ROW)), len(lines(ROW, ROW)))
    assert read(lines())[0].first_row == b""
    assert read(b"\n" + lines(b"", ROW, end=b"\r\n"))[0].first_row == small.first_row


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_last_line_without_end_is_in_quarantine_once(end: bytes) -> None:
    """An over-long one is set aside by the first pass, and no other one fails by it. (Found by fuzzing.)"""
    rows = [row(source=f"10.0.0.{host}") for host in range(40)]
    flows, quarantine, parts = in_parts(lines(*rows, b"1" * (MAX_LINE + BLOCK)).removesuffix(b"\n") + end, 10)
    assert len(parts) > 2
    assert sum(map(len, parts)) == 40
    assert (flows.rows, flows.quarantined) == (41, 1)
    assert b",42,line is longer than 1 MiB" in quarantine
