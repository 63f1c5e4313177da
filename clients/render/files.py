"""Files: what became of them, and what to do about those that need somebody."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from clients.queries.file_report import QuarantineReason, RecentFiles
from clients.render.listing import Column, Listing
from clients.terminal.account import Account
from clients.terminal.console import UNDEFINED, duration
from models.bucket_layout import quarantine_key
from models.flow_csv.notes import text_of
from models.flow_csv.quarantine import located
from models.storage.schema import File
from models.visible import visible

_QUARANTINED = "Quaran-\ntined"


def _figure(count: int | None) -> str:
    return UNDEFINED if count is None else f"{count:,}"


def commonest_reason(file: File) -> str:
    """The reason that most of its quarantined rows have, and the first line; empty if it is not known."""
    if not file.commonest or not file.commonest_line:
        return ""
    is_only = file.quarantined == 1
    told = located(file.commonest, file.commonest_line, is_only=is_only)
    return told if is_only else f"most often: {told}"


def remarks_on(file: File) -> list[str]:
    """What was assumed about it, for people, a line each."""
    return [f"note: {text}" for text in _notes_on(file)]


def _notes_on(file: File) -> list[str]:
    return sorted(map(text_of, file.notes or ()))


def _file_and_notes(file: File, twin: File | None = None) -> str:
    return _each_in_a_line(file.key, same_content(twin), *remarks_on(file))


def _file_and_rows(file: File) -> str:
    rows = quarantine_key(file.digest) if file.digest else ""
    return _each_in_a_line(file.key, rows, commonest_reason(file), *remarks_on(file))


def _each_in_a_line(*texts: str) -> str:
    return "\n".join(visible(text) for text in texts if text)


def _timestamp(seconds: int | None) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds is not None else None


def _date_and_time(file: File) -> str:
    """Date and time in lines of their own: together they would leave the names no room."""
    return datetime.fromtimestamp(file.arrived_at, UTC).strftime("%Y-%m-%d\n%H:%M:%S")


def _days(file: File) -> str:
    if not file.first_day:
        return UNDEFINED
    return file.first_day if file.first_day == file.last_day else f"{file.first_day}\n{file.last_day}"


def _took(file: File) -> str:
    """From arrival to completion."""
    return duration((file.completed_at - file.arrived_at) * 1e6 if file.completed_at else None)


def path_of(file: File | None) -> str:
    """Branch and key of a file; nothing of none."""
    return f"{file.branch}/{file.key}" if file else ""


def same_content(twin: File | None) -> str:
    """What is said of a duplicate; nothing if its twin is not known."""
    return f"same content as {path_of(twin)}" if twin else ""


_FILE = Column("file", path_of)
_BRANCH = Column("", lambda file: file.branch, "Branch", visible)
_KEY = Column("", lambda file: file.key, "File", visible)
_ARRIVAL = Column("arrived_at", lambda file: _timestamp(file.arrived_at))
_ARRIVED = Column("", _date_and_time, "Arrived\n(UTC)")
_ROWS = Column("rows", lambda file: file.rows, "Rows", _figure, "integer")
_ROWS_IN_QUARANTINE = Column("quarantined", lambda file: file.quarantined, _QUARANTINED, _figure, "integer")
_REASON = Column("reason", lambda file: file.reason or "")
_WHY_IN_QUARANTINE = [
    Column("commonest", lambda file: file.commonest or ""),
    Column("commonest_line", lambda file: file.commonest_line, kind="integer"),
]
_NOTES = Column("notes", lambda file: "; ".join(_notes_on(file)))
_FILE_AND_NOTES = Column("", _file_and_notes, "File, and notes on it")

FILES_OF_BRANCH = [
    _FILE,
    _FILE_AND_NOTES,
    Column("state", lambda file: file.state, "State"),
    Column("first_day", lambda file: file.first_day),
    Column("last_day", lambda file: file.last_day),
    Column("", _days, "Days"),
    _ARRIVAL,
    Column("completed_at", lambda file: _timestamp(file.completed_at)),
    _ARRIVED,
    _ROWS,
    _ROWS_IN_QUARANTINE,
    *_WHY_IN_QUARANTINE,
    _NOTES,
    _REASON,
    Column("", _took, "Took", kind="number"),
]
REJECTED = [_FILE, _BRANCH, _KEY, _ARRIVAL, _ARRIVED, _REASON._replace(heading="Reason", shown=visible)]
QUARANTINED = [
    _FILE,
    _BRANCH,
    Column("", _file_and_rows, "File, CSV of its quarantined rows,\nand why they are there"),
    Column("quarantine_key", lambda file: quarantine_key(file.digest) if file.digest else ""),
    _ARRIVAL,
    _ARRIVED,
    _ROWS,
    _ROWS_IN_QUARANTINE,
    *_WHY_IN_QUARANTINE,
    _NOTES,
]

REASONS = [
    Column(
        "reason", lambda why: why.reason, "Commonest reason of a file", lambda why: visible(why) or UNDEFINED
    ),
    Column("rows", lambda why: why.rows, "Rows", "{:,}".format, "integer"),
    Column("files", lambda why: why.files, "Files", "{:,}".format, "integer"),
]


def columns_with(twins: Mapping[bytes, File]) -> list[Column]:
    """The columns of files of a branch, which name the file whose content a duplicate has, if it is known."""

    def twin_of(file: File) -> File | None:
        return twins.get(file.digest or b"") if file.state == "duplicate" else None

    named = _FILE_AND_NOTES._replace(value=lambda file: _file_and_notes(file, twin_of(file)))
    columns = [named if column is _FILE_AND_NOTES else column for column in FILES_OF_BRANCH]
    return [*columns, Column("same_as", lambda file: path_of(twin_of(file)))]


def branch_listing(branch: str, files: RecentFiles, twins: Mapping[bytes, File]) -> Listing:
    """The last files of a branch, whatever became of them."""
    title = _title(f"Files of the branch {visible(branch)}", files)
    return Listing("files", title, columns_with(twins), files.files)


def rejected_listing(account: Account, files: RecentFiles) -> Listing:
    """Rejected files with their reasons, and what to do next."""
    remark = (
        "Next: correct what the reason names and send the file again, "
        f"`flowtally upload{account.options} FILE --branch BRANCH`; "
        f"or try all of them as they are, `flowtally redrive{account.options} --rejected`"
    )
    title = _title("Rejected files", files)
    return Listing("rejected", title, REJECTED, files.files, remark, is_shown_empty=False)


def partly_listing(account: Account, files: RecentFiles) -> Listing:
    """Files that are not counted as a whole, with the reasons, and what to do next."""
    remark = (
        "Next: do what the reason says; what is completed or retracted is gone from here. To try again all "
        f"that lie in rejected/, `flowtally redrive{account.options} --rejected`"
    )
    return Listing(
        "partly", _title("Partly counted files", files), REJECTED, files.files, remark, is_shown_empty=False
    )


def quarantined_listing(account: Account, files: RecentFiles) -> Listing:
    """Files with rows that do not count, and what to do next."""
    remark = (
        f"Next: download and unpack the CSV from the bucket {account.bucket}, correct its rows by "
        "the reasons in it, and send it as a file of its own, "
        f"`flowtally upload{account.options} FILE --branch BRANCH`"
    )
    title = _title("Files with quarantined rows", files)
    return Listing("quarantined", title, QUARANTINED, files.files, remark, is_shown_empty=False)


def reasons_listing(reasons: Sequence[QuarantineReason]) -> Listing:
    """Why rows are in quarantine, over all files."""
    return Listing("reasons", "Quarantined rows by reason", REASONS, reasons, is_shown_empty=False)


def _title(what: str, files: RecentFiles) -> str:
    shown = len(files.files)
    more = files.total - shown
    return f"{what} (the latest {shown}, and {more:,} more)" if more else what
