"""Tables as Excel workbooks, with XlsxWriter, a row at a time; a new sheet where one is full."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from clients.exporting.table import Column, Table
from models.errors import UsageError
from models.visible import visible

ROWS_OF_A_SHEET = 1_048_576  # Excel's own limit, the header among them
_EXACT = 10**15  # Excel keeps 15 digits; what has more stands as text
_WIDTHS = {"text": 18, "day": 11, "integer": 16, "number": 22}  # characters

_date = lru_cache(maxsize=4096)(date.fromisoformat)
_Put = Callable[[Any, int, int, Any], Any]


def write_excel(file: BinaryIO, table: Table, rows_of_a_sheet: int = ROWS_OF_A_SHEET) -> None:
    """Writes a workbook: numbers as numbers, days as dates, all else as text that is never a formula.

    Args:
        file: where to.
        table: what.
        rows_of_a_sheet: how many a sheet has at most, with its header.

    Raises:
        UsageError: XlsxWriter is not installed.
    """
    xlsxwriter = _xlsxwriter()
    with TemporaryDirectory(prefix="flowtally-") as directory:  # rows lie there until the end
        workbook = xlsxwriter.Workbook(_Forgiving(file), {"constant_memory": True, "tmpdir": directory})
        workbook.use_zip64()
        try:
            _fill(workbook, table, rows_of_a_sheet)
            workbook.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise error.args[0] from None  # what the file said
        finally:
            for sheet in workbook.worksheets():
                sheet._opt_close()


class _Exact(float):
    """A number that is written with all its digits: XlsxWriter has 16 of the 17 that a double may need."""

    def __format__(self, _spec: str) -> str:
        return repr(float(self))


class _Forgiving:
    """A file that takes all that comes after an error.

    The archive within a workbook writes its end when it is thrown away, and would complain once more.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._has_failed = False

    def write(self, block: bytes) -> int:
        if self._has_failed:
            return len(block)
        try:
            return self._file.write(block)
        except OSError:
            self._has_failed = True
            raise

    def flush(self) -> None:
        if not self._has_failed:
            self._file.flush()


def _fill(workbook: Any, table: Table, rows_of_a_sheet: int) -> None:
    sheets = 0
    number = rows_of_a_sheet  # of the next row: the sheet is full
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    bold = workbook.add_format({"bold": True})
    put = [_puts(day)[column.kind] for column in table.columns]
    sheet = None
    for row in table.rows:
        if number >= rows_of_a_sheet:
            sheets += 1
            sheet = _new_sheet(workbook, f"{table.name} {sheets}" if sheets > 1 else table.name, table, bold)
            number = 1
        for place, (cell, write) in enumerate(zip(row, put, strict=True)):
            write(sheet, number, place, cell)
        number += 1


def _new_sheet(workbook: Any, name: str, table: Table, bold: Any) -> Any:
    sheet = workbook.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, _width(column))
        sheet.write_string(0, place, column.heading, bold)
    return sheet


def _width(column: Column) -> int:
    return max(_WIDTHS[column.kind], len(column.heading))


def _puts(day: Any) -> dict[str, _Put]:
    """How a cell of each kind is written."""
    return {
        "text": lambda sheet, row, place, cell: sheet.write_string(row, place, visible(cell)),
        "day": lambda sheet, row, place, cell: sheet.write_datetime(row, place, _date(cell), day),
        "integer": _put_integer,
        "number": lambda sheet, row, place, cell: (
            cell is None or sheet.write_number(row, place, _Exact(cell))
        ),
    }


def _put_integer(sheet: Any, row: int, place: int, cell: int) -> None:
    if abs(cell) < _EXACT:
        sheet.write_number(row, place, cell)
    else:
        sheet.write_string(row, place, str(cell))


def _xlsxwriter() -> Any:
    try:
        import xlsxwriter  # noqa: PLC0415  # an extra
        import xlsxwriter.exceptions  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            "Excel files need XlsxWriter, which is not installed", remedy='pip install "flowtally[excel]"'
        ) from error
    return xlsxwriter
