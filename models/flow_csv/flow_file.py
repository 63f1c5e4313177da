"""Reads a flow file as a stream: exact totals per pair and day, and what could not be counted.

A row is a physical line (ended by LF, CRLF or CR) that is neither blank nor a header. Every row is
either counted once or quarantined with its line number and reason. Memory does not grow with the rows,
only with the distinct pair-days.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import IO, NamedTuple

from models.errors import FileRejected
from models.flow_csv.byte_stream import MAX_LINE, Readable, content_blocks, whole_lines
from models.flow_csv.csv_format import (
    DAY_WIDTH,
    V4_COLUMNS,
    V4_MIN_WIDTH,
    BadRow,
    Columns,
    address,
    amount,
    check_is_text,
    check_v4_order,
    day,
    find_columns,
    repeated_header,
    split_fields,
    v4_header,
)
from models.flow_csv.row_counter import QuickRows, quick_rows
from models.traffic import PairDay, Totals

_QUARANTINE_COLUMNS = b",Quarantine Line,Quarantine Reason"
_TOO_LONG = "line is longer than 1 MiB"
_BOM = b"\xef\xbb\xbf"
MAX_QUARANTINE = 256 << 20  # bytes: it has to fit in the 512 MB of /tmp that a function has


class FlowFile(NamedTuple):
    """What one flow file says.

    Attributes:
        totals: exact sums per pair and day; the addresses are canonical, without a branch.
        digest: SHA-256 of the uncompressed content, 32 bytes.
        rows: rows met, counted and quarantined ones together.
        quarantined: rows written to the quarantine.
        notes: what was assumed about the file, for the log.
    """

    totals: dict[PairDay, Totals]
    digest: bytes
    rows: int
    quarantined: int
    notes: tuple[str, ...]


def read_flow_file(stream: Readable, quarantine: IO[bytes]) -> FlowFile:
    """Reads a CICFlowMeter CSV, plain or gzipped, to its end.

    Args:
        stream: the file's bytes; whatever its `read` raises passes through.
        quarantine: takes the quarantined rows as a CSV that can be corrected and read as a flow file of
            its own: the header, the rows' original bytes, line number and reason as further columns.
            Nothing is written when there are none.

    Raises:
        FileRejected: the file can never be read; `found` says what is missing and what is there.
    """
    digest = hashlib.sha256()
    reader = _Reader(_Quarantine(quarantine))
    for text, is_whole in whole_lines(_shown_to(digest.update, content_blocks(stream))):
        if is_whole:
            reader.take_lines(text)
        else:
            reader.take_piece(text)
    return reader.result(digest.digest())


def _shown_to(observer: Callable[[bytes], None], blocks: Iterable[bytes]) -> Iterator[bytes]:
    for block in blocks:
        observer(block)
        yield block


class _Quarantine:
    """Writes the CSV of the rows that are not counted."""

    def __init__(self, sink: IO[bytes]) -> None:
        self.header = b""
        self.rows = 0
        self._left = MAX_QUARANTINE
        self._sink = sink
        self._is_within_row = False

    def add(self, row: bytes, number: int, reason: str) -> None:
        self.write(row)
        self.end_row(number, reason)

    def write(self, piece: bytes) -> None:
        """Begins or goes on with the original bytes of a row."""
        if not self.rows and not self._is_within_row:
            self._put(self.header + _QUARANTINE_COLUMNS + b"\n")
        self._is_within_row = True
        self._put(piece)

    def end_row(self, number: int, reason: str) -> None:
        self._put(f",{number},{reason}\n".encode())
        self._is_within_row = False
        self.rows += 1

    def _put(self, text: bytes) -> None:
        self._left -= len(text)
        if self._left < 0:
            what = f"more than {MAX_QUARANTINE >> 20} MiB of rows that cannot be counted"
            raise FileRejected(what, remedy="Check how the file was made")
        self._sink.write(text)


class _Reader:
    """Takes the lines of one file, in order.

    The first line settles where the columns are, the rows that come with it how many fields a row has.
    Then `QuickRows` counts the rows that are beyond doubt. Every other line goes to `_take_carefully`,
    which alone knows what is wrong with a row.
    """

    def __init__(self, quarantine: _Quarantine) -> None:
        self._quarantine = quarantine
        self._columns: Columns | None = None
        self._header_width = 0  # names in the header, 0 without a header
        self._width = 0  # fields of a row, 0 until there were rows
        self._rows: QuickRows | None = None  # from then on
        self._lines = 0  # taken so far
        self._is_within_long_line = False
        self._notes: list[str] = []

    def take_lines(self, text: bytes) -> None:
        """Takes whole lines; only the last of a file may lack its end."""
        if self._is_within_long_line:  # what is left of that line looks like a blank one
            self._end_long_line()
        if not self._lines:
            text = text.removeprefix(_BOM)
        if not self._columns:
            self._columns = self._find_columns(text)
        if self._columns and not self._rows and (width := self._find_width(text, self._columns)):
            self._width = width
            self._rows = quick_rows(self._columns, width)
        if self._columns and self._rows:
            self._count(text, self._columns, self._rows)
        else:
            self._lines += len(text.splitlines())

    def take_piece(self, text: bytes) -> None:
        """Takes a piece of a line that is too long to be held."""
        if not self._columns:
            check_is_text(text, b"")
            raise FileRejected(f"not CSV: the first {_TOO_LONG}", remedy="Check how the file was made")
        self._is_within_long_line = True
        self._quarantine.write(text)

    def result(self, digest: bytes) -> FlowFile:
        """What was read, after the last line."""
        if self._is_within_long_line:
            self._end_long_line()
        if not self._columns:
            what = f"nothing but {self._lines} blank lines" if self._lines else "0 bytes"
            raise FileRejected(f"empty: the file holds {what}", remedy="Upload it when it is complete")
        totals = self._rows.totals() if self._rows else {}
        return FlowFile(
            totals=totals,
            digest=digest,
            rows=sum(day.flows for day in totals.values()) + self._quarantine.rows,
            quarantined=self._quarantine.rows,
            notes=tuple(self._notes),
        )

    def _end_long_line(self) -> None:
        self._quarantine.end_row(self._lines + 1, _TOO_LONG)
        self._is_within_long_line = False

    def _find_columns(self, text: bytes) -> Columns | None:
        """Looks for them in the first line that is not blank."""
        first = next((line for line in text.splitlines() if line.strip()), None)
        if first is None:
            return None
        check_is_text(text, first)
        columns = find_columns(first)
        if columns:
            self._header_width = _width_of(first)
            self._quarantine.header = first
            return columns
        check_v4_order(first)
        self._notes.append("no header line: CICFlowMeter 4 order assumed")
        return V4_COLUMNS

    def _find_width(self, text: bytes, columns: Columns) -> int:
        """As many fields as the header or one more, whichever more rows have; else what most rows have.

        The rows of a quarantine have those of its header: the one more may be what is wrong with them.
        """
        lines = (line for line in text.splitlines() if line.strip())
        widths = Counter(_width_of(line) for line in lines if repeated_header(line) != columns)
        if not widths:
            return 0
        if not self._header_width:
            width = max((width for width in widths if width >= V4_MIN_WIDTH), key=widths.__getitem__)
            self._quarantine.header = v4_header(width)
            return width
        is_quarantine = self._quarantine.header.rstrip().endswith(_QUARANTINE_COLUMNS)
        if is_quarantine or widths[self._header_width + 1] <= widths[self._header_width]:
            return self._header_width
        self._notes.append("rows have one field more than the header")
        self._quarantine.header += b","
        return self._header_width + 1

    def _count(self, text: bytes, columns: Columns, rows: QuickRows) -> None:
        if b"\0" in text or b'"' in text or len(text) > MAX_LINE:
            for number, line in enumerate(text.splitlines(), self._lines + 1):
                self._take_carefully(line, number, columns, rows)
                self._lines = number
        else:
            for number, line in rows.doubtful(text, self._lines):
                self._take_carefully(line, number, columns, rows)
            self._lines = rows.last_line

    def _take_carefully(self, line: bytes, number: int, columns: Columns, rows: QuickRows) -> None:
        if not line.strip():
            return
        header = repeated_header(line) if len(line) <= MAX_LINE else None
        if header == columns:
            return
        if header:
            raise FileRejected(
                f"line {number} is another header, with the columns in other places",
                remedy="Split the file before that line",
            )
        try:
            self._count_carefully(line, columns, rows)
        except BadRow as bad:
            self._quarantine.add(line, number, str(bad))

    def _count_carefully(self, line: bytes, columns: Columns, rows: QuickRows) -> None:
        if len(line) > MAX_LINE:
            raise BadRow(_TOO_LONG)
        if b"\0" in line:
            raise BadRow("NUL byte")
        fields = split_fields(line)
        if len(fields) != self._width:
            raise BadRow(f"{len(fields)} fields instead of {self._width}")
        source, destination, timestamp, duration, packets = (fields[place].strip() for place in columns)
        spelling = source, destination, timestamp[:DAY_WIDTH]
        pair_day = PairDay(address(source, "Src IP"), address(destination, "Dst IP"), day(spelling[2]))
        microseconds, count = amount(duration, "Flow Duration"), amount(packets, "Tot Fwd Pkts")
        rows.add(spelling, pair_day, microseconds, count)


def _width_of(line: bytes) -> int:
    try:
        return len(split_fields(line))
    except BadRow:
        return 0  # no row has that
