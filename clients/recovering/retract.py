"""Taking a file's traffic out of the daily totals again."""

import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from models.bucket_layout import stem_and_digest
from models.errors import FlowtallyError, NotFound, UsageError
from models.flow_csv.flow_file import FlowFile, each_part, read_flow_file
from models.flow_csv.parts import PAIR_DAYS
from models.storage.daily_totals import DailyTotalsStore, source_of
from models.storage.file_records import FilesTable
from models.storage.schema import IN_TOTALS, PARTLY, File
from models.traffic import AddressScope, DaysOfWeek, PairWeek, address_prefix, by_week

CONNECTIONS = 16  # writes in flight
_FRESH = 60.0  # seconds for which a reading of the ledger is good


class Ledger:
    """The records of all files, read for several retractions at once: from many threads, by one of them.

    A retraction must know which other uploads its content came by, so what is older than a minute is read
    again.

    Args:
        files: the table.
        now: gives seconds.
    """

    def __init__(self, files: FilesTable, now: Callable[[], float] = time.monotonic) -> None:
        self._files = files
        self._now = now
        self._lock = threading.Lock()
        self._records: list[File] = []
        self._read_at = -math.inf

    def records(self) -> list[File]:
        """All of them, as they were at most a minute before; a retraction marks its own in them."""
        with self._lock:
            now = self._now()
            if now - self._read_at > _FRESH:
                self._records = list(self._files.all())
                self._read_at = now
            return self._records


class Retraction(NamedTuple):
    """What a retraction did."""

    taken_out: int  # pair-days
    not_in: int  # pair-days in which the file was not, or not any more
    partly: Sequence[str] = ()  # uploads that were counted in part; copies may lie in `rejected/`


@dataclass(frozen=True)
class Retractor:
    """Takes files out again, each pair and week once; safe to repeat and to interrupt.

    Args:
        daily_totals: where the traffic is counted, by a client for at least `CONNECTIONS` connections.
        files: where the fate of each file is recorded.
        address_scope: whether branches share their addresses.
        source_key: the secret by which files are named in the items that they contributed to.
        now: gives epoch seconds.
    """

    daily_totals: DailyTotalsStore
    files: FilesTable
    address_scope: AddressScope
    source_key: bytes
    now: Callable[[], float] = time.time

    def retract(self, branch: str, path: Path, records: Iterable[File]) -> Retraction:
        """Takes the content of a file out of the totals.

        Args:
            branch: who sent it.
            path: the file, with the content that was sent.
            records: the records of all files; those of this content are marked as retracted.

        Raises:
            FileRejected: it is no flow file.
            FlowtallyError: it cannot be read, or was counted under other rules than today's.
            ContentChanged: it changed while it was read; part of it is taken out, and can be again.
            NotFound: this content is not in the totals, and no upload of it is recorded as partly counted.
        """
        records = [record for record in records if self._is_concerned(record, branch)]
        with _reading(path) as reopen, ThreadPoolExecutor(CONNECTIONS) as pool:
            flows = _read(path)
            source, now = source_of(flows.digest, self.source_key), int(self.now())
            records = [record for record in records if _has_content(record, flows.digest)]
            _check_rules(flows, records, path)

            def take_out(entry: tuple[PairWeek, DaysOfWeek]) -> int:
                return len(entry[1]) if self.daily_totals.take_out_once(*entry, source, now) else 0

            taken_out = pair_days = 0
            for days in each_part(flows, reopen, PAIR_DAYS):
                pair_days += len(days)
                weeks = by_week(days, address_prefix(self.address_scope, branch))
                taken_out += sum(pool.map(take_out, weeks.items()))
        partly = tuple(f"{record.branch}/{record.key}" for record in records if record.state == PARTLY)
        for record in records:
            record.state = "retracted"
            self.files.put(record)
        if pair_days and not taken_out and not partly:
            raise NotFound(
                "this content is not counted",
                where=str(path),
                remedy="It was retracted before, or other content was sent under its name",
            )
        return Retraction(taken_out, pair_days - taken_out, partly)

    def other_uploads(self, state: File, records: Iterable[File]) -> list[str]:
        """By which other uploads the content of one is in the totals, too: it would go for all of them.

        Args:
            state: the record of the one.
            records: the records of all files.
        """
        return [
            f"{record.branch}/{record.key}"
            for record in records
            if record.digest == state.digest and self._is_concerned(record, state.branch)
            if (record.branch, record.key) != (state.branch, state.key)
        ]

    def _is_concerned(self, record: File, branch: str) -> bool:
        """Whether a record may be of what is taken out."""
        is_same_scope = self.address_scope == "enterprise" or record.branch == branch
        return is_same_scope and record.state in IN_TOTALS


def _has_content(record: File, digest: bytes) -> bool:
    """Whether a record is of this content; of what could not be read, the name tells if `upload` gave it."""
    if record.digest:
        return record.digest == digest
    named = stem_and_digest(record.key)
    return named is not None and digest.hex().startswith(named[1])


def _check_rules(flows: FlowFile, records: Iterable[File], path: Path) -> None:
    """What was counted under other rules must not be taken out by today's."""
    for record in records:
        counted, now = (record.rows, record.quarantined), (flows.rows, flows.quarantined)
        if record.rows is not None and counted != now:
            raise FlowtallyError(
                f"counted with {counted[0]:,} rows, {counted[1]:,} of them in quarantine; read now, it has "
                f"{now[0]:,} and {now[1]:,}",
                where=str(path),
                remedy="Use the version of flowtally that counted it, as its rules were others",
            )


def _read(path: Path) -> FlowFile:
    if path.is_dir():
        raise UsageError("a folder", where=str(path), remedy="Name the file that is to be taken out")
    try:
        with path.open("rb") as stream, Path(os.devnull).open("wb") as nowhere:
            return read_flow_file(stream, nowhere, PAIR_DAYS, path.name)
    except OSError as error:
        raise FlowtallyError(error.strerror or str(error), where=str(path)) from error


@contextmanager
def _reading(path: Path) -> Iterator[Callable[[], BinaryIO]]:
    """Opens a file as often as it is read, and closes what was opened."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(path.open("rb"))
