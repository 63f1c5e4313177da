"""Reads a flow file as a stream: exact totals per pair and day, and what could not be counted.

A row is a physical line (ended by LF, CRLF or CR) that is neither blank nor a header. Every row is
either counted once or quarantined with its line number and reason. Memory does not grow with the rows,
only with the distinct pair-days.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import IO, NamedTuple

from models.flow_csv.byte_stream import Readable, content_blocks, whole_lines
from models.flow_csv.quarantine import Quarantine
from models.flow_csv.reader import Reader
from models.traffic import PairDay, Totals


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
    set_aside = Quarantine(quarantine)
    reader = Reader(set_aside)
    for text, is_whole in whole_lines(_shown_to(digest.update, content_blocks(stream))):
        if is_whole:
            reader.take_lines(text)
        else:
            reader.take_piece(text)
    totals = reader.end()
    return FlowFile(
        totals=totals,
        digest=digest.digest(),
        rows=sum(day.flows for day in totals.values()) + set_aside.rows,
        quarantined=set_aside.rows,
        notes=tuple(reader.notes),
    )


def _shown_to(observer: Callable[[bytes], None], blocks: Iterable[bytes]) -> Iterator[bytes]:
    for block in blocks:
        observer(block)
        yield block
