"""The form of a flow file: whether it is text, and in which columns its five values stand."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from models.errors import FileRejected
from models.flow_csv.values import BadRow, begins_with_date, is_address, is_number, split_fields

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
    names = V4_HEADER.split(b",")[:width]
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
        is_address(source)
        and is_address(destination)
        and begins_with_date(timestamp)
        and all(map(is_number, numbers))
    )


def _fits_python_tool(fields: Sequence[bytes]) -> bool:
    addresses, ports = fields[:2], fields[2:4]
    return all(map(is_address, addresses)) and len(ports) == 2 and all(map(bytes.isdigit, ports))


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _shown(fields: Sequence[bytes]) -> str:
    names = [field.decode("utf-8", "replace").strip() for field in fields[:_NAMES_SHOWN]]
    short = [repr(name if len(name) <= _NAME_WIDTH else name[: _NAME_WIDTH - 1] + "…") for name in names]
    more = len(fields) - len(short)
    return ", ".join(short) + (f" and {more} more" if more > 0 else "")
