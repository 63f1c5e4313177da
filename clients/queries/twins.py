"""Whose content a duplicate has: the file that counted it first, to those who may see it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from botocore.exceptions import ClientError

from clients.terminal.aws_errors import is_denied
from models.storage.file_records import FilesTable
from models.storage.schema import PARTLY, File

_DIGITS = 16  # of a digest in hex, in the name of an object


def twins_of(table: FilesTable, files: Iterable[File], of_branch: Sequence[File]) -> Mapping[bytes, File]:
    """The file that counted the content of each duplicate, by the digest; rather one of the same branch.

    Those of other branches are looked for, in one scan, only if there is need, and are left out where they
    may not be seen, as by a branch.

    Args:
        table: of all files.
        files: duplicates among others.
        of_branch: all files of their branch.
    """
    wanted = {file.digest for file in files if file.state == "duplicate" and file.digest}
    found = _first_counted(of_branch, wanted.__contains__)
    if wanted - found.keys():
        found = _first_counted(_all_that_may_be_seen(table), wanted.__contains__) | found
    return found


class Twins:
    """Names the twins of duplicates as these come in: at the first, all files are read once.

    Args:
        table: of all files.
        branch: of the duplicates; a twin of the same branch is preferred.
        digests: the first 16 hex digits of the digest of each file that may turn out to be a duplicate.
    """

    def __init__(self, table: FilesTable, branch: str, digests: Iterable[str]) -> None:
        self._table = table
        self._branch = branch
        self._digests = set(digests)
        self._known: dict[bytes, File] | None = None

    def take(self, record: File) -> None:
        """Takes a file that was counted meanwhile."""
        if self._known is not None and record.digest:
            self._known = _first_counted([record], self._is_wanted) | self._known

    def of(self, record: File) -> File | None:
        """The twin of a duplicate; None of another file, or where it is not known."""
        if record.state != "duplicate" or not record.digest:
            return None
        if self._known is None:
            self._known = self._look()
        return self._known.get(record.digest)

    def _look(self) -> dict[bytes, File]:
        own = _first_counted(self._table.of_branch(self._branch), self._is_wanted)
        if len(own) == len(self._digests):
            return own
        return _first_counted(_all_that_may_be_seen(self._table), self._is_wanted) | own

    def _is_wanted(self, digest: bytes) -> bool:
        return digest.hex()[:_DIGITS] in self._digests


def _first_counted(files: Iterable[File], is_wanted: Callable[[bytes], bool]) -> dict[bytes, File]:
    """Of each content that is wanted the file by which it was counted first, by the digest."""
    first: dict[bytes, File] = {}
    for file in files:
        if file.state in ("counted", PARTLY) and file.digest and is_wanted(file.digest):
            known = first.get(file.digest)
            if known is None or file.arrived_at < known.arrived_at:
                first[file.digest] = file
    return first


def _all_that_may_be_seen(table: FilesTable) -> Iterator[File]:
    """The records of all branches; none where they may not be read."""
    try:
        yield from table.all()
    except ClientError as error:
        if not is_denied(error):
            raise
