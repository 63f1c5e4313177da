"""Tables as CSV that spreadsheets and programs read as it is."""

import codecs
import csv
import gzip
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import BinaryIO

from clients.exporting.locales import POINTS, NumberFormat
from clients.exporting.table import Cell, Table
from models.visible import visible

# What begins a formula, in the wide forms of East Asian keyboards too; in the middle of a text behind what
# separates cells in another language than the one that the file was written for.
_FORMULA = re.compile(r"(^|[,;])(?=[=+\-@\t\r＝＋－＠])")
_LEVEL = 6  # of gzip: what smaller files cost beyond is not worth it


@lru_cache(maxsize=4096)
def safe_text(text: str) -> str:
    """A text that acts on no terminal and that no spreadsheet takes for a formula.

    What cannot be seen is spelled out; what would begin a formula gets an apostrophe before it.
    """
    return visible(_FORMULA.sub(r"\1'", text))


def safe_cell(value: Cell) -> Cell:
    """The same of any cell: numbers stay as they are."""
    return safe_text(value) if isinstance(value, str) else value


def write_csv(file: BinaryIO, table: Table, numbers: NumberFormat = POINTS) -> None:
    """Writes a table with a header.

    Args:
        file: where to.
        table: what.
        numbers: how numbers are written.
    """
    text = codecs.getwriter("utf-8")(file)
    writer = csv.writer(text, lineterminator="\n", delimiter=numbers.separator)
    writer.writerow([column.heading for column in table.columns])
    writer.writerows(_lines(table, numbers))


def write_compressed_csv(file: BinaryIO, table: Table, numbers: NumberFormat = POINTS) -> None:
    """Writes a table with a header, compressed; the same table gives the same bytes."""
    with gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as compressed:
        write_csv(compressed, table, numbers)  # type: ignore[arg-type]  # is one, and its stub says otherwise


def _lines(table: Table, numbers: NumberFormat) -> Iterator[Sequence[Cell]]:
    texts = [place for place, column in enumerate(table.columns) if column.kind == "text"]
    floats = [place for place, column in enumerate(table.columns) if column.kind == "number"]
    has_points = numbers.decimal == "."
    for row in table.rows:
        cells = list(row)
        for place in texts:
            cells[place] = safe_cell(cells[place])
        if not has_points:
            for place in floats:
                cells[place] = _with_comma(cells[place], numbers.decimal)
        yield cells


def _with_comma(cell: Cell, decimal: str) -> Cell:
    return None if cell is None else repr(cell).replace(".", decimal)
