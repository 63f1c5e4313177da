"""The header lines of flow files: in which columns the five values stand."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from models.errors import FileRejected
from models.flow_csv.csv_format import ADVICE, MOST_NAMES, check_is_text, check_separator, listed, shown
from models.flow_csv.values import BadRow, begins_with_date, is_address, is_number, split_fields, width_of

UNIT_IN_DOUBT = (
    "the unit of flow_duration, which releases of the Python cicflowmeter write in seconds or microseconds, "
    "is in doubt"
)


class Columns(NamedTuple):
    """Where the five values stand in a row, counted from 0."""

    source: int
    destination: int
    timestamp: int
    duration: int
    packets: int


class UnitColumns(NamedTuple):
    """Where the values stand that prove a unit, counted from 0."""

    duration: int
    forward: int  # packets
    backward: int  # packets
    rate: int  # packets per second


class Header(NamedTuple):
    """A header line.

    Attributes:
        columns: where its five names stand.
        width: how many names it has.
    """

    columns: Columns
    width: int

    @property
    def is_full(self) -> bool:
        """Whether it is CICFlowMeter's own, under which some releases write a field more."""
        return self.columns == V4_COLUMNS and self.width == V4_WIDTH


_SPELLINGS = {  # as `_plain_name` writes them, in the order of `Columns`
    "Src IP": {"src ip", "source ip"},
    "Dst IP": {"dst ip", "destination ip"},
    "Timestamp": {"timestamp"},
    "Flow Duration": {"flow duration"},
    "Tot Fwd Pkts": {
        f"{total} fwd {packets}" for total in ("tot", "total") for packets in ("pkts", "packet", "packets")
    },
}
_COLUMNS = {spelling: column for column, spellings in _SPELLINGS.items() for spelling in spellings}
_PYTHON_NAMES = {b"src_ip", b"flow_duration"}  # exactly so: CICFlowMeter's own names have capitals
_BOM = b"\xef\xbb\xbf"  # of another file's header, where files were joined
_SHORT_NAME = 32  # bytes of names that are remembered as they were read
_BETWEEN_WORDS = re.compile(r"[\s._-]+")
_UNIT_NAMES = (b"tot_bwd_pkts", b"flow_pkts_s")  # in the order of `UnitColumns`
V4_COLUMNS = Columns(source=1, destination=3, timestamp=6, duration=7, packets=8)
V4_HEADER = (
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
V4_WIDTH = 84
V4_MIN_WIDTH = 83  # some leave out the label


def have_one_field_more(rows: Sequence[bytes], header: Header) -> bool:
    """Whether most rows have a field more than a whole header; others hold a decimal comma, perhaps.

    Raises:
        FileRejected: they begin with a number that has no name.
    """
    wider = [row for row in rows if width_of(row) == header.width + 1]
    if wider:
        _check_numbering(header.columns, wider)
    return header.is_full and len(wider) > sum(width_of(row) == header.width for row in rows)


def _check_numbering(columns: Columns, rows: Sequence[bytes]) -> None:
    fields = _fields(rows[0])
    shifted = fields[1:]
    if fields and fields[0].strip().isdigit() and len(shifted) > max(columns):
        here, behind = (all(is_address(row[place]) for place in columns[:2]) for row in (fields, shifted))
        if behind and not here:
            raise FileRejected(
                "the rows begin with a number for which the header has no name, as R's write.table writes it",
                remedy="Write the file without it: write.csv(…, row.names = FALSE)",
            )


def find_columns(line: bytes) -> Header | None:
    """Finds the five columns in a header line.

    Returns:
        The header; None if the line holds none of their names.

    Raises:
        FileRejected: the header lacks a column, has one twice, or is no CSV.
    """
    fields = _first_fields(line)
    places = _places(fields)
    if not any(places.values()):
        return None
    if missing := [name for name, found in places.items() if not found]:
        what = f"column {missing[0]} is" if len(missing) == 1 else f"columns {listed(missing)} are"
        raise FileRejected(f"the {what} missing in the header; found {shown(fields)}", remedy=ADVICE)
    for name, found in places.items():
        if len(found) > 1:
            raise FileRejected(
                f"{len(found)} columns may be {name}: numbers {listed([str(i + 1) for i in found])}",
                remedy="Remove or rename all but the right one",
            )
    return Header(Columns(*(found[0] for found in places.values())), len(fields))


def find_unit_columns(line: bytes, columns: Columns) -> UnitColumns | None:
    """Finds what proves the unit of durations in a header line of the Python cicflowmeter.

    Returns:
        The places; None if the header is none of this tool.

    Raises:
        FileRejected: it is, and lacks what is needed.
    """
    names = [field.strip() for field in _first_fields(line)]
    if not {*names} >= _PYTHON_NAMES:
        return None
    missing = [name.decode() for name in _UNIT_NAMES if name not in names]
    if missing:
        lacking = listed(missing)
        raise FileRejected(
            f"{UNIT_IN_DOUBT}: the header lacks {lacking}, which would prove it; found {shown(names)}",
            remedy=f"Export the flows with {lacking}, or with CICFlowMeter 3 or 4",
        )
    return UnitColumns(columns.duration, columns.packets, *map(names.index, _UNIT_NAMES))


def stands_alone(line: bytes, header: Header) -> bool:
    """Whether a header that was met inside of a file would be taken for the same as the first line of one."""
    try:
        check_is_text(line, line)
        check_separator(line)
        return find_columns(line) == header and not find_unit_columns(line, header.columns)
    except FileRejected:
        return False


def may_name_columns(line: bytes) -> bool:
    """Whether a line may be a header, or end with one; hardly any row may."""
    return line.count(b",") < MOST_NAMES and b"timestamp" in line.lower()  # the one name without variants


def repeated_header(line: bytes) -> Header | None:
    """The header that a line inside of a file is, else None."""
    if not may_name_columns(line):
        return None
    fields = _fields(line)
    places = _places(fields)
    if not all(places.values()):
        return None
    return Header(Columns(*(found[0] for found in places.values())), len(fields))


def glued_header(line: bytes, columns: Columns) -> Header | None:
    """The header behind a row without a line end, if its columns are at these places, else None."""
    fields = _fields(line)
    names = [_plain_name(field) for field in fields]
    before = (place - columns.timestamp for place, name in enumerate(names) if name == "timestamp")
    starts = [start for start in before if start >= 0 and _stand_at(names, start, columns)]
    if not starts:
        return None
    values = (is_address(field) or is_number(field) or begins_with_date(field) for field in fields)
    torn = next((place for place, is_value in enumerate(values) if is_value), len(fields))
    start = next((start for start in starts if start > torn or start == 0), None)
    return None if start is None else Header(columns, len(fields) - start)


def _stand_at(names: Sequence[str], start: int, columns: Columns) -> bool:
    """Whether the five names stand at these places behind a start, the very first behind what a row left."""
    if len(names) - start <= max(columns):
        return False
    return all(
        names[start + place] in spellings or (place == 0 and names[start].endswith(tuple(spellings)))
        for place, spellings in zip(columns, _SPELLINGS.values(), strict=True)
    )


def v4_header(width: int) -> bytes:
    """The header line of CICFlowMeter 4, made to fit rows of so many fields."""
    names = V4_HEADER.split(b",")[:width]
    return b",".join([*names, *(b"Column %d" % number for number in range(len(names) + 1, width + 1))])


def plain_header(header: Header) -> bytes:
    """A header line with the five names at their places."""
    names = [b"Column %d" % number for number in range(1, header.width + 1)]
    for place, name in zip(header.columns, _SPELLINGS, strict=True):
        names[place] = name.encode()
    return b",".join(names)


def usual_width(rows: Iterable[bytes]) -> int:
    """How many fields most rows of a file without a header have, of those that have enough."""
    widths = Counter(map(width_of, rows))
    return max((width for width in widths if width >= V4_MIN_WIDTH), key=widths.__getitem__)


def check_v4_order(row: bytes) -> None:
    """Makes sure that the first line of a file without a header is a row in CICFlowMeter 4 order.

    Raises:
        FileRejected: it is not.
    """
    fields = _first_fields(row)
    found = shown(fields)
    if len(fields) == 1:
        raise FileRejected(f"not CSV: there is no comma in the first line {found}", remedy=ADVICE)
    if _fits_python_tool(fields):
        raise FileRejected(
            f"{UNIT_IN_DOUBT}: there is no header line that names what would prove it; found {found}",
            remedy="Write the file with its header line",
        )
    if not _fits_v4(fields):
        raise FileRejected(
            f"the first line holds neither the columns {listed(list(_SPELLINGS))} "
            f"nor a row in CICFlowMeter 4 order; found {found}",
            remedy=ADVICE,
        )


def _first_fields(line: bytes) -> list[bytes]:
    try:
        return split_fields(line)
    except BadRow as error:
        raise FileRejected(f"not CSV: {error.found} in the first line", remedy=ADVICE) from error


def _fields(line: bytes) -> list[bytes]:
    """Those of a line; none if its quotes are not balanced."""
    try:
        return split_fields(line)
    except BadRow:
        return []


def _plain_name(field: bytes) -> str:
    return _short_name(field) if len(field) <= _SHORT_NAME else _short_name.__wrapped__(field)


@lru_cache(maxsize=1024)
def _short_name(field: bytes) -> str:
    name = field.removeprefix(_BOM).decode("utf-8", "replace")
    return _BETWEEN_WORDS.sub(" ", name.strip().casefold())


def _places(fields: Sequence[bytes]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {column: [] for column in _SPELLINGS}
    for place, name in enumerate(map(_plain_name, fields)):
        if name in _COLUMNS:
            places[_COLUMNS[name]].append(place)
    return places


def _fits_v4(fields: Sequence[bytes]) -> bool:
    if len(fields) < V4_MIN_WIDTH:
        return False
    source, destination, timestamp, *numbers = (fields[place].strip() for place in V4_COLUMNS)
    return (
        is_address(source)
        and is_address(destination)
        and begins_with_date(timestamp)
        and all(map(is_number, numbers))
    )


def _fits_python_tool(fields: Sequence[bytes]) -> bool:
    addresses, ports = fields[:2], fields[2:4]
    return all(map(is_address, addresses)) and len(ports) == 2 and all(map(bytes.isdigit, ports))
