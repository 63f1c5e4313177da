"""Tables as JSON: one document, or an object a line."""

import json
from collections.abc import Iterator
from typing import BinaryIO

import orjson

from clients.exporting.table import Cell, Table
from models.visible import visible_json


def write_json_lines(file: BinaryIO, table: Table) -> None:
    """Writes an object a line, by the names of the columns."""
    for row in _objects(table):
        file.write(row + b"\n")


def write_json(file: BinaryIO, table: Table) -> None:
    """Writes one document: what the deviations are of, and the rows by the name of the table."""
    head = json.dumps({"deviation": table.deviation})[:-1]
    file.write(f'{head}, "{table.name}": ['.encode())
    between = b"\n"
    for row in _objects(table):
        file.write(between + row)
        between = b",\n"
    file.write(b"\n]}\n")


def _objects(table: Table) -> Iterator[bytes]:
    names = [column.name for column in table.columns]
    for row in table.rows:
        yield _encoded(dict(zip(names, row, strict=True)))


def _encoded(row: dict[str, Cell]) -> bytes:
    try:
        text = orjson.dumps(row).decode()
    except TypeError:  # an integer of more than 64 bits
        text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    return visible_json(text).encode()
