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
from models.flow_csv.parts import Part
from models.traffic import PairDay, Totals
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
        [dict(part) for part in each_part(flows, lambda: io.BytesIO(data), limit)],
    )


def verdict(flows: FlowFile) -> Any:
    """All that must not depend on how many parts there are."""
    return flows._replace(totals={}, parts=())


@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 255))
def test_a_part_without_another_is_what_is_left_of_it(bits: int, more: int, kept_hash: int) -> None:
    """Whichever was kept: each hash of the part is in exactly one of them, and no other hash in any."""
    part = Part(bits, kept_hash & (1 << bits) - 1)
    kept = Part(bits + more, kept_hash & (1 << bits + more) - 1)
    others = part.without(kept)
    assert len(others) == (1 << more) - 1
    for hashed in range(256):
        homes = [each for each in (kept, *others) if hashed & each.mask == each.value]
        assert len(homes) == (hashed & part.mask == part.value)


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
    """Of 3,000 pairs, at most 500 are in hand, in eight passes or a few more; every row counts."""
    rows = [row(destination=f"10.{n >> 8}.{n & 255}.7", duration=str(n)) for n in range(3000)] * repeats
    flows, _, parts = in_parts(lines(*rows), 500)
    assert flows.rows == 3000 * repeats
    assert max(map(len, parts)) <= 500
    assert len(parts) <= 12
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
    assert flows.parts == (Part(1, 1),)
    sizes = [len(part) for part in each_part(flows, lambda: io.BytesIO(data), 20)]
    assert sum(sizes) == 200
    assert max(sizes[1:]) <= 20


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
    assert first is flows.totals
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
