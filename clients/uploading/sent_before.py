"""What was sent before under the names of files to be sent."""

import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from os.path import commonprefix

from botocore.exceptions import ClientError

from clients.terminal.aws_errors import is_denied
from models.bucket_layout import stem_and_digest
from models.storage.file_records import FilesTable
from models.storage.schema import COUNTED, File

_MANY = 10  # names from which on one query for all takes less than one for each
_RECORDS = 20  # for each name; of a branch that has more, those of other names would take longer

_ByName = Mapping[str, list[tuple[str, File]]]


class SentBefore:
    """The records of a branch's files by their names, asked for by many threads.

    Of many names, one query tells which contents are counted already: most of a folder that is sent again,
    and nothing is to be done with these. What may be sent is asked for by its own name, right then: another
    state of it may have been counted meanwhile.

    Args:
        files: the table.
        branch: whose files they are.
        stems: the names that may be asked for, without their suffixes.

    Attributes:
        is_denied: whether this was refused, as a branch may be allowed to upload and nothing else; then
            nothing is known.
    """

    def __init__(self, files: FilesTable, branch: str, stems: Collection[str]) -> None:
        self._files = files
        self._branch = branch
        self._stems = stems
        self.is_denied = False
        self._lock = threading.Lock()
        self._together: _ByName | None = None  # until somebody asks

    def named(self, stem: str, digest: str) -> list[tuple[str, File]]:
        """The digest in its key and the record of each file of a name.

        Args:
            stem: the name, without its suffix.
            digest: that of a content, of which alone it may be told from before that it is counted.

        Raises:
            ClientError: AWS refused or did not answer.
        """
        if self.is_denied:
            return []
        try:
            return self._named(stem, digest)
        except ClientError as error:
            if not is_denied(error):
                raise
            self.is_denied = True
            return []

    def _named(self, stem: str, digest: str) -> list[tuple[str, File]]:
        with self._lock:
            if self._together is None:
                self._together = self._read_together()
        known = self._together.get(stem, [])
        if any(of_it == digest and record.state in COUNTED for of_it, record in known):
            return known
        return _by_name(self._files.beginning_with(self._branch, f"{stem}-")).get(stem, [])

    def _read_together(self) -> _ByName:
        """Reads those of all names; nothing if these are few, or too many of others are among them."""
        if len(self._stems) < _MANY:
            return {}
        prefix = commonprefix(list(self._stems))  # noqa: RUF071  # of names, not of paths
        records = (
            self._files.beginning_with(self._branch, prefix)
            if prefix
            else self._files.of_branch(self._branch)
        )
        most = len(self._stems) * _RECORDS
        first = list(islice(records, most + 1))
        return _by_name(first) if len(first) <= most else {}


def _by_name(records: Iterable[File]) -> _ByName:
    by_name = defaultdict(list)
    for record in records:
        if named := stem_and_digest(record.key):
            by_name[named[0]].append((named[1], record))
    return by_name
