"""Takes the lines of a flow file, in order: which of them are rows, and which of the rows count."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from models.errors import FileRejected
from models.flow_csv.byte_stream import MAX_LINE
from models.flow_csv.csv_format import ADVICE, BOM, check_is_text, check_number, check_separator, is_blank
from models.flow_csv.headers import header_lines, no_header
from models.flow_csv.headers.columns import V4_COLUMNS, V4_WIDTH, Columns, Header
from models.flow_csv.notes import Note
from models.flow_csv.parts import Part, Pass, Unit
from models.flow_csv.quarantine import Quarantine
from models.flow_csv.row_counters.row_counter import RowCounter, new_row_counter
from models.flow_csv.values import (
    DAY_WIDTH,
    BadRow,
    MonthFirst,
    address,
    amounts,
    check_addresses,
    day,
    other_width,
    split_fields,
)
from models.flow_csv.verdict import Evidence, OddLines, check_rows
from models.traffic import CountedDay, PairDay

if TYPE_CHECKING:
    from models.flow_csv.units import UnitRows

_TOO_LONG = "line is longer than 1 MiB", "break it where another row begins"
_SPLIT = "Split the file before that line"
_GLUED = "a header stands behind this row without a line end", "break the line before the header"


class Reader:
    """Takes the lines of one file.

    The first line settles where the columns are, the rows that come with it how many fields a row has.
    Then a `RowCounter` counts the rows that are beyond doubt. Every other line goes to `_take_carefully`,
    which alone knows what is wrong with a row.

    Args:
        quarantine: takes the rows that do not count.
        reading: which pairs are counted.
        name: of the file, in which a date may stand.

    Attributes:
        notes: what was assumed about the file so far.
        evidence: what the rows tell of the file, those of pairs in other parts among them.
        units: what the rows prove of the unit of their durations; None for durations of CICFlowMeter.
        is_unit_wanted: whether the last lines were not taken because their unit is to be given.
        first_row: the bytes of the first row, its line end aside (of an over-long one, its first piece).
    """

    def __init__(self, quarantine: Quarantine, reading: Pass, name: str = "") -> None:
        self.notes: list[Note] = []
        self.evidence = Evidence()
        self.first_row = b""
        self.units: UnitRows | None = None
        self.is_unit_wanted = False
        self._reading = reading
        self._name = name
        self.quarantine = quarantine
        self._columns: Columns | None = None
        self._header: Header | None = None  # the last one
        self._header_line = 0  # its number
        self._header_text = b""  # its bytes
        self._width = V4_WIDTH  # fields of a row
        self._rows: RowCounter | None = None  # since there are columns
        self._has_rows = False
        self._odd = OddLines(quarantine, self.evidence, is_read_twice=reading.unit is not None)
        self._lines = 0  # taken so far
        self._is_within_long_line = False

    def take(self, text: bytes, is_whole: bool) -> None:
        """Takes what `whole_lines` gives: whole lines, or a piece of an over-long one.

        Raises:
            FileRejected: the file can never be read.
        """
        if is_whole:
            self._take_lines(text)
        else:
            self._take_piece(text)

    def _take_lines(self, text: bytes) -> None:
        self._end_long_line()  # what is left of it looks like a blank one
        if not self._lines:
            text = text.removeprefix(BOM)
        self._odd.read(len(text))
        if not self._rows and not is_blank(text):
            self._columns = self._find_columns(text)
            if self.is_unit_wanted:
                return
            self._rows = self._new_counter(self._columns)
        if self._columns and self._rows:
            if not self._has_rows:
                self._look_for_rows(text, self._rows)
            self._count(text, self._columns, self._rows)
        else:
            self._lines += len(text.splitlines())

    def _take_piece(self, text: bytes) -> None:
        if not self._columns:
            check_is_text(text, b"")
            raise FileRejected(f"not CSV: the first {_TOO_LONG[0]}", remedy=ADVICE)
        self._is_within_long_line = True
        self.first_row = self.first_row or text
        self.quarantine.write(text)

    @property
    def counted(self) -> tuple[Part, int]:
        """The pairs whose rows were counted to the end, and their distinct pair-days."""
        return (self._rows.part, self._rows.in_hand) if self._rows else (self._reading.part, 0)

    @property
    def rows(self) -> int:
        """Rows that count, those of other parts among them; in a first pass all of them."""
        return self._rows.rows if self._rows else 0

    def end(self) -> Iterator[list[CountedDay]]:
        """What was counted, after the last line, some at a time; a first pass judges the file as a whole.

        Raises:
            FileRejected: there was nothing but blank lines, or something speaks against the whole file.
        """
        self._end_long_line()
        if not self._columns:
            what = f"nothing but {self._lines} blank lines" if self._lines else "0 bytes"
            raise FileRejected(f"empty: the file holds {what}", remedy="Upload it when it is complete")
        if self._reading.is_first:
            self.evidence.check_dates(self._name)
            check_rows(self.rows, self.quarantine)
            if any(day.startswith("1970") for day in self.evidence.days):
                self.notes.append(Note.CLOCK_NOT_SET)
            self.notes += self.units.notes() if self.units else []
        return self._rows.portions() if self._rows else iter(())

    def _end_long_line(self) -> None:
        if self._is_within_long_line:
            self.quarantine.end_row(self._lines + 1, str(BadRow(*_TOO_LONG)))
            self._is_within_long_line = False

    def _find_columns(self, text: bytes) -> Columns:
        """Looks for them in the first line that is not blank."""
        first = next(line for line in text.splitlines() if not is_blank(line))
        check_is_text(text, first)
        check_separator(first)
        check_number(first.split(b","))
        self._header = header_lines.find_columns(first)
        if self._header:
            self._header_text = self.quarantine.header = first
            self._width = self._header.width
            self._find_units(first, self._header.columns)
            return self._header.columns
        no_header.check_v4_order(first)
        self.notes.append(Note.NO_HEADER)
        return V4_COLUMNS

    def _find_units(self, header: bytes, columns: Columns) -> None:
        """Looks whether durations are in a unit that is to be proved."""
        found = header_lines.find_unit_columns(header, columns)
        if found and self._reading.unit:
            from models.flow_csv.units import UnitRows  # noqa: PLC0415  # few files need it

            self.units = UnitRows(self._reading.unit, found)
        self.is_unit_wanted = bool(found) and not self.units

    def for_unit(self, unit: Unit, quarantine: Quarantine) -> "Reader":
        """One that reads durations in a unit, from the lines on that this one did not take for want of it."""
        reader = Reader(quarantine, self._reading._replace(unit=unit), self._name)
        reader._lines = self._lines  # its own kind
        return reader

    def _new_counter(self, columns: Columns) -> RowCounter:
        counter = new_row_counter(columns, self._width, self._reading, self.units)
        counter.pass_over(self._header_text)
        self.evidence.others = counter.days
        return counter

    def _look_for_rows(self, text: bytes, rows: RowCounter) -> None:
        """Settles, by the first lines with rows among them, how many fields a row has."""
        lines = (line for line in text.splitlines() if not is_blank(line) and line != self._header_text)
        found = [line for line in lines if not header_lines.repeated_header(line)]
        if not found:
            return
        self._has_rows = True
        self.first_row = self.first_row or found[0]
        if not self._header:
            width = no_header.usual_width(found)
            self._widen(width, no_header.v4_header(width), rows)
        elif self._has_one_field_more(found, self._header):
            self._widen(self._header.width + 1, self.quarantine.header + b",", rows)
            self.notes.append(Note.ONE_FIELD_MORE)

    def _has_one_field_more(self, rows: list[bytes], header: Header) -> bool:
        """Most rows may have a field more than the header. Elsewhere that may be a decimal comma."""
        is_quarantine = Quarantine.is_header(self.quarantine.header)
        return not is_quarantine and header_lines.have_one_field_more(rows, header)

    def _count(self, text: bytes, columns: Columns, rows: RowCounter) -> None:
        if len(text) > MAX_LINE:
            for line in text.splitlines():
                self._take_carefully(line, columns, rows)
            return
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        at = 0
        while True:
            at, counted = rows.count_known(text, at)
            self._lines += counted
            if at == len(text):
                return
            end = text.find(b"\n", at)
            line = text[at:end] if end >= 0 else text[at:]
            at += len(line) + (end >= 0)
            self._take_carefully(line, columns, rows)

    def _take_carefully(self, line: bytes, columns: Columns, rows: RowCounter) -> None:
        """Takes the next line, whatever it is."""
        self._lines += 1
        if is_blank(line) or line == self._header_text:
            return
        try:
            self._count_carefully(line, columns, rows)
        except BadRow as bad:
            self._take_what_is_no_row(line, str(bad), columns, rows)

    def _take_what_is_no_row(self, line: bytes, reason: str, columns: Columns, rows: RowCounter) -> None:
        """Takes a header inside of the file, or one that is glued to a row; else quarantines the line."""
        may_be_header = len(line) <= MAX_LINE and header_lines.may_name_columns(line)
        self._odd.met(line, self._lines, may_be_header=may_be_header)
        header = header_lines.repeated_header(line) if may_be_header else None
        if header and header.columns == columns:
            self._go_on_under(header, line, line, rows)
        elif may_be_header and (glued := header_lines.glued_header(line, columns)):
            self.quarantine.add(line, self._lines, str(BadRow(*_GLUED)))
            self._go_on_under(glued, line, b"", rows)
        elif header:
            what = f"line {self._lines} is another header, with the columns in other places"
            raise FileRejected(what, remedy=_SPLIT)
        else:
            self.quarantine.add(line, self._lines, reason)

    def _go_on_under(self, header: Header, line: bytes, text: bytes, rows: RowCounter) -> None:
        """Learns from a header, which a line is or ends with, how many fields its rows have."""
        proving = self.units.columns if self.units else None
        if not header_lines.leaves_unit(line, header, self._width, proving):
            what = f"line {self._lines} is another header, which leaves the unit of durations in doubt"
            raise FileRejected(what, remedy=_SPLIT)
        self._header_text = text
        rows.pass_over(text)
        if header.width == (self._header.width if self._header else self._width):
            return
        self._header, self._header_line = header, self._lines
        stands = header_lines.stands_alone(text, header)
        self._widen(header.width, text if stands else header_lines.plain_header(header), rows)

    def _widen(self, width: int, header: bytes, rows: RowCounter) -> None:
        self._width = width
        self.quarantine.header = header
        rows.widen(width)

    def _may_be_wider(self, width: int) -> bool:
        """Whether this is the first line under another header, and may have a field more than that."""
        header, next_line = self._header, self._header_line + 1
        return bool(header and header.is_full and (self._lines, width) == (next_line, header.width + 1))

    def _count_carefully(self, line: bytes, columns: Columns, rows: RowCounter) -> None:
        if self.units:
            self.units.check_what_is_known()
        if len(line) > MAX_LINE:
            raise BadRow(*_TOO_LONG)
        if b"\0" in line:
            raise BadRow("NUL byte in the row", "copy the file anew or remove it")
        fields = split_fields(line)
        if self._may_be_wider(len(fields)):
            self._widen(len(fields), self.quarantine.header + b",", rows)
        if len(fields) != self._width:
            raise other_width(len(fields), self._width)
        pair = fields[columns.source].strip(), fields[columns.destination].strip()
        date = fields[columns.timestamp].strip()[:DAY_WIDTH]
        check_addresses(*pair)
        try:
            when = day(date)
        except MonthFirst:
            self.evidence.saw_month_first(date.rstrip(), self._lines)
            raise
        microseconds, count = self.units.amounts(fields) if self.units else amounts(fields, *columns[3:])
        self.evidence.saw(when)
        rows.add((*pair, date), PairDay(address(pair[0]), address(pair[1]), when.iso), microseconds, count)
