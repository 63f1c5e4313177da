"""Files of which another state was counted before: they are held back, or take its place.

The ledger has length, digest and first row of what was counted. The same first row under the same name is
another state of one file: what both states hold would count twice.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from models.errors import FileRejected
from models.flow_csv.byte_stream import content_blocks
from models.flow_csv.flow_file import read_flow_file
from models.flow_csv.parts import PAIR_DAYS
from models.storage.schema import COUNTED, File

TakeOut = Callable[[Path, File], object]

_GROWN = (
    "it has grown since it was counted as {key}, whose rows would count twice. `--replace` takes "
    "these out and sends the whole; better send files when they are finished"
)
_CORRECTED = (
    "another state of it was counted as {key}, and rows of both would count twice. Take that one "
    "out with `flowtally retract` and the earlier file; or say --force, if no row is in both"
)
_PARTLY = (
    "another state of it is only partly counted, as {key}, and rows of both would count twice. Complete "
    "that one with `flowtally redrive --rejected`, or take it out with `flowtally retract` and the earlier "
    "file; or say --force, if no row is in both"
)


def same_file(opened: IO[bytes], name: str, others: Sequence[File]) -> list[File]:
    """Those of the records that are of another state of a file.

    Args:
        opened: the file; it is read.
        name: its name.
        others: records of the same branch and name with other content.
    """
    known = [other for other in others if other.first_row]
    if not known:
        return []
    opened.seek(0)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            first_row = read_flow_file(opened, nowhere, PAIR_DAYS, name).first_row
    except FileRejected:  # it counts nothing
        return []
    return [other for other in known if other.first_row == first_row]


def held_reason(opened: IO[bytes], states: Sequence[File]) -> str:
    """Why a file with such earlier states is held back.

    Args:
        opened: the file; it is read.
        states: the records of the earlier ones, at least one.
    """
    for state in states:
        if state.state not in COUNTED:
            return _PARTLY.format(key=state.key)
        if not _begins_with(opened, state):
            return _CORRECTED.format(key=state.key)
    return _GROWN.format(key=states[0].key)


def may_be_replaced(opened: IO[bytes], state: File) -> bool:
    """Whether a file begins with exactly the content that was counted, and as a whole.

    Of what is partly counted, a copy waits to be completed, which would count again.
    """
    return state.state in COUNTED and _begins_with(opened, state)


def _begins_with(opened: IO[bytes], state: File) -> bool:
    digest = hashlib.sha256()
    for block in _beginning(opened, state.length or 0):
        digest.update(block)
    return digest.digest() == state.digest


def take_out_state(opened: IO[bytes], state: File, take_out: TakeOut) -> None:
    """Takes the content of an earlier state out, which the file begins with.

    Args:
        opened: the file; it is read.
        state: the record of the earlier state.
        take_out: is given a file with that content, and the record.
    """
    with TemporaryDirectory(prefix="flowtally-") as directory:
        path = Path(directory, Path(state.key).name)
        with path.open("wb") as beginning:
            beginning.writelines(_beginning(opened, state.length or 0))
        take_out(path, state)


def _beginning(opened: IO[bytes], length: int) -> Iterator[bytes]:
    """The first bytes of the uncompressed content; fewer if it has fewer, or breaks off."""
    opened.seek(0)
    left = length
    try:
        for block in content_blocks(opened):
            yield block[:left]
            left -= len(block)
            if left <= 0:
                return
    except FileRejected:
        return
