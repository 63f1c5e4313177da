"""Following files that were sent until they are counted and, where that may be seen, consolidated."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from botocore.exceptions import ClientError

from clients.terminal.aws_errors import is_denied
from clients.terminal.console import count_of
from clients.uploading.into_statistics import IntoStatistics, NotKnown, Pairs
from clients.uploading.outcome import Outcome, Upload
from models.errors import TryAgain
from models.storage.file_records import FilesTable
from models.storage.schema import IN_TOTALS, File

_POLL = 0.5  # seconds between two looks
_FILES_A_LOOK = 10  # of which is looked whether they are consolidated
_LONG = 60.0  # seconds after which it is told that a counted file is not consolidated; then twice as long


class Counted(NamedTuple):
    """A file is counted or rejected."""

    upload: Upload
    record: File


class Consolidated(NamedTuple):
    """All that a file changed is in the statistics."""

    upload: Upload
    pairs: Pairs


class Unfollowed(NamedTuple):
    """It cannot be known what a counted file changed."""

    upload: Upload
    reason: str


class Lagging(NamedTuple):
    """Counted files are not consolidated for long."""

    files: int
    seconds: float  # for which the first of them is not


Event = Counted | Consolidated | Unfollowed | Lagging


def follow(
    files: FilesTable,
    branch: str,
    uploads: Sequence[Upload],
    timeout: float,
    sleep: Callable[[float], None] = time.sleep,
    statistics: IntoStatistics | None = None,
) -> Iterator[Event]:
    """Waits until each file is counted or rejected, and consolidated; tells each as soon as it is.

    Args:
        files: the table of files.
        branch: who sent them.
        uploads: the files.
        timeout: seconds to wait at most.
        sleep: waits for so many seconds.
        statistics: tells when a file is consolidated; None if nobody asks. Where they may not be read, files
            are followed until they are counted, without a word.

    Raises:
        TryAgain: some are not after `timeout` seconds.
    """
    waiting = [upload for upload in uploads if upload.outcome in (Outcome.SENT, Outcome.ALREADY_COUNTED)]
    behind = _Behind(statistics)
    deadline = time.monotonic() + timeout
    while waiting or behind:
        for upload in list(waiting):
            record = files.get(branch, upload.key)
            if record and (upload.outcome is Outcome.ALREADY_COUNTED or _is_news(record, upload.before)):
                waiting.remove(upload)
                yield Counted(upload, record)
                yield from behind.add(upload, record)
        yield from behind.look()
        if (waiting or behind) and time.monotonic() > deadline:
            raise _too_long(waiting, behind.uploads, timeout)
        if waiting or behind:
            sleep(_POLL)


class _Behind:
    """The files that are counted and not consolidated yet."""

    def __init__(self, statistics: IntoStatistics | None) -> None:
        self._statistics = statistics
        self._files: deque[tuple[Upload, Pairs, float]] = deque()  # and since when they are counted
        self._told_after = _LONG

    def __bool__(self) -> bool:
        return bool(self._files)

    @property
    def uploads(self) -> list[Upload]:
        return [upload for upload, _, _ in self._files]

    def add(self, upload: Upload, record: File) -> Iterator[Event]:
        """Takes a file that was counted; another has changed nothing."""
        if self._statistics is None or record.state not in IN_TOTALS:
            return
        try:
            pairs = self._statistics.pairs_of(upload.file.path, record)
        except NotKnown as unknown:
            yield Unfollowed(upload, str(unknown))
        else:
            self._files.append((upload, pairs, time.monotonic()))

    def look(self) -> Iterator[Event]:
        """Looks at some of them, in turn."""
        for _ in range(min(_FILES_A_LOOK, len(self._files))):
            upload, pairs, since = self._files.popleft()
            try:
                is_done = self._statistics is not None and self._statistics.has_all(pairs)
            except ClientError as error:
                if not is_denied(error):
                    raise
                self._statistics = None
                self._files.clear()
                return
            if is_done:
                yield Consolidated(upload, pairs)
            else:
                self._files.append((upload, pairs, since))
        longest = time.monotonic() - min((since for *_, since in self._files), default=time.monotonic())
        if longest >= self._told_after:
            self._told_after = 2 * longest
            yield Lagging(len(self._files), longest)


def _too_long(waiting: Sequence[Upload], behind: Sequence[Upload], timeout: float) -> TryAgain:
    """The error to raise when the time is over."""
    what, remedy = "counted", "The upload is complete and will be counted; see `flowtally status`"
    if not waiting:
        what = "consolidated"
        remedy = (
            "All rows are in the daily totals. See in `flowtally status` whether anything consolidates; "
            "what left the stream is made good by `flowtally verify --all --repair`"
        )
    late = waiting or behind
    return TryAgain(
        f"{count_of(len(late), 'file')} not {what} after {timeout:g} s",
        where=", ".join(upload.file.path.name for upload in late[:3]),
        remedy=remedy,
    )


def _is_news(record: File, before: File | None) -> bool:
    return before is None or record.attribute_values != before.attribute_values
