"""The header lines of flow files: in which columns the five values stand."""

import re
from collections.abc import Sequence
from functools import lru_cache

from models.errors import FileRejected
from models.flow_csv.csv_format import ADVICE, BOM, MOST_NAMES, check_is_text, check_separator, listed, shown
from models.flow_csv.headers.columns import Columns, Header, UnitColumns
from models.flow_csv.values import BadRow, begins_with_date, is_address, is_number, split_fields, width_of

UNIT_IN_DOUBT = (
    "the unit of flow_duration, which releases of the Python cicflowmeter write in seconds or microseconds, "
    "is in doubt"
)
_SPELLINGS = {  # as `_plain_name` writes them, in the order of `Columns`
    "Src IP": {"src ip", "source ip"},
    "Dst IP": {"dst ip", "destination ip"},
    "Timestamp": {"timestamp"},
    "Flow Duration": {"flow duration"},
    "Tot Fwd Pkts": {
        f"{total} fwd {packets}" for total in ("tot", "total") for packets in ("pkts", "packet", "packets")
    },
}
NAMES = list(_SPELLINGS)
_COLUMNS = {spelling: column for column, spellings in _SPELLINGS.items() for spelling in spellings}
_DURATION = b"flow_duration"
_PYTHON_NAMES = {b"src_ip", _DURATION}  # exactly so: CICFlowMeter's own names have capitals
_SHORT_NAME = 32  # bytes of names that are remembered as they were read
_BETWEEN_WORDS = re.compile(r"[\s._-]+")
_UNIT_NAMES = (b"tot_bwd_pkts", b"flow_pkts_s")  # in the order of `UnitColumns`


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
    fields = first_fields(line)
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
    names = [field.strip() for field in first_fields(line)]
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


def leaves_unit(line: bytes, header: Header, width: int, proving: UnitColumns | None) -> bool:
    """Whether under a header inside of a file the same columns prove the unit of durations, or none has to.

    Args:
        line: that the header is, or ends with.
        header: what was found in it.
        width: fields of the rows before it.
        proving: what proves the unit before it; None if there it needs no proof.
    """
    names = [field.strip() for field in _fields(line)][-header.width :]
    if proving is None:
        return not all(any(name.endswith(wanted) for name in names) for wanted in _PYTHON_NAMES)
    places = proving.duration, proving.backward, proving.rate
    return header.width == width and [names[place] for place in places] == [_DURATION, *_UNIT_NAMES]


def stands_alone(line: bytes, header: Header) -> bool:
    """Whether a header that was met inside of a file would be taken for the same as the first line of one."""
    try:
        check_is_text(line, line)
        check_separator(line)
        return find_columns(line) == header
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


def plain_header(header: Header) -> bytes:
    """A header line with the five names at their places."""
    names = [b"Column %d" % number for number in range(1, header.width + 1)]
    for place, name in zip(header.columns, NAMES, strict=True):
        names[place] = name.encode()
    return b",".join(names)


def first_fields(line: bytes) -> list[bytes]:
    """Those of the first line of a file.

    Raises:
        FileRejected: its quotes are not balanced.
    """
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
    # Where files were joined, a header in their middle begins with a BOM too.
    name = field.removeprefix(BOM).decode("utf-8", "replace")
    return _BETWEEN_WORDS.sub(" ", name.strip().casefold())


def _places(fields: Sequence[bytes]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {column: [] for column in NAMES}
    for place, name in enumerate(map(_plain_name, fields)):
        if name in _COLUMNS:
            places[_COLUMNS[name]].append(place)
    return places
