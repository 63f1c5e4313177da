"""What was sent before under the names of files to be sent, asked for together where they are many."""

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from os.path import commonprefix

from models.bucket_layout import stem_and_digest
from models.storage.file_records import FilesTable
from models.storage.schema import File

_MANY = 10  # names from which on one query for all takes less than one for each
_RECORDS = 20  # for each name; of a branch that has more, those of other names would take longer
_FRESH = 60.0  # seconds for which what was read is taken for what is there

_ByName = Mapping[str, list[tuple[str, File]]]


class SentBefore:
    """The records of a branch's files by their names, asked for by many threads.

    Args:
        files: the table.
        branch: whose files they are.
        stems: the names that may be asked for, without their suffixes.
        now: gives seconds.
    """

    def __init__(
        self,
        files: FilesTable,
        branch: str,
        stems: Collection[str],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._files = files
        self._branch = branch
        self._now = now
        self._prefix = commonprefix(list(stems))  # noqa: RUF071  # of names, not of paths
        self._most = len(stems) * _RECORDS
        self._is_together = len(stems) >= _MANY
        self._lock = threading.Lock()
        self._read: _ByName = {}
        self._read_at = -math.inf

    def named(self, stem: str) -> list[tuple[str, File]]:
        """The digest in its key and the record of each file of a name, as they were at most a minute before.

        Raises:
            ClientError: AWS refused or did not answer.
        """
        with self._lock:
            if self._is_together and self._now() - self._read_at > _FRESH:
                self._read_together()
            if self._is_together:
                return self._read.get(stem, [])
        return _by_name(self._files.beginning_with(self._branch, f"{stem}-")).get(stem, [])

    def _read_together(self) -> None:
        """Reads those of all names, unless there are too many of others among them."""
        records = (
            self._files.beginning_with(self._branch, self._prefix)
            if self._prefix
            else self._files.of_branch(self._branch)
        )
        first = list(islice(records, self._most + 1))
        self._is_together = len(first) <= self._most
        self._read, self._read_at = _by_name(first), self._now()


def _by_name(records: Iterable[File]) -> _ByName:
    by_name = defaultdict(list)
    for record in records:
        if named := stem_and_digest(record.key):
            by_name[named[0]].append((named[1], record))
    return by_name
