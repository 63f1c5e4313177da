"""What became of files, and which of them need somebody."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from heapq import nlargest
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from clients.queries.branches import BranchFiles
from clients.terminal.account import Account
from clients.terminal.aws_errors import is_denied
from models.bucket_layout import (
    INCOMING,
    NO_BRANCH,
    REJECTED,
    incoming_key,
    is_folder_marker,
    key_before_rejection,
    quarantine_key,
)
from models.errors import NotFound
from models.storage.file_records import FilesTable
from models.storage.item_size import stored_size
from models.storage.schema import IN_TOTALS, PARTLY, File

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

LISTED = 10  # files of a kind, unless somebody asks for more
WAITING = "waiting"  # the state of a file that has no record yet

_SUGGESTIONS = 5


class RecentFiles(NamedTuple):
    """Those files that arrived last, the last first, and how many there are altogether."""

    files: list[File]
    total: int

    @classmethod
    def of(cls, files: Sequence[File], limit: int) -> "RecentFiles":
        """So many of the files."""
        return cls(nlargest(limit, files, key=lambda file: file.arrived_at), len(files))


class QuarantineReason(NamedTuple):
    """Why rows are in quarantine: of each file, the reason that most of its rows have, which is recorded."""

    reason: str  # empty if none was recorded
    rows: int  # in quarantine, of the files with this reason; of content that came twice, once
    files: int


class FileReport(NamedTuple):
    """What the table of files tells."""

    states: Counter[str]  # how many files are in each
    stored_bytes: int  # as billed
    rejected: RecentFiles  # of those that nobody has dealt with
    partly: RecentFiles  # counted, but not as a whole
    quarantined: RecentFiles  # counted but for some rows that nobody has dealt with
    reasons: list[QuarantineReason]  # of all of the last, the one with the most rows first
    branches: list[BranchFiles]  # by name


class SetAside:
    """What the workers set aside, until people have dealt with it and delete it.

    Args:
        keys: those of all objects; what nobody can read stays in `incoming/`.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = {key_before_rejection(key) if key.startswith(REJECTED) else key for key in keys}

    def has_file(self, file: File) -> bool:
        """Whether the whole of a rejected file is there."""
        is_there = incoming_key(file.branch, file.key) in self._keys
        return is_there or (file.branch == NO_BRANCH and f"{INCOMING}{file.key}" in self._keys)

    def has_rows_of(self, file: File) -> bool:
        """Whether rows of a counted file are there."""
        return file.digest is not None and quarantine_key(file.digest) in self._keys


def read_file_report(files: FilesTable, set_aside: SetAside, listed: int) -> FileReport:
    """Looks at all files, in one scan.

    Args:
        files: the table.
        set_aside: what lies in the bucket of it.
        listed: how many files of a kind to keep.
    """
    states: Counter[str] = Counter()
    stored_bytes = 0
    rejected: list[File] = []
    partly: list[File] = []
    quarantined: list[File] = []
    branches: dict[str, BranchFiles] = {}
    for item in files.items():
        file = File.from_raw_data(dict(item))
        states[file.state] += 1
        stored_bytes += stored_size(item)
        branches.setdefault(file.branch, BranchFiles(file.branch)).add(file)
        if file.state == "rejected" and set_aside.has_file(file):
            rejected.append(file)
        if file.state == PARTLY:
            partly.append(file)
        if file.state in IN_TOTALS and file.quarantined and set_aside.has_rows_of(file):
            quarantined.append(file)
    return FileReport(
        states,
        stored_bytes,
        RecentFiles.of(rejected, listed),
        RecentFiles.of(partly, listed),
        RecentFiles.of(quarantined, listed),
        reasons_of(quarantined),
        [branches[name] for name in sorted(branches)],
    )


def reasons_of(quarantined: Iterable[File]) -> list[QuarantineReason]:
    """Why rows of files are in quarantine, the reason with the most rows first."""
    rows: Counter[str] = Counter()
    files: Counter[str] = Counter()
    seen: set[bytes] = set()
    for file in quarantined:
        reason = file.commonest or ""
        files[reason] += 1
        rows[reason] += 0 if file.digest in seen else file.quarantined or 0
        if file.digest:
            seen.add(file.digest)
    return [QuarantineReason(reason, count, files[reason]) for reason, count in rows.most_common()]


def files_of_branch(account: Account, branch: str) -> list[File]:
    """Everything that a branch sent: what is recorded, and what still waits.

    Raises:
        NotFound: it sent nothing.
    """
    files = FilesTable(account.client("dynamodb"), account.files_table)
    s3 = account.client("s3")
    found = list(files.of_branch(branch)) if branch else []
    found += _waiting(s3, account.bucket, branch)
    if not found:
        raise _unknown(branch, _known_branches(files, s3, account.bucket))
    return found


def read_rejected(account: Account) -> SetAside | None:
    """The rejected files of all branches that nobody has dealt with; None where they may not be seen.

    A branch may not: the versions that their keys begin with keep its own from being told from others'.
    """
    pages = account.client("s3").get_paginator("list_objects_v2")
    try:
        return SetAside(
            entry["Key"]
            for page in pages.paginate(Bucket=account.bucket, Prefix=REJECTED)
            for entry in page.get("Contents", [])
        )
    except ClientError as error:
        if not is_denied(error):
            raise
        return None


def _known_branches(files: FilesTable, s3: "S3Client", bucket: str) -> set[str] | None:
    """All branches that sent something; None where they may not be seen, as by a branch."""
    try:
        return {file.branch for file in files.all()}.union(_branches_that_wait(s3, bucket))
    except ClientError as error:
        if not is_denied(error):
            raise
        return None


def _waiting(s3: "S3Client", bucket: str, branch: str) -> Iterator[File]:
    """What lies in `incoming/`, also what is tried again and has a record from before."""
    prefix = f"{INCOMING}{branch}/"
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            if not is_folder_marker(entry["Key"], entry["Size"]):
                yield File(
                    branch=branch,
                    key=entry["Key"].removeprefix(prefix),
                    state=WAITING,
                    arrived_at=int(entry["LastModified"].timestamp()),
                    attempts=0,
                )


def _branches_that_wait(s3: "S3Client", bucket: str) -> Iterator[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=INCOMING, Delimiter="/")
    for page in pages:
        for below in page.get("CommonPrefixes", []):
            yield below["Prefix"].removeprefix(INCOMING).removesuffix("/")


def _unknown(branch: str, known: set[str] | None) -> NotFound:
    near = get_close_matches(branch, sorted(known or ()), _SUGGESTIONS, cutoff=0)
    remedy = "Send some with `flowtally upload`"
    if near:
        more = " and others" if len(known or ()) > len(near) else ""
        remedy = f"There are files of {', '.join(near)}{more}"
    elif known is not None:
        remedy = "No other branch has sent any either: send some with `flowtally upload`"
    return NotFound("no file of this branch has arrived", where=f"branch {branch!r}", remedy=remedy)
