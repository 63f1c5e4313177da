"""Reads a flow file as a stream: exact totals per pair and day, and what could not be counted.

A row is a physical line (ended by LF, CRLF or CR) that is neither blank nor a header. Every row is
either counted once or quarantined with its line number and reason.

Memory is bounded, whatever a file holds. The first pass looks at every row and judges the file. If there are
too many pairs, it counts some of them; for each other part of the pairs, the file is read again. What is
counted becomes objects of Python's some at a time, as they take five times the memory.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from os import devnull
from typing import NamedTuple

from models.errors import ContentChanged, FileRejected
from models.flow_csv.byte_stream import Readable, content_blocks, whole_lines
from models.flow_csv.notes import Note
from models.flow_csv.parts import NO_LIMIT, Part, Pass, Unit
from models.flow_csv.quarantine import Quarantine, Reason, Sink
from models.flow_csv.reader import Reader
from models.traffic import CountedDay, PairDay, Totals, by_day

_FIRST_ROW_BYTES = 8

OnBlock = Callable[[], object]


def _nothing() -> None:
    """Nothing happens between blocks."""


class FlowFile(NamedTuple):
    """What one flow file says.

    Attributes:
        first: exact sums per pair and day, of all pairs if there are no `more` and no other `parts`; the
            addresses are canonical, without a branch.
        more: those of further pairs that were counted, made while they are taken, once.
        parts: the parts of the pairs that are still to be counted.
        digest: SHA-256 of the uncompressed content, 32 bytes.
        length: bytes of the uncompressed content.
        first_row: 8 bytes of a hash of the first row; nothing if there are no rows.
        rows: rows met, counted and quarantined ones of all pairs together.
        quarantined: rows written to the quarantine.
        days: with flows of any pair, ISO 8601, in order.
        commonest: the reason that most rows in the quarantine have; None if there are none.
        notes: what was assumed about the file.
        unit: of the durations, if it had to be proved.
    """

    first: list[CountedDay]
    more: Iterable[list[CountedDay]]
    parts: tuple[Part, ...]
    digest: bytes
    length: int
    first_row: bytes
    rows: int
    quarantined: int
    days: tuple[str, ...]
    commonest: Reason | None
    notes: tuple[Note, ...]
    unit: Unit | None

    @property
    def totals(self) -> dict[PairDay, Totals]:
        """The first ones, by pair and day: all of a file that was read without a limit."""
        return by_day(self.first)


def read_flow_file(
    stream: Readable,
    quarantine: Sink,
    limit: int = NO_LIMIT,
    name: str = "",
    on_block: OnBlock = _nothing,
) -> FlowFile:
    """Reads a CICFlowMeter CSV, plain or gzipped, to its end.

    Args:
        stream: the file's bytes; whatever its `read` raises passes through.
        quarantine: takes the quarantined rows as a CSV that can be corrected and read as a flow file of
            its own: the header, the rows' original bytes, line number and reason as further columns.
            Nothing is written when there are none.
        limit: distinct pair-days in hand at most; if there are more, some parts are left to be read, and
            of those in hand, some are given as `more`. Give `PAIR_DAYS`, or none if all totals are wanted at
            once, whatever memory they take.
        name: the file's; a date in it helps to tell whether dates are month first.
        on_block: is called for each block of the content; whatever it raises passes through.

    Raises:
        FileRejected: the file can never be read; `found` says what is missing and what is there.
    """
    content = _Content(stream, on_block)
    reader = Reader(Quarantine(quarantine), Pass(limit=limit), name)
    reader, portions = _judge(reader, whole_lines(content.blocks()), quarantine)
    first, (part, in_hand) = next(portions, []), reader.counted
    return FlowFile(
        first=first,
        more=portions if in_hand > len(first) else (),
        parts=Part().behind(part, in_hand, limit),
        digest=content.digest(),
        length=content.length,
        first_row=_short_hash(reader.first_row),
        rows=reader.rows + reader.quarantine.rows,
        quarantined=reader.quarantine.rows,
        days=tuple(sorted(reader.evidence.days)),
        commonest=reader.quarantine.commonest,
        notes=tuple(reader.notes),
        unit=reader.units.unit if reader.units else None,
    )


def each_part(
    flows: FlowFile, reopen: Callable[[], Readable], limit: int = NO_LIMIT, on_block: OnBlock = _nothing
) -> Iterator[list[CountedDay]]:
    """Gives the totals of all pairs, some at a time, reading the file again for each part but the first.

    Args:
        flows: what the first pass found. Its totals are given first.
        reopen: opens the file again, with the content that it had.
        limit: distinct pair-days in hand at most.
        on_block: as in `read_flow_file`.

    Yields:
        Totals per pair and day; all days of a pair are given at once. They are emptied before the next ones
        are made, those of `flows`, too: no two are held at a time.

    Raises:
        ContentChanged: the content is another than in the first pass; nothing of that part was given.
    """
    yield from _emptied(chain([flows.first], flows.more))
    left = list(flows.parts)
    while left:
        portions, more = read_part(reopen(), flows, left.pop(0), limit, on_block)
        left += more
        yield from _emptied(portions)


def _emptied(portions: Iterable[list[CountedDay]]) -> Iterator[list[CountedDay]]:
    """The same ones, each emptied before the next is made."""
    for days in portions:
        yield days
        days.clear()


def read_part(
    stream: Readable, flows: FlowFile, part: Part, limit: int = NO_LIMIT, on_block: OnBlock = _nothing
) -> tuple[Iterator[list[CountedDay]], tuple[Part, ...]]:
    """Reads a file again, for another part of its pairs.

    Args:
        stream: the file's bytes, from their beginning.
        flows: what the first pass found.
        part: the part, one of `flows.parts` or of those that another part left.
        limit: distinct pair-days in hand at most.
        on_block: as in `read_flow_file`.

    Returns:
        The totals, some at a time, and the parts that are left of this one; hardly ever any.

    Raises:
        ContentChanged: the content is another than in the first pass.
    """
    content = _Content(stream, on_block)
    with open(devnull, "wb") as nowhere:  # noqa: PTH123  # no path of ours
        reader = Reader(Quarantine(nowhere), Pass(part, limit, flows.unit, is_first=False))
        for text, is_whole in whole_lines(content.blocks()):
            reader.take(text, is_whole)
        portions = reader.end()
    if content.digest() != flows.digest:
        raise ContentChanged("the content is another than when it was read first")
    return portions, part.behind(*reader.counted, limit)


def check_first_block(block: bytes, name: str = "", *, is_all: bool) -> FileRejected | None:
    """Judges a file by the first block of its content alone, in the way in which `read_flow_file` reads it.

    Args:
        block: the first one that `content_blocks` gives; empty if it gives none.
        name: the file's, as for `read_flow_file`.
        is_all: whether there is no other.

    Returns:
        What the file will be rejected for unless the rest speaks against that; None if there is nothing.

    Raises:
        FileRejected: `read_flow_file` will raise the same, whatever the rest is.
    """
    lines = list(whole_lines(iter([block]), is_cut=not is_all))
    if not lines and not is_all:  # the first line is longer
        return None
    with open(devnull, "wb") as nowhere:  # noqa: PTH123  # no path of ours
        reader = Reader(Quarantine(nowhere), Pass(), name)
        for text, is_whole in lines:
            reader.take(text, is_whole)
        try:
            if reader.is_unit_wanted:
                _in_both_units(reader, lines, nowhere)
            else:
                reader.end()
        except FileRejected as rejection:
            if is_all:
                raise
            return rejection
    return None


class _Content:
    """The blocks of a content, measured and hashed while they are read."""

    def __init__(self, stream: Readable, on_block: OnBlock) -> None:
        self.length = 0
        self._on_block = on_block
        self._stream = stream
        self._hash = hashlib.sha256()

    def blocks(self) -> Iterator[bytes]:
        for block in content_blocks(self._stream):
            self._on_block()
            self._hash.update(block)
            self.length += len(block)
            yield block

    def digest(self) -> bytes:
        return self._hash.digest()


def _judge(
    reader: Reader, lines: Iterator[tuple[bytes, bool]], quarantine: Sink
) -> tuple[Reader, Iterator[list[CountedDay]]]:
    """Reads to the end, in both units if need be; gives the reader that counts, and what it counted."""
    for text, is_whole in lines:
        reader.take(text, is_whole)
        if reader.is_unit_wanted:
            return _in_both_units(reader, chain([(text, is_whole)], lines), quarantine)
    return reader, reader.end()


def _in_both_units(
    start: Reader, lines: Iterable[tuple[bytes, bool]], quarantine: Sink
) -> tuple[Reader, Iterator[list[CountedDay]]]:
    from models.flow_csv.both_units import read_in_both_units  # noqa: PLC0415  # few files need it

    return read_in_both_units(start, lines, quarantine)


def _short_hash(row: bytes) -> bytes:
    return hashlib.blake2b(row, digest_size=_FIRST_ROW_BYTES).digest() if row else b""
