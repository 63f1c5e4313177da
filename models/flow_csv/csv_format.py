"""A flow row: which of its columns count, and what its five values mean.

The values are strict: what is neither clearly right nor written by some CICFlowMeter is a `BadRow`.
"""

import csv
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from models.errors import FileRejected

MAX_VALUE = 10**12  # µs or packets of one row: keeps the squares of daily totals far below 38 digits
_MAX_WIDTH = len(str(MAX_VALUE))
DAY_WIDTH = 11  # bytes of a timestamp that decide its day: `dd/MM/yyyy` and the character after it

_MAX_ADDRESS = 64  # bytes: the longest IPv6 text has 45, a zone id is an interface name
_NAMES_SHOWN = 6
_NAME_WIDTH = 24

_ADVICE = (
    "Export the flows with CICFlowMeter 3 or 4 as CSV with its header line: "
    "Src IP, Dst IP, Timestamp, Flow Duration and Tot Fwd Pkts are needed"
)
_PYTHON_TOOL = (
    "as the Python cicflowmeter writes it; the unit of its flow_duration differs between releases "
    "(seconds or microseconds)"
)


class BadRow(ValueError):
    """A row that cannot be counted; its text is the reason, free of commas, quotes and line ends."""


class Columns(NamedTuple):
    """Where the five values stand in a row, counted from 0."""

    source: int
    destination: int
    timestamp: int
    duration: int
    packets: int


_SPELLINGS = {  # as `_plain_name` writes them, in the order of `Columns`
    "Src IP": {"src ip", "source ip"},
    "Dst IP": {"dst ip", "destination ip"},
    "Timestamp": {"timestamp"},
    "Flow Duration": {"flow duration"},
    "Tot Fwd Pkts": {
        f"{total} fwd {packets}" for total in ("tot", "total") for packets in ("pkts", "packet", "packets")
    },
}
_PYTHON_NAMES = {b"src_ip", b"flow_duration"}  # exactly so: CICFlowMeter's own names have capitals

V4_COLUMNS = Columns(source=1, destination=3, timestamp=6, duration=7, packets=8)
_V4_HEADER = (
    b"Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Tot Fwd Pkts,Tot Bwd Pkts,"
    b"TotLen Fwd Pkts,TotLen Bwd Pkts,Fwd Pkt Len Max,Fwd Pkt Len Min,Fwd Pkt Len Mean,Fwd Pkt Len Std,"
    b"Bwd Pkt Len Max,Bwd Pkt Len Min,Bwd Pkt Len Mean,Bwd Pkt Len Std,Flow Byts/s,Flow Pkts/s,"
    b"Flow IAT Mean,Flow IAT Std,Flow IAT Max,Flow IAT Min,Fwd IAT Tot,Fwd IAT Mean,Fwd IAT Std,"
    b"Fwd IAT Max,Fwd IAT Min,Bwd IAT Tot,Bwd IAT Mean,Bwd IAT Std,Bwd IAT Max,Bwd IAT Min,Fwd PSH Flags,"
    b"Bwd PSH Flags,Fwd URG Flags,Bwd URG Flags,Fwd Header Len,Bwd Header Len,Fwd Pkts/s,Bwd Pkts/s,"
    b"Pkt Len Min,Pkt Len Max,Pkt Len Mean,Pkt Len Std,Pkt Len Var,FIN Flag Cnt,SYN Flag Cnt,RST Flag Cnt,"
    b"PSH Flag Cnt,ACK Flag Cnt,URG Flag Cnt,CWE Flag Count,ECE Flag Cnt,Down/Up Ratio,Pkt Size Avg,"
    b"Fwd Seg Size Avg,Bwd Seg Size Avg,Fwd Byts/b Avg,Fwd Pkts/b Avg,Fwd Blk Rate Avg,Bwd Byts/b Avg,"
    b"Bwd Pkts/b Avg,Bwd Blk Rate Avg,Subflow Fwd Pkts,Subflow Fwd Byts,Subflow Bwd Pkts,Subflow Bwd Byts,"
    b"Init Fwd Win Byts,Init Bwd Win Byts,Fwd Act Data Pkts,Fwd Seg Size Min,Active Mean,Active Std,"
    b"Active Max,Active Min,Idle Mean,Idle Std,Idle Max,Idle Min,Label"
)
V4_MIN_WIDTH = 83  # some leave out the label

_OTHER_FORMATS = {  # first bytes of what is uploaded by mistake
    b"\x1f\x8b": "gzip data inside of gzip data",
    b"PK\x03\x04": "a ZIP archive or Excel workbook",
    b"BZh": "bzip2 data",
    b"\xfd7zXZ": "xz data",
    b"\x28\xb5\x2f\xfd": "Zstandard data",
    b"PAR1": "a Parquet file",
    b"\xd4\xc3\xb2\xa1": "a packet capture",
    b"\xa1\xb2\xc3\xd4": "a packet capture",
    b"\n\r\r\n": "a packet capture",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
_CONTROL_CHARACTERS = bytes({*range(32)} - {*b"\t\v\f"})


def split_fields(line: bytes) -> list[bytes]:
    """The fields of one physical line, unquoted as RFC 4180 has it.

    Raises:
        BadRow: a quoted field does not end where a field ends.
    """
    if b'"' not in line:
        return line.split(b",")
    try:
        (fields,) = csv.reader([line.decode("latin-1")], strict=True)
    except csv.Error as error:
        raise BadRow("quotes are not balanced") from error
    return [field.encode("latin-1") for field in fields]


def check_is_text(start: bytes, first_line: bytes) -> None:
    """Makes sure that the first bytes, and the first line that is not blank, are those of a text.

    Raises:
        FileRejected: they are not.
    """
    for magic, kind in _OTHER_FORMATS.items():
        if start.startswith(magic):
            raise FileRejected(f"not text: this is {kind}", remedy=_ADVICE)
    if first_line.translate(None, _CONTROL_CHARACTERS) != first_line:
        raise FileRejected(f"not text: the file begins with {_shown([first_line])}", remedy=_ADVICE)


def find_columns(line: bytes) -> Columns | None:
    """Finds the five columns in a header line.

    Returns:
        Their places; None if the line holds none of their names.

    Raises:
        FileRejected: the header lacks a column, has one twice, is the Python tool's, or no CSV.
    """
    fields = _first_fields(line)
    if {field.strip() for field in fields} >= _PYTHON_NAMES:
        raise FileRejected(f"the header has src_ip and flow_duration, {_PYTHON_TOOL}", remedy=_ADVICE)
    places = _places(fields)
    if not any(places.values()):
        return None
    if missing := [name for name, found in places.items() if not found]:
        what = f"column {missing[0]} is" if len(missing) == 1 else f"columns {_listed(missing)} are"
        raise FileRejected(f"the {what} missing; found {_shown(fields)}", remedy=_ADVICE)
    for name, found in places.items():
        if len(found) > 1:
            raise FileRejected(
                f"{len(found)} columns may be {name}: numbers {_listed([str(i + 1) for i in found])}",
                remedy="Remove or rename all but the right one",
            )
    return Columns(*(found[0] for found in places.values()))


def repeated_header(line: bytes) -> Columns | None:
    """The places of the five columns if this line inside of a file is a header, else None."""
    if b"timestamp" not in line.lower():  # the one name without variants
        return None
    try:
        places = _places(split_fields(line))
    except BadRow:
        return None
    return Columns(*(found[0] for found in places.values())) if all(places.values()) else None


def v4_header(width: int) -> bytes:
    """The header line of CICFlowMeter 4, made to fit rows of so many fields."""
    names = _V4_HEADER.split(b",")[:width]
    return b",".join([*names, *(b"Column %d" % number for number in range(len(names) + 1, width + 1))])


def check_v4_order(row: bytes) -> None:
    """Makes sure that the first line of a file without a header is a row in CICFlowMeter 4 order.

    Raises:
        FileRejected: it is not.
    """
    fields = _first_fields(row)
    shown = _shown(fields)
    if len(fields) == 1:
        raise FileRejected(f"not CSV: there is no comma in the first line {shown}", remedy=_ADVICE)
    if _fits_python_tool(fields):
        raise FileRejected(f"no header line, and rows {_PYTHON_TOOL}", remedy=_ADVICE)
    if not _fits_v4(fields):
        raise FileRejected(
            f"the first line holds neither the columns {_listed(list(_SPELLINGS))} "
            f"nor a row in CICFlowMeter 4 order; found {shown}",
            remedy=_ADVICE,
        )


@lru_cache(maxsize=4096)
def address(text: bytes, column: str) -> str:
    """The canonical text of an IP address (RFC 5952), whichever Python prints it; a zone id is dropped.

    Raises:
        BadRow: it is none; `column` tells which.
    """
    try:
        if len(text) > _MAX_ADDRESS:
            raise ValueError
        parsed = ip_address(text.decode("ascii"))
    except ValueError as error:
        raise BadRow(f"{column} is not an IP address") from error
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:  # Python 3.13 prints these as the RFC has it; earlier ones do not
        return f"::ffff:{parsed.ipv4_mapped}"
    return str(IPv6Address(int(parsed)))


_DATE = re.compile(
    rb"(?:(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})|(?P<Y>\d{4})-(?P<M>\d{2})-(?P<D>\d{2}))(?![^ T])"
)


@lru_cache(maxsize=1024)
def day(prefix: bytes) -> str:
    """The ISO 8601 day of the first `DAY_WIDTH` bytes of a timestamp: `d/M/yyyy` or ISO, then any time.

    Raises:
        BadRow: there is no such date.
    """
    match = _DATE.match(prefix)
    if match is None:
        raise BadRow("Timestamp is not a date")
    year, month, day_of_month = (int(match[upper] or match[lower]) for upper, lower in ("Yy", "Mm", "Dd"))
    try:
        return date(year, month, day_of_month).isoformat()
    except ValueError as error:
        raise BadRow("Timestamp is an impossible date") from error


_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")


def amount(text: bytes, column: str) -> int:
    """The whole number from 0 to `MAX_VALUE`, also when it is written as `1.2345E7` or `14.0`.

    Raises:
        BadRow: it is none; `column` tells which.
    """
    if len(text) < _MAX_WIDTH and text.isdigit():
        return int(text)
    if not _NUMBER.fullmatch(text):
        raise BadRow(f"{column} is not a number")
    value = Decimal(text.decode("ascii"))  # exact, and cheap for every exponent the pattern lets through
    if value < 0:
        raise BadRow(f"{column} is negative")
    if value > MAX_VALUE:
        raise BadRow(f"{column} is above 10^12")
    if value != value.to_integral_value():
        raise BadRow(f"{column} is not a whole number")
    return int(value)


def _first_fields(line: bytes) -> list[bytes]:
    try:
        return split_fields(line)
    except BadRow as error:
        raise FileRejected(f"not CSV: {error} in the first line", remedy=_ADVICE) from error


def _plain_name(field: bytes) -> str:
    return re.sub(r"[\s._-]+", " ", field.decode("utf-8-sig", "replace").strip().casefold())


def _places(fields: Sequence[bytes]) -> dict[str, list[int]]:
    names = [_plain_name(field) for field in fields]
    return {
        column: [place for place, name in enumerate(names) if name in spellings]
        for column, spellings in _SPELLINGS.items()
    }


def _fits_v4(fields: Sequence[bytes]) -> bool:
    if len(fields) < V4_MIN_WIDTH:
        return False
    source, destination, timestamp, *numbers = (fields[place].strip() for place in V4_COLUMNS)
    return (
        _is_address(source)
        and _is_address(destination)
        and _DATE.match(timestamp) is not None
        and all(map(_NUMBER.fullmatch, numbers))
    )


def _fits_python_tool(fields: Sequence[bytes]) -> bool:
    addresses, ports = fields[:2], fields[2:4]
    return all(map(_is_address, addresses)) and len(ports) == 2 and all(map(bytes.isdigit, ports))


def _is_address(field: bytes) -> bool:
    try:
        return bool(address(field.strip(), "Src IP"))
    except BadRow:
        return False


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _shown(fields: Sequence[bytes]) -> str:
    names = [field.decode("utf-8", "replace").strip() for field in fields[:_NAMES_SHOWN]]
    short = [repr(name if len(name) <= _NAME_WIDTH else name[: _NAME_WIDTH - 1] + "…") for name in names]
    more = len(fields) - len(short)
    return ", ".join(short) + (f" and {more} more" if more > 0 else "")
