"""Tables as Parquet, with pyarrow, a group of rows at a time."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any, BinaryIO

from clients.exporting.table import Cell, Table
from models.errors import FlowtallyError, UsageError

_ROWS_OF_A_GROUP = 1 << 16  # in memory at a time

_date = lru_cache(maxsize=4096)(date.fromisoformat)


def write_parquet(file: BinaryIO, table: Table, rows_of_a_group: int = _ROWS_OF_A_GROUP) -> None:
    """Writes a table; days are dates, integers have 64 bits.

    Raises:
        UsageError: pyarrow is not installed.
        FlowtallyError: an integer has more than 64 bits.
    """
    arrow, parquet = _pyarrow()
    types = {
        "text": arrow.string(),
        "day": arrow.date32(),
        "integer": arrow.int64(),
        "number": arrow.float64(),
    }
    schema = arrow.schema([(column.name, types[column.kind]) for column in table.columns])
    with parquet.ParquetWriter(file, schema) as writer:
        for group in _groups(table, rows_of_a_group):
            columns = [
                _array(arrow, cells, column.kind, types[column.kind])
                for column, cells in zip(table.columns, zip(*group, strict=True), strict=True)
            ]
            writer.write_batch(arrow.record_batch(columns, schema=schema))


def _groups(table: Table, size: int) -> Iterator[Sequence[Sequence[Cell]]]:
    rows = iter(table.rows)
    while group := list(islice(rows, size)):
        yield group


def _array(arrow: Any, cells: Sequence[Cell], kind: str, type_: Any) -> Any:
    values = [_date(str(cell)) for cell in cells] if kind == "day" else cells
    try:
        return arrow.array(values, type_)
    except (OverflowError, arrow.ArrowInvalid) as error:
        raise FlowtallyError(
            f"an integer does not fit into the 64 bits that Parquet has for it ({max(map(_size, cells))})",
            remedy="Export to CSV or JSON, which hold every digit",
        ) from error


def _size(cell: Cell) -> int:
    return cell if isinstance(cell, int) else 0


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow  # noqa: PLC0415  # an extra, which takes long to load
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            "Parquet needs pyarrow, which is not installed", remedy='pip install "flowtally[parquet]"'
        ) from error
    return pyarrow, parquet
