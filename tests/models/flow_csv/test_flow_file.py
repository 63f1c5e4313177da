"""The flow-file reader: examples for each row of the design's table of inputs, and of what it promises."""

import gzip
import hashlib
import io
from collections.abc import Callable

import pytest

from models.errors import FileRejected
from models.flow_csv import byte_stream as content
from models.flow_csv import quarantine as quarantines
from models.flow_csv.flow_file import read_flow_file
from models.flow_csv.headers.columns import V4_HEADER
from models.flow_csv.notes import Note
from models.traffic import PairDay, Totals
from tests.helpers.flow_files import (
    HEADER,
    KEY,
    QUOTED_HEADER,
    ROW,
    Stream,
    lines,
    read,
    reasons,
    row,
    v4_row,
)

pytestmark = pytest.mark.usefixtures("way")

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
    assert flows.notes == (Note.NO_HEADER,)


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
        lines(v4_row(85), v4_row(85), header=V4_HEADER),
        lines(ROW.replace(b"x", b"NaN"), ROW.replace(b"80", b"Infinity")),
        lines(ROW, b'"id","10.0.0.1","80","10.0.0.2","07/12/2022","1000","3","x, ""y"""'),
    ],
)
def test_harmless_quirks_change_nothing(data: bytes) -> None:
    """Headers and blank lines inside, line ends, BOM, other encodings, one field more, NaN, quotes."""
    flows, quarantine = read(data)
    assert flows.totals == {KEY: Totals(2000, 6, 2)}
    assert (flows.rows, flows.quarantined, quarantine) == (2, 0, b"")
    assert flows.commonest is None


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
    row()[:-1] + b"\0": "NUL byte in the row",
    row()[:-1] + b'"x': "quotes are not balanced",
    b"\0" * 600: "NUL byte in the row",
    b'id,"10.0.0.1': "quotes are not balanced",
    b",,,,,,,x": "Src IP is not an IP address",
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
    before = HEADER + b",Quarantine Line,Quarantine Reason\n" + bad + f",{number},{reason}: ".encode()
    assert quarantine.startswith(before)
    assert quarantine[len(before) :].translate(None, b',"\r') == quarantine[len(before) :]


def test_a_last_line_that_is_cut_off_is_quarantined() -> None:
    """The end of an upload that broke off."""
    flows, quarantine = read(lines(ROW, ROW)[:-12])
    assert flows.totals == {KEY: Totals(1000, 3, 1)}
    assert reasons(quarantine) == [(3, "5 fields instead of 8")]


@pytest.mark.parametrize("pack", [gzip.compress,
                                  lambda data: gzip.compress(data[:99]) + gzip.compress(data[99:]),
                                  lambda data: gzip.compress(data) + bytes(512),
                                  lambda data: gzip.compress(data) + b"\n",
                                  lambda data: gzip.compress(data[:99]) + b"\r\n\0" + gzip.compress(data[99:])
                                  + b"\0\r\n" * 70_000])  # fmt: skip
def test_gzip_is_accepted(pack: Callable[[bytes], bytes]) -> None:
    """In one member or several, padded or not; the digest is that of the content."""
    data = lines(ROW, ROW)
    assert read(pack(data)) == read(data)
    assert read(data)[0].digest == hashlib.sha256(data).digest()


# Protocol of the stream and the quarantine


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
        (lines(v4_row(85, duration=b"-5"), v4_row(85), v4_row(85), header=V4_HEADER), (b"-5", b"5"),
         Totals(5, 3, 1)),
        (lines(v4_row(83), v4_row(83, duration=b"-5"), header=v4_row(83)), (b"-5", b"5"), Totals(5, 3, 1)),
        (lines(v4_row(84), v4_row(84, duration=b"-5"), header=v4_row(84)), (b"-5", b"5"), Totals(5, 3, 1)),
        (lines(v4_row(86), v4_row(86, duration=b"-5"), header=v4_row(86)), (b"-5", b"5"), Totals(5, 3, 1)),
        (lines(ROW, ROW[:-2]), (b"3,3,7 fields", b"3,x,3,7 fields"), Totals(1000, 3, 1)),
        (lines(ROW, ROW + b",y"), (b",y,3,9 fields", b",3,9 fields"), Totals(1000, 3, 1)),
        (lines(v4_row(85), v4_row(85), v4_row(84), header=V4_HEADER), (b",4,84 fields", b",y,4,84 fields"),
         Totals(1000, 3, 1)),
        (b"\xef\xbb\xbf" + lines(row(source="10.0.0"), ROW, header=QUOTED_HEADER), (b"10.0.0,", b"10.0.0.1,"),
         Totals(1000, 3, 1)),
    ],
)  # fmt: skip
def test_a_corrected_quarantine_is_a_flow_file(
    data: bytes, mend: tuple[bytes, bytes], expected: Totals
) -> None:
    """As it stands it is rejected as a whole; mended, its rows count, under a digest of its own."""
    _, quarantine = read(data)
    with pytest.raises(FileRejected, match="the only row cannot be counted"):
        read(quarantine)
    mended, _ = read(quarantine.replace(*mend))
    assert mended.totals == {KEY: expected}
    assert mended.quarantined == 0


def test_a_quarantine_of_any_size_does_not_fill_a_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with more bad rows than a function has room for is rejected, with the commonest reason. (F6)"""
    monkeypatch.setattr(quarantines, "MAX_QUARANTINE", 1 << 20)
    sink = io.BytesIO()
    with pytest.raises(
        FileRejected, match=r"more than 1 MiB of rows that .*: 1 field instead of 8 \(from line 3"
    ):
        read_flow_file(
            Stream(gzip.compress(lines(ROW) + (b"bad" + b" " * 2000 + b"\n") * 1000), [1 << 16]), sink
        )
    assert len(sink.getvalue()) <= 1 << 20


def test_the_width_of_rows_is_what_most_of_the_first_rows_have() -> None:
    """A first row that is torn condemns neither the others nor the file."""
    merged_first = lines(ROW + b",y", ROW, ROW)
    assert reasons(read(merged_first)[1]) == [(2, "9 fields instead of 8")]
    wider = lines(v4_row(84), v4_row(85), v4_row(85), header=V4_HEADER)
    assert reasons(read(wider)[1]) == [(2, "84 fields instead of 85")]
    assert read(wider)[0].notes == (Note.ONE_FIELD_MORE,)
    headless = lines(v4_row(84), v4_row(84), header=v4_row(90))
    assert reasons(read(headless)[1]) == [(1, "90 fields instead of 84")]


def test_a_crlf_cut_in_its_middle_is_one_line_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Line numbers stay right wherever the content is cut into blocks."""
    data = lines(ROW, ROW, b"bad", end=b"\r\n")
    for block in range(8, len(data)):
        monkeypatch.setattr(content, "BLOCK", block)
        assert reasons(read(data)[1]) == [(4, "1 field instead of 8")]
