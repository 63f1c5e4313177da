"""Files that are small on their way and huge when they are opened, or huge in one place.

Each must be read or rejected in memory that does not depend on its size, and in time that does not grow
faster than it.
"""

import io
import zlib
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from models.errors import FileRejected
from models.flow_csv.flow_file import read_flow_file
from tests.fuzz.recipes import HEADER, ROW

MIB = 1 << 20


class Giant(NamedTuple):
    """A content of some beginning and a piece that is repeated."""

    name: str
    beginning: bytes
    piece: bytes
    times: int
    is_gzipped: bool = False


class GiantStream:
    """A giant, made while it is read."""

    def __init__(self, giant: Giant) -> None:
        self._blocks = _gzipped(giant) if giant.is_gzipped else _plain(giant)
        self._held = b""

    def read(self, size: int, /) -> bytes:
        for block in self._blocks:
            self._held += block
            if len(self._held) >= size:
                break
        block, self._held = self._held[:size], self._held[size:]
        return block


class Sink(io.RawIOBase):
    """A quarantine that keeps nothing."""

    def write(self, data: object) -> int:
        assert isinstance(data, bytes)
        return len(data)


def read_giant(giant: Giant) -> str:
    """Reads it and says what came of it."""
    try:
        flows = read_flow_file(GiantStream(giant), Sink())
    except FileRejected as rejected:
        return f"rejected: {rejected.found}"
    counted = sum(totals.flows for totals in flows.totals.values())
    assert counted + flows.quarantined == flows.rows
    return f"{counted} rows counted, {flows.quarantined} in quarantine"


def giants(random: Random, size: int) -> Iterator[Giant]:
    """Each kind twice: of `size` bytes, and a gzip bomb of eight times as much."""
    line, cell = HEADER + b"\n", random.choice([b",", b"12,", b'"",', b'"12",', b"\0,"])
    wide = cell * min(1_000_000, (MIB - 100) // len(cell))  # as long as a line may be that is still split
    for name, beginning, piece in (
        ("a line without end", line, random.randbytes(64).translate(None, b"\r\n") or b"x"),
        ("a first line without end", b"", b"Src IP,"),
        ("a million columns", line, ROW + b"," + wide + b"\n"),
        ("more columns than a line may have", line + ROW, cell),
        ("a header of a million columns", HEADER + b"," + wide + b"\n", ROW + b"," + wide + b"\n"),
        ("a header that is too long", HEADER, b",x"),
        ("a field without end", line + b"10.0.0.1,10.0.0.2,07/12/2022,1,", b"9"),
        ("a quote that is never closed", line + b'"', ROW + b"\n"),
        ("blank lines", line, random.choice([b"\n", b"\r", b"\r\n", b" \t\n"])),
        ("torn rows", line, ROW[: random.randrange(len(ROW))] + b"\n"),
        ("rows of many widths", line, b"".join(b"," * width + b"\n" for width in range(200))),
        ("headers only", line, HEADER + b"\n"),
        ("good rows", line, ROW + b"\r\n"),
        ("NUL bytes", line, b"\0" * 4096),
        ("NUL rows", line, b"\0\n"),
        ("deep Unicode", line, "𝟛\u2028\u0301\U0010ffff,".encode()),
        ("quotes", line, b'"'),
        ("pairs of quotes", line, b'"",' * 40 + b"\n"),
    ):
        yield Giant(name, beginning, piece, 1 + size // len(piece))
        yield Giant(f"{name}, gzipped", beginning, piece, 1 + 8 * size // len(piece), is_gzipped=True)


def _plain(giant: Giant) -> Iterator[bytes]:
    yield giant.beginning
    block = giant.piece * max(1, MIB // 8 // len(giant.piece))
    left = len(giant.piece) * giant.times
    while left > 0:
        yield block[:left]
        left -= len(block)


def _gzipped(giant: Giant) -> Iterator[bytes]:
    packer = zlib.compressobj(1, wbits=31)
    for block in _plain(giant):
        yield packer.compress(block)
    yield packer.flush()
