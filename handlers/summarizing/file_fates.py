"""What became of a file, as its record tells it."""

from models.flow_csv.flow_file import FlowFile
from models.storage.file_records import FilesTable
from models.storage.schema import COUNTED, File


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
