"""A listing: rows of something, as a table for people and with exact values for programs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from rich.table import Table

from clients.terminal.console import add_column, out, say, table
from models.visible import visible_lines

_GAP = "  "  # between the columns of plain rows


def _as_it_is(value: Any) -> str:
    return visible_lines(str(value))


class Column(NamedTuple):
    """One column.

    Args:
        name: what programs know it by, in JSON and CSV; empty if it is for people alone.
        value: its value of a row: a text, a number, or None.
        heading: what people read above it; empty if it is for programs alone.
        shown: how people read a value; by default as it is, with whatever cannot be seen spelled out.
        kind: `text`, `integer` or `number`; numbers are aligned to the right.
    """

    name: str
    value: Callable[[Any], Any]
    heading: str = ""
    shown: Callable[[Any], str] = _as_it_is
    kind: str = "text"

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.kind != "text"


@dataclass(frozen=True)
class Listing:
    """Rows of something.

    Args:
        name: what programs know it by.
        title: what people read above it.
        columns: the columns.
        rows: whatever the columns take their values from.
        remark: what people read below it, if there are any rows.
        is_shown_empty: whether people see it when there are no rows, too.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Any]
    remark: str = ""
    is_shown_empty: bool = True

    def objects(self) -> list[dict[str, Any]]:
        """The rows for programs, by the names of the columns."""
        columns = [column for column in self.columns if column.name]
        return [{column.name: column.value(row) for column in columns} for row in self.rows]

    def print(self) -> None:
        """Prints it for people: as a table on a terminal, else as plain rows, one a line."""
        if not self.rows and not self.is_shown_empty:
            return
        if out.is_terminal:
            out.print(self.as_table())
        else:
            for line in self._lines():
                say_result(line)
        if self.remark and self.rows:
            say(f"{self.remark}\n")

    def _for_people(self) -> list[Column]:
        return [column for column in self.columns if column.heading]

    def _cells(self) -> Iterator[list[str]]:
        columns = self._for_people()
        for row in self.rows:
            yield [column.shown(column.value(row)) for column in columns]

    def as_table(self) -> Table:
        """It as a table for a terminal."""
        columns = self._for_people()
        made = table(self.title)
        for column in columns:
            add_column(made, column.heading, is_number=column.is_number)
        for cells in self._cells():
            made.add_row(*cells)
        return made

    def _lines(self) -> Iterator[str]:
        """Title, headings and rows, each a line, however wide."""
        columns = self._for_people()
        grid = [[column.heading for column in columns], *self._cells()]
        grid = [[" ".join(cell.split("\n")) for cell in cells] for cells in grid]
        widths = [max(map(len, cells)) for cells in zip(*grid, strict=True)]
        yield self.title
        for cells in grid:
            aligned = (
                cell.rjust(width) if column.is_number else cell.ljust(width)
                for cell, width, column in zip(cells, widths, columns, strict=True)
            )
            yield _GAP.join(aligned).rstrip()
        yield ""


def shape_of(columns: Sequence[Column]) -> dict[str, str]:
    """What a row is to programs: the kind of each value by its name."""
    return {column.name: column.kind for column in columns if column.name}


def say_result(line: str) -> None:
    """Prints a line of a result, whole."""
    out.print(line, soft_wrap=True)
