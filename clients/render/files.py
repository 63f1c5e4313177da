"""The tables of files that `status` prints, each with what to do about them."""

from datetime import UTC, datetime

from clients.queries.file_report import RecentFiles
from clients.terminal.account import Account
from clients.terminal.console import UNDEFINED, duration, out, say, table
from models.bucket_layout import quarantine_key
from models.storage.schema import File

_ARRIVED = "Arrived\n(UTC)"
_QUARANTINED = "Quaran-\ntined"


def print_files_of_branch(branch: str, files: RecentFiles) -> None:
    """Prints the last files of a branch, whatever became of them."""
    made = table(
        _title(f"Files of the branch {branch}", files),
        "File",
        "State",
        "Days",
        _ARRIVED,
        "Rows",
        _QUARANTINED,
        "Took",
        numbers=3,
    )
    for file in files.files:
        made.add_row(
            file.key,
            file.state,
            _days(file),
            _arrival(file),
            _figure(file.rows),
            _figure(file.quarantined),
            _took(file),
        )
    out.print(made)


def print_rejected(account: Account, files: RecentFiles) -> None:
    """Prints rejected files with their reasons, and what to do next; nothing if there are none."""
    if not files.total:
        return
    made = table(_title("Rejected files", files), "Branch", "File", _ARRIVED, "Reason")
    for file in files.files:
        made.add_row(file.branch, file.key, _arrival(file), file.reason)
    out.print(made)
    say(
        "Next: correct what the reason names and send the file again, "
        f"`flowtally upload{account.options} FILE --branch BRANCH`; "
        f"or try all of them as they are, `flowtally redrive{account.options} --rejected`\n"
    )


def print_quarantined(account: Account, files: RecentFiles) -> None:
    """Prints files with rows that do not count, and what to do next; nothing if there are none."""
    if not files.total:
        return
    made = table(
        _title("Files with quarantined rows", files),
        "Branch",
        "File,\nand CSV of its quarantined rows",
        _ARRIVED,
        "Rows",
        _QUARANTINED,
        numbers=2,
    )
    for file in files.files:
        made.add_row(
            file.branch, _file_and_rows(file), _arrival(file), _figure(file.rows), _figure(file.quarantined)
        )
    out.print(made)
    say(
        f"Next: download the CSV from the bucket {account.deployment.bucket}, correct its rows by the "
        "reasons in it, and send it as a file of its own, "
        f"`flowtally upload{account.options} FILE --branch BRANCH`\n"
    )


def _title(what: str, files: RecentFiles) -> str:
    shown = len(files.files)
    more = files.total - shown
    return f"{what} (the latest {shown}, and {more:,} more)" if more else what


def _file_and_rows(file: File) -> str:
    return f"{file.key}\n{quarantine_key(file.digest)}" if file.digest else file.key


def _arrival(file: File) -> str:
    """Date and time in lines of their own: together they would leave the names no room."""
    return datetime.fromtimestamp(file.arrived_at, UTC).strftime("%Y-%m-%d\n%H:%M:%S")


def _days(file: File) -> str:
    if not file.first_day:
        return UNDEFINED
    return file.first_day if file.first_day == file.last_day else f"{file.first_day}\n{file.last_day}"


def _figure(count: int | None) -> str:
    return UNDEFINED if count is None else f"{count:,}"


def _took(file: File) -> str:
    """From arrival to completion."""
    return duration((file.completed_at - file.arrived_at) * 1e6 if file.completed_at else None)
