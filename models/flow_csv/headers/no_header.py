"""Files without a header line: their rows must be in the order of CICFlowMeter 4."""

from collections import Counter
from collections.abc import Iterable, Sequence

from models.errors import FileRejected
from models.flow_csv.csv_format import ADVICE, listed, shown
from models.flow_csv.headers.columns import V4_COLUMNS, V4_HEADER, V4_MIN_WIDTH
from models.flow_csv.headers.header_lines import NAMES, UNIT_IN_DOUBT, first_fields
from models.flow_csv.values import begins_with_date, is_address, is_number, width_of


def check_v4_order(row: bytes) -> None:
    """Makes sure that the first line of a file without a header is a row in CICFlowMeter 4 order.

    Raises:
        FileRejected: it is not.
    """
    fields = first_fields(row)
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
            f"the first line holds neither the columns {listed(NAMES)} "
            f"nor a row in CICFlowMeter 4 order; found {found}",
            remedy=ADVICE,
        )


def v4_header(width: int) -> bytes:
    """The header line of CICFlowMeter 4, made to fit rows of so many fields."""
    names = V4_HEADER.split(b",")[:width]
    return b",".join([*names, *(b"Column %d" % number for number in range(len(names) + 1, width + 1))])


def usual_width(rows: Iterable[bytes]) -> int:
    """How many fields most rows of a file without a header have, of those that have enough."""
    widths = Counter(map(width_of, rows))
    return max((width for width in widths if width >= V4_MIN_WIDTH), key=widths.__getitem__)


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
