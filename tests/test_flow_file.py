"""The flow-file reader: examples for each row of the design's table of inputs, and its laws as properties."""

import gzip
import hashlib
import io
import tracemalloc
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import content, flow_file
from models.errors import FileRejected
from models.flow_file import FlowFile, _Reader, read_flow_file
from models.traffic import PairDay, Totals

HEADER = b"Flow ID,Src IP,Src Port,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts,Label"
ROW = b"id,10.0.0.1,80,10.0.0.2,07/12/2022 05:26:38 PM,1000,3,x"
QUOTED_HEADER = b'"Flow ID","Src IP","Src Port","Dst IP","Timestamp","Flow Duration","Tot Fwd Pkts","Label"'
KEY = PairDay("10.0.0.1", "10.0.0.2", "2022-12-07")

pytestmark = pytest.mark.filterwarnings("error")


def read(data: bytes) -> tuple[FlowFile, bytes]:
    """The flow file and its quarantine."""
    quarantine = io.BytesIO()
    flows = read_flow_file(io.BytesIO(data), quarantine)
    return flows, quarantine.getvalue()


def lines(*rows: bytes, header: bytes = HEADER, end: bytes = b"\n") -> bytes:
    """A file of a header and rows."""
    return b"".join(line + end for line in (header, *rows))


def row(**values: str) -> bytes:
    """A row with other values than `ROW`."""
    usual = {
        "source": "10.0.0.1",
        "destination": "10.0.0.2",
        "timestamp": "07/12/2022",
        "duration": "1000",
        "packets": "3",
    }
    v = usual | values
    return (
        f"id,{v['source']},80,{v['destination']},{v['timestamp']},{v['duration']},{v['packets']},x".encode()
    )


def v4_row(width: int = 84, **values: bytes) -> bytes:
    """A row in CICFlowMeter 4 order."""
    fields = [b"0"] * width
    fields[1], fields[3], fields[6], fields[7], fields[8] = (
        b"10.0.0.1",
        b"10.0.0.2",
        b"07/12/2022 01:02:03",
        b"1000",
        b"3",
    )
    fields[7] = values.get("duration", fields[7])
    return b",".join(fields)


def reasons(quarantine: bytes) -> list[tuple[int, str]]:
    """Line number and reason of each quarantined row."""
    ends = [line.rsplit(b",", 2)[1:] for line in quarantine.split(b"\n")[1:-1]]
    return [(int(number), reason.decode()) for number, reason in ends]


# The table of inputs, row by row


@pytest.mark.parametrize(
    "header",
    [
        b"Flow ID,Src IP,Src Port,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts,Label",
        b"Flow ID, Source IP, Src Port, Destination IP, Timestamp, Flow Duration, Total Fwd Packets, Label",
        b"Flow.ID,Source.IP,Source.Port,Destination.IP,Timestamp,Flow.Duration,Tot.Fwd.Packets,Label",
        b"Flow_ID,Src_IP,Src_Port,Dst_IP,Timestamp,Flow_Duration,Tot_Fwd_Pkts,Label",
        b"FLOW ID,SRC IP,SRC PORT,DST IP,TIMESTAMP,FLOW DURATION,TOTAL FWD PACKET,LABEL",
        QUOTED_HEADER,
    ],
)
def test_header_spellings_are_accepted(header: bytes) -> None:
    """Each known way to write the names leads to the same totals."""
    flows, _ = read(lines(ROW, header=header))
    assert flows.totals == {KEY: Totals(1000, 3, 1)}
    assert flows.notes == ()


@pytest.mark.parametrize("order", ["sdtnp", "pntds", "tpsnd"])
def test_columns_may_stand_anywhere(order: str) -> None:
    """With nothing else in the file, too: the last of the five may be the last field."""
    names = {"s": b"Src IP", "d": b"Dst IP", "t": b"Timestamp", "n": b"Flow Duration", "p": b"Tot Fwd Pkts"}
    values = {"s": b"10.0.0.1", "d": b"10.0.0.2", "t": b"07/12/2022", "n": b"1000", "p": b"3"}
    header, one = (b",".join(by[letter] for letter in order) for by in (names, values))
    assert read(lines(one, one, header=header))[0].totals == {KEY: Totals(2000, 6, 2)}


@pytest.mark.parametrize("width", [83, 84, 85])
def test_rows_in_v4_order_need_no_header(width: int) -> None:
    """The assumption is noted; the label may be missing or followed by another."""
    flows, _ = read(lines(v4_row(width), header=v4_row(width)))
    assert flows.totals == {KEY: Totals(2000, 6, 2)}
    assert flows.notes == ("no header line: CICFlowMeter 4 order assumed",)


@pytest.mark.parametrize("data", [HEADER, HEADER + b"\n", b"\n\r\n" + HEADER + b"\r\n\r\n"])
def test_a_file_of_a_header_only_has_no_rows(data: bytes) -> None:
    """A day without flows is a good file."""
    flows, quarantine = read(data)
    assert (flows.totals, flows.rows, flows.quarantined, quarantine) == ({}, 0, 0, b"")


@pytest.mark.parametrize(
    "data",
    [
        lines(ROW, HEADER, ROW),
        lines(ROW, b"", b"  \t ", ROW, b""),
        lines(ROW, ROW, end=b"\r\n"),
        lines(ROW, ROW, end=b"\r"),
        lines(ROW, ROW, end=b"\r\r\n"),
        lines(ROW + b"\r", ROW),
        lines(ROW, ROW).removesuffix(b"\n"),
        b"\xef\xbb\xbf" + lines(ROW, ROW),
        b"\xef\xbb\xbf" + lines(ROW, b"\xef\xbb\xbf" + HEADER, ROW),
        lines(ROW, ROW.replace(b"PM,", b"\xa4U\xa4\xc8,").replace(b"id", b"\xff\xfe")),
        lines(ROW + b",", ROW + b","),
        lines(ROW.replace(b"x", b"NaN"), ROW.replace(b"80", b"Infinity")),
        lines(ROW, b'"id","10.0.0.1","80","10.0.0.2","07/12/2022","1000","3","x, ""y"""'),
    ],
)
def test_harmless_quirks_change_nothing(data: bytes) -> None:
    """Headers and blank lines inside, line ends, BOM, other encodings, one field more, NaN, quotes."""
    flows, quarantine = read(data)
    assert flows.totals == {KEY: Totals(2000, 6, 2)}
    assert (flows.rows, flows.quarantined, quarantine) == (2, 0, b"")


@pytest.mark.parametrize(
    ("timestamp", "day"),
    [
        ("7/2/2022", "2022-02-07"),
        ("07/02/2022 10:57:44", "2022-02-07"),
        ("07/02/2022 01:52:09 PM", "2022-02-07"),
        ("07/02/2022 04:03:39 下午", "2022-02-07"),
        ("2022-02-07", "2022-02-07"),
        ("2022-02-07 23:59:59.999", "2022-02-07"),
        ("2022-02-07T01:02:03Z", "2022-02-07"),
        (" 07/02/2022 10:57:44 ", "2022-02-07"),
        ("19/01/1970 08:03:26 PM", "1970-01-19"),
    ],
)
def test_days_are_read_day_first_or_iso(timestamp: str, day: str) -> None:
    """Only the day matters, and 7/2 is in February."""
    assert set(read(lines(row(timestamp=timestamp)))[0].totals) == {KEY._replace(day=day)}


def test_whole_numbers_may_have_a_point_or_an_exponent() -> None:
    """They count exactly as their plain form."""
    flows, _ = read(lines(row(duration="1.2345E7", packets="14.0"), row(duration=" 5 ", packets="0")))
    assert flows.totals == {KEY: Totals(12_345_005, 14, 2)}


def test_ipv6_is_one_device_in_any_form() -> None:
    """Spelled in full, in capitals, with a zone, or as an IPv4 address within IPv6."""
    forms = ["fe80::1", "FE80:0:0:0:0:0:0:1", "fe80::1%eth0", " fe80::1 "]
    flows, _ = read(lines(*(row(source=form, destination="::ffff:10.0.0.2") for form in forms)))
    assert flows.totals == {PairDay("fe80::1", "::ffff:10.0.0.2", "2022-12-07"): Totals(4000, 12, 4)}


@pytest.mark.parametrize(
    "pair", [("8.6.0.1", "8.0.6.4"), ("0.0.0.0", "255.255.255.255"), ("10.0.0.1", "224.0.0.251")]
)
def test_odd_but_published_addresses_are_accepted(pair: tuple[str, str]) -> None:
    """ARP seen as IP, no address yet, broadcast and multicast."""
    flows, _ = read(lines(row(source=pair[0], destination=pair[1])))
    assert set(flows.totals) == {PairDay(*pair, "2022-12-07")}


BAD_ROWS = {
    row(duration="-64584"): "Flow Duration is negative",
    row(packets="-1"): "Tot Fwd Pkts is negative",
    row(duration="abc"): "Flow Duration is not a number",
    row(duration="1000000000001"): "Flow Duration is above 10^12",
    row(packets="9" * 5000): "Tot Fwd Pkts is above 10^12",
    row(packets="1.5"): "Tot Fwd Pkts is not a whole number",
    row(packets=""): "Tot Fwd Pkts is not a number",
    row(source="10.0.0.256"): "Src IP is not an IP address",
    row(destination=""): "Dst IP is not an IP address",
    row(timestamp="31/02/2022"): "Timestamp is an impossible date",
    row(timestamp="yesterday"): "Timestamp is not a date",
    row(timestamp="07/12/20223"): "Timestamp is not a date",
    ROW[:-2]: "7 fields instead of 8",
    ROW + b",y,z": "10 fields instead of 8",
    ROW + ROW: "15 fields instead of 8",
    row()[:-1] + b"\0": "NUL byte",
    row()[:-1] + b'"x': "quotes are not balanced",
    b"\0" * 600: "NUL byte",
    b'id,"10.0.0.1': "quotes are not balanced",
    b",,,,,,,": "Src IP is not an IP address",
    HEADER[:50]: "6 fields instead of 8",
}  # fmt: skip


@pytest.mark.parametrize(("bad", "reason"), BAD_ROWS.items())
@pytest.mark.parametrize("known", [(), (row(),)])
def test_a_bad_row_is_quarantined_with_its_reason(bad: bytes, reason: str, known: tuple[bytes, ...]) -> None:
    """The rest of the file counts, whether the row's pair was met before or not."""
    flows, quarantine = read(lines(*known, bad, ROW, ROW))
    assert flows.totals == {KEY: Totals(1000 * (2 + len(known)), 3 * (2 + len(known)), 2 + len(known))}
    assert (flows.rows, flows.quarantined) == (3 + len(known), 1)
    number = 2 + len(known)
    assert (
        quarantine
        == HEADER + b",Quarantine Line,Quarantine Reason\n" + bad + f",{number},{reason}\n".encode()
    )


def test_a_last_line_that_is_cut_off_is_quarantined() -> None:
    """The end of an upload that broke off."""
    flows, quarantine = read(lines(ROW, ROW)[:-12])
    assert flows.totals == {KEY: Totals(1000, 3, 1)}
    assert reasons(quarantine) == [(3, "5 fields instead of 8")]


REJECTIONS = {
    b"": "empty: the file holds 0 bytes",
    b"\n \r\n\n": "empty: the file holds nothing but 3 blank lines",
    b"\xef\xbb\xbf": "empty",
    gzip.compress(b""): "empty",
    lines(ROW, header=HEADER.replace(b"Src IP", b"Source")): "column Src IP is missing; found 'Flow ID'",
    lines(ROW, header=b"a,b,c"): "neither the columns Src IP, Dst IP.* found 'a', 'b', 'c'",
    lines(ROW, header=HEADER.replace(b"Label", b"Source IP")): "2 columns may be Src IP: numbers 2 and 8",
    lines(ROW, header=HEADER.replace(b",", b";")): "not CSV: there is no comma",
    b"<html>": "not CSV: there is no comma in the first line '<html>'",
    b'"' + lines(ROW): "not CSV: quotes are not balanced",
    v4_row(82): "nor a row in CICFlowMeter 4 order",
    v4_row(84, duration=b"x"): "nor a row in CICFlowMeter 4 order",
    bytes(range(256)) * 9: "not text",
    "\ufeff".encode("utf-16-le") + lines(ROW).decode().encode("utf-16-le"): "not text: this is UTF-16 text",
    lines(ROW).decode().encode("utf-16-le"): "not text",
    b"\xd4\xc3\xb2\xa1\x02\0\x04\0": "not text: this is a packet capture",
    b"PK\x03\x04" + bytes(2 << 20): "not text: this is a ZIP archive",
    b"a," * (1 << 20): "not CSV: the first line is longer than 1 MiB",
    gzip.compress(gzip.compress(lines(ROW))): "gzip data inside of gzip data",
    gzip.compress(lines(ROW))[:-1]: "gzip data is truncated",
    gzip.compress(lines(ROW))[:12]: "gzip data is truncated",
    b"\x1f\x8b": "gzip data is truncated",
    b"\x1f\x8b" + lines(ROW): "gzip data is corrupt",
    gzip.compress(lines(ROW)) + b"more": "gzip data is corrupt",
    gzip.compress(lines(ROW))[:-8] + bytes(8): "gzip data is corrupt",
    b"src_ip,dst_ip,src_port,timestamp,flow_duration,tot_fwd_pkts\n": "unit of its flow_duration differs",
    b"10.0.0.1,10.0.0.2,68,67,17,2022-07-03 01:41:54,10869.9\n": "unit of its flow_duration differs",
    lines(ROW, b"Dst IP,Src IP,Timestamp,Flow Duration,Tot Fwd Pkts"): "line 3 is another header",
}  # fmt: skip


@pytest.mark.parametrize(("data", "reason"), REJECTIONS.items())
def test_a_file_that_can_never_be_read_is_rejected(data: bytes, reason: str) -> None:
    """The reason names what is missing and what was found, in few words; the remedy says what to do."""
    with pytest.raises(FileRejected, match=reason) as rejection:
        read(data)
    assert rejection.value.remedy
    assert len(rejection.value.found) < 400


@pytest.mark.parametrize("pack", [gzip.compress,
                                  lambda data: gzip.compress(data[:99]) + gzip.compress(data[99:]),
                                  lambda data: gzip.compress(data) + bytes(512)])  # fmt: skip
def test_gzip_is_accepted(pack: Callable[[bytes], bytes]) -> None:
    """In one member or several, padded or not; the digest is that of the content."""
    data = lines(ROW, ROW)
    assert read(pack(data)) == read(data)
    assert read(data)[0].digest == hashlib.sha256(data).digest()


# Protocol of the stream and the quarantine


class Stream:
    """Gives its data in pieces of these sizes, again and again."""

    def __init__(self, data: bytes, sizes: Iterable[int]) -> None:
        self.data, self.sizes = io.BytesIO(data), list(sizes)

    def read(self, size: int, /) -> bytes:
        """Never more than asked for."""
        self.sizes.append(self.sizes.pop(0))
        return self.data.read(min(size, self.sizes[0]))


def test_errors_of_the_stream_pass_through() -> None:
    """A connection that breaks is no reason to reject the file."""

    class Broken(Stream):
        def read(self, size: int, /) -> bytes:
            return super().read(size) or self.fail()

        def fail(self) -> bytes:
            raise ConnectionResetError("peer went away")

    for data in (b"", b"\x1f", lines(ROW), gzip.compress(lines(ROW))[:30]):
        with pytest.raises(ConnectionResetError, match="went away"):
            read_flow_file(Broken(data, [10]), io.BytesIO())


@pytest.mark.parametrize(
    ("data", "mend", "expected"),
    [
        (lines(row(duration="-5"), ROW), (b"-5", b"5"), Totals(5, 3, 1)),
        (lines(row(duration="-5"), ROW, end=b"\r\n"), (b"-5", b"5"), Totals(5, 3, 1)),
        (lines(row(duration="-5") + b",y", ROW + b",y", ROW + b",y"), (b"-5", b"5"), Totals(5, 3, 1)),
        (lines(v4_row(83), v4_row(83, duration=b"-5"), header=v4_row(83)), (b"-5", b"5"), Totals(5, 3, 1)),
        (lines(v4_row(84), v4_row(84, duration=b"-5"), header=v4_row(84)), (b"-5", b"5"), Totals(5, 3, 1)),
        (lines(v4_row(86), v4_row(86, duration=b"-5"), header=v4_row(86)), (b"-5", b"5"), Totals(5, 3, 1)),
        (lines(ROW, ROW[:-2]), (b"3,3,7 fields", b"3,x,3,7 fields"), Totals(1000, 3, 1)),
        (b"\xef\xbb\xbf" + lines(row(source="10.0.0"), header=QUOTED_HEADER), (b"10.0.0,", b"10.0.0.1,"),
         Totals(1000, 3, 1)),
    ],
)  # fmt: skip
def test_a_corrected_quarantine_is_a_flow_file(
    data: bytes, mend: tuple[bytes, bytes], expected: Totals
) -> None:
    """As it stands it is quarantined again; mended, its rows count, under a digest of its own."""
    flows, quarantine = read(data)
    again, _ = read(quarantine)
    assert (again.rows, again.quarantined) == (flows.quarantined, flows.quarantined)
    mended, _ = read(quarantine.replace(*mend))
    assert mended.totals == {KEY: expected}
    assert mended.quarantined == 0


def test_the_width_of_rows_is_what_most_of_the_first_rows_have() -> None:
    """A first row that is torn condemns neither the others nor the file."""
    merged_first = lines(ROW + b",y", ROW, ROW)
    assert reasons(read(merged_first)[1]) == [(2, "9 fields instead of 8")]
    wider = lines(ROW, ROW + b",y", ROW + b",y")
    assert reasons(read(wider)[1]) == [(2, "8 fields instead of 9")]
    assert read(wider)[0].notes == ("rows have one field more than the header",)
    headless = lines(v4_row(84), v4_row(84), header=v4_row(90))
    assert reasons(read(headless)[1]) == [(1, "90 fields instead of 84")]


def test_a_crlf_cut_in_its_middle_is_one_line_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Line numbers stay right wherever the content is cut into blocks."""
    data = lines(ROW, ROW, b"bad", end=b"\r\n")
    for block in range(8, len(data)):
        monkeypatch.setattr(content, "BLOCK", block)
        assert reasons(read(data)[1]) == [(4, "1 fields instead of 8")]


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
        [] if is_last else [b"bad,5,1 fields instead of 8"]
    )
    assert quarantine.split(b"\n")[1:-1] == expected


def peak_memory(work: Callable[[], Any]) -> int:
    """Bytes allocated at most, at one time."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class Endless(io.RawIOBase):
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


LONG = b"x" * 400


@pytest.mark.parametrize("piece", [ROW + LONG + b"\n", LONG + b"\n", b'"' + LONG + b"\n", b"\n", b"\0", b","])
def test_memory_does_not_grow_with_the_content(piece: bytes) -> None:
    """Good rows, bad rows, blank lines, zeros or one endless line: four times as many take no more."""
    chunk = piece * ((1 << 20) // len(piece))
    small, large = (gzipped(chunk, times) for times in (2, 8))
    peaks = [peak_memory(partial(read_flow_file, io.BytesIO(data), Endless())) for data in (small, large)]
    assert peaks[1] < peaks[0] + (1 << 18)
    assert peaks[1] < 8 << 20


def test_memory_does_not_grow_with_the_spellings_of_a_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zone ids make endless spellings of one address: only some are remembered."""
    monkeypatch.setattr(flow_file, "_MAX_SPELLINGS", 256)
    few, many = (
        lines(*(row(source=f"fe80::1%{zone}") for zone in range(count))) for count in (5_000, 10_000)
    )
    assert read(few)[0].totals == {KEY._replace(source="fe80::1"): Totals(5_000_000, 15_000, 5_000)}
    peaks = [peak_memory(partial(read, data)) for data in (few, many)]
    assert peaks[1] < peaks[0] + (1 << 18)


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
DAYS = cells(
    {b"07/12/2022 05:26:38 PM": "2022-12-07", b"7/12/2022 1:2": "2022-12-07", b"7/12/2022": "2022-12-07",
     b"8/1/2022 12:00": "2022-01-08", b"2022-12-07T1": "2022-12-07", b"  07/12/2022 1": "2022-12-07",
     b'"7/12/2022"': "2022-12-07", b"07/12/2022 \xa4U\xa4\xc8": "2022-12-07"},
    [b"", b"07/12/20223", b"07/12/2022PM", b"32/12/2022", b"7/13/2022 1:2", b"07/12/2022\t1", b"12:00",
     b"  07/12/20223"],
)  # fmt: skip
AMOUNTS = cells(
    {b"0": 0, b"3": 3, b"1000000000000": 10**12, b"14.0": 14, b"1.5E3": 1500, b" 7 ": 7, b"-0": 0,
     b"00012": 12, b'"5"': 5, b"0" * 5000 + b"1": 1},
    [b"", b"-1", b"1.5", b"1000000000001", b"1_0", b"+1", b"NaN", b"9" * 5000, b"1E99", b"0x1", b"\xb2"],
)  # fmt: skip
ROWS = st.tuples(ADDRESSES, ADDRESSES, DAYS, AMOUNTS, AMOUNTS, st.sampled_from([-1, *[0] * 12, 2, 8]))
OTHER_LINES = st.sampled_from([b"", b"   ", b"\t", HEADER, HEADER.upper() + b","])
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
    flows, quarantine = read(written(file))
    totals, rows, bad = meant(file[0])
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


def outcome(reading: Callable[[bytes], Any], data: bytes) -> Any:
    """What was read, or why not."""
    try:
        return reading(data)
    except FileRejected as rejection:
        return rejection.found


def read_carefully(monkeypatch: pytest.MonkeyPatch, data: bytes) -> tuple[FlowFile, bytes]:
    """The same without the quick way."""

    def carefully(self: Any, all_lines: Iterable[bytes], columns: Any) -> None:
        for self._lines, line in enumerate(all_lines, self._lines + 1):  # noqa: B020
            self._take_carefully(line.removesuffix(b"\n"), self._lines, columns)

    with monkeypatch.context() as patched:
        patched.setattr(_Reader, "_count_quickly", carefully)
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


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(FILES, st.integers(16, 400), st.lists(st.integers(1, 99), min_size=1, max_size=5))
def test_neither_blocks_nor_reads_nor_gzip_matter(
    monkeypatch: pytest.MonkeyPatch, file: tuple[list[Any], list[bytes], bool], block: int, sizes: list[int]
) -> None:
    """Cut anywhere, delivered in any pieces, compressed or not: the same flow file and quarantine."""
    data = written(file)
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
