"""The laws of the flow-file reader: bounded memory, and one result for one content, on arbitrary mixtures."""

import gzip
import io
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from models.errors import FileRejected
from models.flow_csv import byte_stream as content
from models.flow_csv import reader
from models.flow_csv.flow_file import FlowFile, read_flow_file
from models.flow_csv.row_counters import row_counter
from models.traffic import PairDay, Totals
from tests.helpers.flow_files import (
    HEADER,
    KEY,
    ROW,
    CarefulRowCounter,
    Stream,
    lines,
    read,
    reasons,
    row,
    v4_row,
)

pytestmark = pytest.mark.usefixtures("way")

# Bounds


@pytest.mark.parametrize("length", [(1 << 20) + 1, (1 << 20) + 70_000, 5 << 20])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("is_last", [False, True])
def test_an_over_long_line_is_quarantined_whole(length: int, end: bytes, is_last: bool) -> None:
    """None of its bytes is lost, and lines are still numbered right."""
    long = ROW + bytes(length - len(ROW))
    rows = [ROW, long] if is_last else [ROW, long, ROW, b"bad"]
    flows, quarantine = read(lines(*rows, end=end).removesuffix(end))
    assert flows.rows == len(rows)
    assert flows.totals[KEY].flows == len(rows) // 2
    expected = [b"%s,3,line is longer than 1 MiB" % long] + (
        [] if is_last else [b"bad,5,1 field instead of 8"]
    )
    assert [row.partition(b": ")[0] for row in quarantine.split(b"\n")[1:-1]] == expected


def peak_memory(work: Callable[[], Any]) -> int:
    """Bytes allocated at most, at one time."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class Endless(io.BytesIO):
    """Forgets what is written."""

    def write(self, data: Any) -> int:
        """Takes all."""
        return len(data)


def gzipped(piece: bytes, times: int) -> bytes:
    """A gzip file made without ever holding its content."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(
        [packer.compress(lines()), *(packer.compress(piece) for _ in range(times)), packer.flush()]
    )


def read_to_nowhere(data: bytes) -> FlowFile:
    """Reads a file whose quarantine nobody keeps."""
    return read_flow_file(io.BytesIO(data), Endless())


LONG = b"x" * 400


@pytest.mark.parametrize("piece", [ROW + LONG + b"\n", LONG + b"\n", b'"' + LONG + b"\n", b"\n", b"\0", b","])
def test_memory_does_not_grow_with_the_content(piece: bytes) -> None:
    """Good rows, bad rows, blank lines, zeros or one endless line: four times as many take no more."""
    chunk = piece * ((1 << 20) // len(piece))
    small, large = (gzipped(chunk, times) for times in (2, 8))
    peaks = [peak_memory(partial(outcome, read_to_nowhere, data)) for data in (small, large)]
    assert peaks[1] < peaks[0] + (1 << 18)
    assert peaks[1] < 8 << 20


def test_memory_does_not_grow_with_the_spellings_of_a_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zone ids make endless spellings of one address: only some are remembered."""
    monkeypatch.setattr(row_counter, "_MOST_SPELLINGS", 256)
    few, many = (
        lines(*(row(source=f"fe80::1%{zone}") for zone in range(count))) for count in (5_000, 20_000)
    )
    assert read(few)[0].totals == {KEY._replace(source="fe80::1"): Totals(5_000_000, 15_000, 5_000)}
    peaks = [peak_memory(partial(read, data)) for data in (few, many)]
    assert peaks[1] < peaks[0] + (1 << 20)  # 15,000 more spellings would take four times that


def test_a_million_columns_do_no_harm() -> None:
    """Neither under a usual header nor in it."""
    with pytest.raises(FileRejected, match="longer than 1 MiB"):
        read(HEADER + b",x" * 10**6)
    flows, quarantine = read(lines(ROW, ROW + b"," * 10**6, ROW))
    assert flows.totals == {KEY: Totals(2000, 6, 2)}
    assert reasons(quarantine) == [(3, "1000008 fields instead of 8")]


# Laws, on arbitrary mixtures


@dataclass(frozen=True)
class Cell:
    """What is written, and what it means (None: nothing)."""

    text: bytes
    meaning: Any


def cells(good: dict[bytes, Any], bad: list[bytes]) -> st.SearchStrategy[Cell]:
    """Mostly good ones, so that most bad rows have one bad cell."""
    fine, wrong = [Cell(*item) for item in good.items()], [Cell(text, None) for text in bad]
    return st.sampled_from(fine * (1 + 9 * len(wrong) // len(fine)) + wrong)


ADDRESSES = cells(
    {b"10.0.0.1": "10.0.0.1", b"10.0.0.2": "10.0.0.2", b" 10.0.0.1 ": "10.0.0.1",
     b"2001:DB8::0:1": "2001:db8::1", b'"10.0.0.1"': "10.0.0.1"},
    [b"", b"10.0.0", b"10.0.0.1x", b"10.0.0.1\0", b"\xff"],
)  # fmt: skip
MONTH_FIRST = b"7/13/2022 1:2"
DAYS = cells(
    {b"07/12/2022 05:26:38 PM": "2022-12-07", b"7/12/2022 1:2": "2022-12-07", b"7/12/2022": "2022-12-07",
     b"8/1/2022 12:00": "2022-01-08", b"2022-12-07T1": "2022-12-07", b"  07/12/2022 1": "2022-12-07",
     b'"7/12/2022"': "2022-12-07", b"07/12/2022 \xa4U\xa4\xc8": "2022-12-07"},
    [b"", b"07/12/20223", b"07/12/2022PM", b"32/12/2022", MONTH_FIRST, b"07/12/2022\t1", b"12:00",
     b"  07/12/20223"],
)  # fmt: skip
AMOUNTS = cells(
    {b"0": 0, b"3": 3, b"1000000000000": 10**12, b"14.0": 14, b"1.5E3": 1500, b" 7 ": 7, b"-0": 0,
     b"00012": 12, b'"5"': 5, b"0" * 5000 + b"1": 1},
    [b"", b"-1", b"1.5", b"1000000000001", b"1_0", b"+1", b"NaN", b"9" * 5000, b"1E99", b"0x1", b"\xb2"],
)  # fmt: skip
ROWS = st.tuples(ADDRESSES, ADDRESSES, DAYS, AMOUNTS, AMOUNTS, st.sampled_from([-1, *[0] * 12, 2, 8]))
GOOD_ROW = (*(Cell(text, None) for text in (b"10.0.0.1", b"10.0.0.2", b"7/12/2022", b"1", b"1")), 0)
OTHER_LINES = st.sampled_from([b"", b"   ", b"\t", HEADER, HEADER.upper(), b",,, ,"])
ENDS = st.sampled_from([b"\n", b"\n", b"\r\n", b"\r", b"\n\r"])
FILES = st.tuples(
    st.lists(st.one_of(ROWS, ROWS, ROWS, OTHER_LINES), max_size=40),
    st.lists(ENDS, min_size=1, max_size=3),
    st.booleans(),
)


def written(file: tuple[list[Any], list[bytes], bool]) -> bytes:
    """The bytes of a generated file."""
    contents, ends, is_last_line_ended = file
    all_lines = [HEADER]
    for line in contents:
        if isinstance(line, bytes):
            all_lines.append(line)
            continue
        source, destination, when, duration, packets, extra = (getattr(cell, "text", cell) for cell in line)
        fields = [b"id", source, b"80", destination, when, duration, packets, b"x", *[b"y"] * max(0, extra)]
        all_lines.append(b",".join(fields[: 7 if extra < 0 else None]))
    data = b"".join(line + ends[place % len(ends)] for place, line in enumerate(all_lines))
    return data if is_last_line_ended else data.rstrip(b"\r\n")


def meant(contents: list[Any]) -> tuple[dict[PairDay, Totals], int, int]:
    """Totals, rows and bad rows of a generated file, from its meanings alone."""
    totals: dict[PairDay, Totals] = {}
    rows = [line for line in contents if isinstance(line, tuple)]
    bad = 0
    for *values, extra in rows:
        source, destination, when, duration, packets = (cell.meaning for cell in values)
        if extra or None in (source, destination, when, duration, packets):
            bad += 1
            continue
        key = PairDay(source, destination, when)
        before = totals.get(key, Totals())
        totals[key] = Totals(before.duration + duration, before.packets + packets, before.flows + 1)
    return totals, len(rows), bad


@settings(deadline=None)
@given(FILES)
def test_a_file_means_what_its_cells_mean(file: tuple[list[Any], list[bytes], bool]) -> None:
    """Totals are those of the good rows, and every row is counted once or in quarantine, in order."""
    totals, rows, bad = meant(file[0])
    if has_month_first_date(file[0]) or (rows and bad == rows):
        with pytest.raises(FileRejected, match=r"month first|be counted: "):
            read(written(file))
        return
    flows, quarantine = read(written(file))
    assert flows.totals == totals
    assert (flows.rows, flows.quarantined) == (rows, bad)
    assert flows.rows == flows.quarantined + sum(total.flows for total in totals.values())
    numbers = [number for number, _ in reasons(quarantine)]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == bad
    physical = written(file).splitlines()
    quarantined = quarantine.split(b"\n")[1:-1]
    assert all(
        line.startswith(physical[number - 1] + b",%d," % number)
        for line, number in zip(quarantined, numbers, strict=True)
    )


def has_month_first_date(contents: list[Any]) -> bool:
    """Whether a row that has its addresses has a date that is one only so; none is one only day first."""
    return any(
        not extra and source.meaning and destination.meaning and when.text == MONTH_FIRST
        for source, destination, when, _, _, extra in (line for line in contents if isinstance(line, tuple))
    )


def outcome(reading: Callable[[bytes], Any], data: bytes) -> Any:
    """What was read, or why not."""
    try:
        return reading(data)
    except FileRejected as rejection:
        return rejection.found


def read_carefully(monkeypatch: pytest.MonkeyPatch, data: bytes) -> tuple[FlowFile, bytes]:
    """The same without the quick way."""
    with monkeypatch.context() as patched:
        patched.setattr(reader, "new_row_counter", CarefulRowCounter)
        return read(data)


PIECES = st.sampled_from([ROW, ROW[:20], ROW[20:], b"10.0.0.1", b",", b"\n", b"\r", b"\r\n", b'"', b"\0",
                          b"0", b"9", b" ", b"-", b"07/12/2022", b"x", HEADER, b"\xff",
                          b"Timestamp"])  # fmt: skip
SALAD = st.lists(st.one_of(PIECES, st.just(b"\n" + ROW + b"\n")), max_size=60).map(b"".join)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SALAD, st.sampled_from([HEADER, b"Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts", v4_row()]))
def test_the_quick_way_does_what_the_careful_way_does(
    monkeypatch: pytest.MonkeyPatch, salad: bytes, header: bytes
) -> None:
    """On rows in pieces, too: the same totals, and the same quarantine to the byte."""
    data = header + b"\n" + salad
    assert outcome(read, data) == outcome(partial(read_carefully, monkeypatch), data)


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
    max_examples=60,
)
@given(FILES, st.integers(16, 400), st.lists(st.integers(1, 99), min_size=1, max_size=5))
def test_neither_blocks_nor_reads_nor_gzip_matter(
    monkeypatch: pytest.MonkeyPatch, file: tuple[list[Any], list[bytes], bool], block: int, sizes: list[int]
) -> None:
    """Cut anywhere, delivered in any pieces, compressed or not: the same flow file and quarantine."""
    assume(not has_month_first_date(file[0]))
    data = written((file[0] + [GOOD_ROW], *file[1:]))
    expected = read(data)
    for stored in (data, gzip.compress(data, mtime=0)):
        with monkeypatch.context() as patched:
            patched.setattr(content, "BLOCK", block)
            quarantine = io.BytesIO()
            assert (read_flow_file(Stream(stored, sizes), quarantine), quarantine.getvalue()) == expected


@given(
    st.one_of(
        st.binary(max_size=400),
        SALAD,
        SALAD.map(gzip.compress),
        st.binary().map(lambda data: b"\x1f\x8b\x08\0" + data),
    )
)
def test_any_bytes_are_read_or_rejected(data: bytes) -> None:
    """Nothing else happens, whatever is uploaded."""
    read_or_reason = outcome(read, data)
    if not isinstance(read_or_reason, str):
        flows, quarantine = read_or_reason
        assert flows.rows == flows.quarantined + sum(totals.flows for totals in flows.totals.values())
        assert bool(quarantine) == bool(flows.quarantined)
