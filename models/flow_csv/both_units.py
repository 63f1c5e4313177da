"""Reads a file of the Python cicflowmeter in both units: only at its end its rows have proved which it is."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO

from models.errors import FileRejected
from models.flow_csv.parts import Unit
from models.flow_csv.quarantine import MAX_QUARANTINE, Quarantine, Sink
from models.flow_csv.reader import Reader
from models.traffic import CountedDay

_SPOOL = 1 << 20  # bytes of quarantined rows held in memory, more go to disk
_QUARANTINE = MAX_QUARANTINE // 4  # bytes: on the disk there are two at a time, and the one that is kept


def read_in_both_units(
    start: Reader, lines: Iterable[tuple[bytes, bool]], sink: Sink
) -> tuple[Reader, Iterator[list[CountedDay]]]:
    """Reads a file from its header on.

    Args:
        start: has taken the lines before the header.
        lines: from the header on, as `models.flow_csv.byte_stream.whole_lines` gives them.
        sink: takes the quarantine.

    Returns:
        The reader in the unit that the rows prove, and what it counted.

    Raises:
        FileRejected: the file can never be read.
    """
    with ExitStack() as files:
        candidates = [
            _Candidate(unit, start, files.enter_context(SpooledTemporaryFile(_SPOOL))) for unit in Unit
        ]
        for text, is_whole in lines:
            for candidate in candidates:
                candidate.take(text, is_whole)
        unit = _proved(candidates)
        (proved,) = (candidate for candidate in candidates if candidate.unit is unit)
        if proved.rejection:
            raise proved.rejection
        portions = proved.reader.end()
        proved.rows.seek(0)
        shutil.copyfileobj(proved.rows, sink)
        return proved.reader, portions


def _proved(candidates: Sequence["_Candidate"]) -> Unit:
    """The unit that the rows prove; whoever read all of them knows."""
    rejections = [candidate.rejection for candidate in candidates if candidate.rejection]
    if len(rejections) == len(candidates):
        raise rejections[0]
    (units, *_) = (each.reader.units for each in candidates if each.reader.units and not each.rejection)
    return units.proved()


class _Candidate:
    """A reading in one of the units. That it fails counts only if it is the one."""

    def __init__(self, unit: Unit, start: Reader, rows: IO[bytes]) -> None:
        self.unit = unit
        self.rows = rows
        self.reader = start.for_unit(unit, Quarantine(rows, _QUARANTINE))
        self.rejection: FileRejected | None = None

    def take(self, text: bytes, is_whole: bool) -> None:  # as `Reader.take`
        if self.rejection:
            return
        try:
            self.reader.take(text, is_whole)
        except FileRejected as rejection:
            self.rejection = rejection
