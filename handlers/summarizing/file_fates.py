"""What became of a file, as its record and the log tell it."""

import logging

from models.flow_csv.flow_file import FlowFile
from models.storage.file_records import FilesTable
from models.storage.schema import COUNTED, IN_TOTALS, PARTLY, File

log = logging.getLogger("flowtally.summarize")


def describe(record: File, flows: FlowFile) -> None:
    """Takes over what reading a file found; it is taken for counted."""
    record.state = "counted"
    record.digest = flows.digest
    record.length = flows.length
    record.first_row = flows.first_row or None
    record.rows = flows.rows
    record.quarantined = flows.quarantined
    if flows.commonest:
        record.commonest, record.commonest_line = flows.commonest.text, flows.commonest.line
    if flows.notes:
        record.notes = {str(note) for note in flows.notes}
    if flows.days:
        record.first_day, record.last_day = flows.days[0], flows.days[-1]


def record_fate(files: FilesTable, record: File) -> None:
    """Records what became of a file.

    A message may be delivered to two workers at a time, and one finds counted what the other counted: that
    is no duplicate. The record of the other stands, and the state of this one becomes `counted`.
    """
    if record.state != "duplicate":
        files.put(record)
    elif not files.put_unless_counted(record):
        record.state = "counted"


def is_counted(files: FilesTable, record: File) -> bool:
    """Whether another worker has counted the same content meanwhile."""
    known = files.get(record.branch, record.key)
    return known is not None and known.state in COUNTED and known.digest == record.digest


def last_known(files: FilesTable, record: File) -> File:
    """What is known of a file that is not read now: if it is in the totals already, what was read of it."""
    known = files.get(record.branch, record.key)
    if known is None or known.state not in IN_TOTALS:
        return record
    known.arrived_at, known.attempts = record.arrived_at, record.attempts
    return known


def log_completed(key: str, record: File) -> None:
    """Logs what became of the file with this key, an event for each state."""
    details = {"file": key, **_figures(record)}
    if record.state == "rejected":
        log.warning("file rejected", extra=details)
    elif record.state == PARTLY:
        log.error("file partly counted", extra=details)
    elif record.state == "duplicate":
        log.info("file was counted before", extra=details)
    else:
        log.info("file counted", extra=details)


def _figures(record: File) -> dict[str, object]:
    figures = {
        "state": record.state,
        "rows": record.rows,
        "quarantined": record.quarantined,
        "commonest": record.commonest,
        "commonest_line": record.commonest_line,
        "reason": record.reason,
    }
    return {name: value for name, value in figures.items() if value is not None}
