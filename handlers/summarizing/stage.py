"""The first stage: one uploaded file into the daily totals, exactly once.

Order is what makes it safe. Quarantined rows are written before anything is counted, everything is
counted before the object is deleted, and the object is deleted before the message. A worker may die
between any two steps: the message comes again, and finds what is missing.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from botocore.exceptions import ClientError

from handlers.concurrency import ForEach
from handlers.summarizing.counting import Counting
from handlers.summarizing.delivery import KILLED, Delivery, cut_off
from handlers.summarizing.file_fates import describe, is_counted, last_known, log_completed, record_fate
from handlers.summarizing.passes import Passes, VersionLost
from handlers.summarizing.quarantined_rows import QuarantinedRows
from handlers.summarizing.unreadable import why_unreadable
from models.bucket_layout import (
    check_incoming_key,
    is_folder_marker,
    name_in_rejected,
    quarantine_key,
    rejected_key,
)
from models.errors import FileRejected, RunCutShort, TryAgain, error_code
from models.flow_csv.flow_file import FlowFile, read_flow_file
from models.flow_csv.parts import PAIR_DAYS
from models.s3_events import UploadedObject, uploaded_objects
from models.storage.daily_totals import DailyTotalsStore, source_of
from models.storage.file_records import FilesTable
from models.storage.objects import StoredObject, copy_object
from models.storage.schema import PARTLY, File
from models.traffic import AddressScope, PairWeek, address_prefix, by_week

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

log = logging.getLogger("flowtally.summarize")

_VERSIONS = 5  # of an object that is overwritten while it is read, before its message goes back
_SPOOL = 1 << 20  # bytes of quarantined rows held in memory, more go to disk
_NAMED = 10  # full items, in the reason of a file that is partly counted
_REASON = 1000  # characters of a rejection's reason kept with the object; S3 takes 2 KB of metadata


class Changed(Exception):
    """The object is not the one any more that was read."""


class _Version(NamedTuple):
    """An object as it was when it was opened."""

    uploaded: UploadedObject
    etag: str
    prefix: str  # of the addresses in it


@dataclass(frozen=True)
class Summarizer:
    """Counts uploaded files. Knows neither Lambda nor systemd: time, settings and clients are given.

    Args:
        s3: where the files are.
        daily_totals: where the traffic is counted.
        files: where the fate of each file is recorded.
        address_scope: whether branches share their addresses.
        source_key: the secret by which files are named in the items that they contributed to.
        now: gives epoch seconds.
        for_each: how writes run side by side.
        pair_days: of a file in hand at most; if it has more, it is read again for each further part of them.
    """

    s3: "S3Client"
    daily_totals: DailyTotalsStore
    files: FilesTable
    address_scope: AddressScope
    source_key: bytes
    now: Callable[[], float]
    for_each: ForEach
    pair_days: int = PAIR_DAYS

    def process(
        self, body: str, receives: int, time_left: Callable[[], float] = lambda: inf, deaths: int = 0
    ) -> None:
        """Brings every object that a message of the queue names to its end.

        Args:
            body: the message, an S3 notification.
            receives: how many times the message was delivered, this time included.
            time_left: gives the seconds until the run is cut off.
            deaths: how many processes were killed for want of memory while they worked on it, if known.

        Raises:
            RunCutShort: there was no time to finish; deliver the message again at once.
            Exception: whatever went wrong; object and message must stay, and be delivered again.
        """
        for uploaded in uploaded_objects(body):
            self._process_object(uploaded, Delivery(receives, time_left, deaths))

    def _process_object(self, uploaded: UploadedObject, delivery: Delivery) -> None:
        for _ in range(_VERSIONS):
            try:
                source = self._open(uploaded)
                if source is None:
                    log.info("file is gone: processed before, or withdrawn", extra={"file": uploaded.key})
                    return
                if is_folder_marker(uploaded.key, source["ContentLength"]):
                    return
                self._process_version(uploaded, source, delivery)
            except FileRejected as unreadable:
                self._leave(uploaded, unreadable.found, delivery)
                return
            except Changed:
                log.info("file changed while it was read, reading it again", extra={"file": uploaded.key})
            else:
                return
        raise TryAgain("the object keeps changing", where=uploaded.key)

    def _process_version(self, uploaded: UploadedObject, source: Any, delivery: Delivery) -> None:
        record = File(
            branch=uploaded.branch,
            key=uploaded.name,
            arrived_at=int(source["LastModified"].timestamp()),
            attempts=delivery.receives,
        )
        if delivery.is_deadly:
            record = last_known(self.files, record)
            record.state, record.reason = PARTLY, KILLED
            self._set_aside(uploaded, source, KILLED)
        else:
            self._bring_to_its_end(uploaded, source, record, delivery)
        record.completed_at = int(self.now())
        record_fate(self.files, record)
        self._delete(uploaded, source["ETag"])
        log_completed(uploaded.key, record)

    def _bring_to_its_end(
        self, uploaded: UploadedObject, source: Any, record: File, delivery: Delivery
    ) -> None:
        """Reads and counts a file, or sets it aside; the record says what became of it."""
        with SpooledTemporaryFile(_SPOOL) as spool:
            quarantined_rows = QuarantinedRows(spool, source["ContentLength"])
            try:
                check_incoming_key(uploaded.key)
                prefix = address_prefix(self.address_scope, uploaded.branch)
                flows = self._read(uploaded, source["Body"], quarantined_rows, delivery)
            except FileRejected as rejection:
                record.state, record.reason = "rejected", str(rejection)
                self._set_aside(uploaded, source, record.reason)
                record.key = name_in_rejected(uploaded.key, source["ETag"])
            else:
                for note in flows.notes:
                    log.info("file read on an assumption", extra={"file": uploaded.key, "note": note.text})
                self._quarantine(uploaded.bucket, flows, quarantined_rows)
                describe(record, flows)
                self._count(_Version(uploaded, source["ETag"], prefix), flows, record, delivery)
                if record.reason:
                    self._set_aside(uploaded, source, record.reason)

    def _open(self, uploaded: UploadedObject) -> Any:
        """The object as S3 gives it, or None if it is gone.

        The role may list the bucket, so a missing object is a 404; a 403 is a missing permission and
        goes back to the queue like any other failure.

        Raises:
            FileRejected: the way in which it is kept lets nobody read it.
        """
        try:
            return self.s3.get_object(Bucket=uploaded.bucket, Key=uploaded.key)
        except ClientError as error:
            if error_code(error) in ("NoSuchKey", "404"):
                return None
            if reason := why_unreadable(error):
                raise FileRejected(reason) from error
            raise

    def _leave(self, uploaded: UploadedObject, reason: str, delivery: Delivery) -> None:
        """Records that an object is rejected; it stays, as what cannot be read cannot be copied."""
        now = int(self.now())
        record = File(
            branch=uploaded.branch,
            key=uploaded.name,
            state="rejected",
            reason=reason,
            arrived_at=now,
            completed_at=now,
            attempts=delivery.receives,
        )
        record_fate(self.files, record)
        log_completed(uploaded.key, record)

    def _read(
        self, uploaded: UploadedObject, body: Any, rows: QuarantinedRows, delivery: Delivery
    ) -> FlowFile:
        """Reads a file to its end.

        Raises:
            FileRejected: it can never be read, or not in the time that a run has.
        """
        try:
            flows = read_flow_file(body, rows, self.pair_days, uploaded.key, delivery.check_time)
        except RunCutShort as cut:
            if not delivery.is_fruitless:
                raise
            raise cut_off("it was not read to its end") from cut
        rows.end()
        return flows

    def _quarantine(self, bucket: str, flows: FlowFile, rows: QuarantinedRows) -> None:
        """Keeps the rows that do not count, once per content: the first verdict stands."""
        if not flows.quarantined:
            return
        key = quarantine_key(flows.digest)
        try:
            self.s3.put_object(Bucket=bucket, Key=key, Body=rows.packed(), IfNoneMatch="*")
        except ClientError as error:
            if error_code(error) != "PreconditionFailed":
                raise

    def _count(self, version: _Version, flows: FlowFile, record: File, delivery: Delivery) -> None:
        """Adds the file's totals, reading it again where it has more pairs than are held at a time.

        The record says what came of it; it has a reason if the file is not counted as a whole.
        """
        source = source_of(flows.digest, self.source_key)
        counting = Counting(self.daily_totals, source, self.now, delivery.check_time, self.for_each)
        passes = Passes(self.s3, version.uploaded, version.etag, self.pair_days, delivery.check_time)
        try:
            for days in passes.parts(flows):
                weeks = by_week(days, version.prefix)
                days.clear()
                counting.add(weeks, looks_first=delivery.receives > 1)
        except VersionLost as lost:
            self._record_lost(version.uploaded, record, lost)
            raise Changed from lost
        except RunCutShort:
            if counting.has_added or not delivery.is_fruitless:
                raise
            record.state = PARTLY if counting.is_begun else "rejected"
            record.reason = str(cut_off("nothing more of it was counted"))
        else:
            if counting.full:
                record.state, record.reason = PARTLY, _reason_of(counting.full)
            elif delivery.receives == 1 and flows.days and not counting.has_added:
                record.state = "duplicate"

    def _record_lost(self, uploaded: UploadedObject, record: File, lost: VersionLost) -> None:
        """Records that some of a version is counted that is not there any more."""
        if lost.is_gone and is_counted(self.files, record):
            return
        record.state, record.reason = PARTLY, str(lost)
        record.completed_at = int(self.now())
        record_fate(self.files, record)
        log_completed(uploaded.key, record)

    def _set_aside(self, uploaded: UploadedObject, version: Any, reason: str) -> None:
        """Copies a file that cannot be read, or counted as a whole, to `rejected/`, the reason beside it."""
        source = StoredObject(uploaded.bucket, uploaded.key, version["ETag"], version["ContentLength"])
        metadata = {"reason": quote(reason[:_REASON], safe=" ,:;()'")[: 2 * _REASON - 100]}
        try:
            copy_object(self.s3, source, rejected_key(uploaded.key, source.etag), metadata)
        except ClientError as error:
            if error_code(error) in ("PreconditionFailed", "NoSuchKey", "404"):
                raise Changed from error
            raise

    def _delete(self, uploaded: UploadedObject, etag: str) -> None:
        """Deletes the object if it is still the one that was read; it may be gone already."""
        try:
            self.s3.delete_object(Bucket=uploaded.bucket, Key=uploaded.key, IfMatch=etag)
        except ClientError as error:
            if error_code(error) == "PreconditionFailed":
                raise Changed from error
            if error_code(error) not in ("NoSuchKey", "404"):
                raise


def _reason_of(full: Sequence[PairWeek]) -> str:
    """Why a file is only partly counted; it goes into an item, so not all of very many are named."""
    named = ", ".join(
        f"{week.source} > {week.destination} in the week of {week.week}" for week in full[:_NAMED]
    )
    if len(full) > _NAMED:
        named += f" and {len(full) - _NAMED:,} more"
    return (
        f"items of the daily totals are full ({len(full)}), and the rest of the file is counted. Make room "
        f"with `flowtally retract`, then complete it with `flowtally redrive --rejected`. Full are {named}."
    )
