"""Files that can never be read, by their beginnings, their ends and what packs them."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import FileRejected
from models.flow_csv.headers.columns import V4_HEADER
from tests.helpers.flow_files import HEADER, ROW, lines, read, v4_row

pytestmark = pytest.mark.usefixtures("way")

REJECTIONS = {
    b"": "empty: the file holds 0 bytes",
    b"\n \r\n\n": "empty: the file holds nothing but 3 blank lines",
    b"\xef\xbb\xbf": "empty",
    gzip.compress(b"", mtime=0): "empty",
    lines(ROW, header=HEADER.replace(b"Src IP", b"Source")): "Src IP is missing in the header; found 'F",
    lines(ROW, header=b"a,b,c"): "neither the columns Src IP, Dst IP.* found 'a', 'b', 'c'",
    lines(ROW, header=HEADER.replace(b"Label", b"Source IP")): "2 columns may be Src IP: numbers 2 and 8",
    lines(ROW, header=HEADER.replace(b",", b";")): "separated by semicolons instead of commas; found 'Flow",
    lines(ROW, ROW).replace(b",", b"\t"): "separated by tabs instead of commas; found 'Flow ID'",
    lines(ROW, header=ROW).replace(b",", b"|"): "separated by pipes instead of commas; found 'id', '10",
    b"\r\n" + lines(ROW, header=b"Src IP;Dst IP;Timestamp;Flow Duration;1,5"): "separated by semicolons",
    b"sep=,\n" + lines(ROW): "the first line is 'sep=,', a hint for a spreadsheet",
    b"\xef\xbb\xbfSEP=;\r\n" + lines(ROW): "the first line is 'SEP=;', a hint for a spreadsheet",
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
    HEADER + b"," * 1000: "the first line has 1,008 fields, 1,000 are the most; found 'Flow ID'",
    lines(ROW, *[b"x"] * 40_000): r"2,\d{3} of the first 3,\d{3} lines are neither .*: 1 field instead",
    lines(*(HEADER + b",%d" % n for n in range(10_000))): "of the first .* neither .* the header. Corr",
    gzip.compress(lines(*[ROW] * 60_000), mtime=0): "more than 100 times as long as the gzip data",
    gzip.compress(gzip.compress(lines(ROW), mtime=0), mtime=0): "gzip data inside of gzip data",
    gzip.compress(lines(ROW), mtime=0)[:-1]: "gzip data is truncated",
    gzip.compress(lines(ROW), mtime=0)[:12]: "gzip data is truncated",
    b"\x1f\x8b": "gzip data is truncated",
    b"\x1f\x8b" + lines(ROW): "gzip data is corrupt",
    gzip.compress(lines(ROW), mtime=0) + b"more": "bytes after the end of the gzip data: b'more'",
    gzip.compress(lines(ROW), mtime=0) + b"\n\0x": "bytes after the end of the gzip data: b'x'",
    gzip.compress(lines(ROW), mtime=0) * 2 + b"\r\n,": "bytes after the end of the gzip data",
    gzip.compress(lines(ROW), mtime=0) + b"\n\x1f\x8b": "gzip data is truncated",
    gzip.compress(lines(ROW), mtime=0)[:-8] + bytes(8): "gzip data is corrupt",
    b"src_ip,dst_ip,timestamp,flow_duration,tot_fwd_pkts\n": "header lacks tot_bwd_pkts and flow_pkts_s",
    b"10.0.0.1,10.0.0.2,68,67,17,2022-07-03 01:41:54,10869.9\n": "is in doubt: there is no header line",
    lines(ROW, b"Dst IP,Src IP,Timestamp,Flow Duration,Tot Fwd Pkts"): "line 3 is another header",
}  # fmt: skip


@pytest.mark.parametrize(("data", "reason"), REJECTIONS.items())
def test_a_file_that_can_never_be_read_is_rejected(data: bytes, reason: str) -> None:
    """The reason names what is missing and what was found, in few words; the remedy says what to do."""
    with pytest.raises(FileRejected, match=reason) as rejection:
        read(data)
    assert rejection.value.remedy
    assert len(rejection.value.found) < 400


NAMES = {b";": "semicolons", b"\t": "tabs", b"|": "pipes"}
HEADERS = [HEADER, b"Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts", V4_HEADER, b"a,b,c,d,e"]


@given(
    st.sampled_from(sorted(NAMES)),
    st.sampled_from(HEADERS),
    st.lists(st.sampled_from([b"Rate,s", b"", b"1,5", b"x"]), max_size=2),
    st.sampled_from([b"", b"\xef\xbb\xbf", b"\r\n", b" \n"]),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
)
def test_other_separators_are_named(
    separator: bytes, header: bytes, more: list[bytes], beginning: bytes, end: bytes
) -> None:
    """Under any header, with decimal commas in it or not, behind a BOM or blank lines. (F16)"""
    first = separator.join([*header.split(b","), *more])
    with pytest.raises(FileRejected) as rejected:
        read(beginning + end.join([first, ROW.replace(b",", separator), b""]))
    assert rejected.value.found.startswith(
        f"the columns are separated by {NAMES[separator]} instead of commas;"
    )


@given(st.binary(max_size=40).map(lambda text: text.translate(None, b"\0\r\n")), st.integers(1, 3))
def test_bytes_behind_gzip_data_are_named_unless_they_are_padding(more: bytes, members: int) -> None:
    """Line ends and NULs of editors, tapes and mail are nothing; all else may be what is missing. (F10)"""
    packed = gzip.compress(lines(ROW), mtime=0) * members
    padded = packed + b"\n\0\r\n"
    assert read(padded)[0].rows == members
    if more and not b"\x1f\x8b".startswith(more[:2]):
        with pytest.raises(FileRejected, match="bytes after the end of the gzip data: b"):
            read(padded + more)
