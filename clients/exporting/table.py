"""A table on its way into a file: columns and rows, one row at a time."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

Cell = str | int | float | None
Kind = Literal["text", "day", "integer", "number"]


class Column(NamedTuple):
    """One column.

    Attributes:
        name: what programs know it by, in JSON and Parquet.
        heading: what stands above it in CSV and Excel.
        kind: what its cells are; days are ISO 8601, a number that is not defined is None.
    """

    name: str
    heading: str
    kind: Kind


class Table(NamedTuple):
    """A table.

    Attributes:
        name: what a row is, in the plural.
        columns: the columns.
        rows: as many cells each, read once.
        deviation: `population` or `sample`.
    """

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]
    deviation: str = ""
