"""Following files that were sent until they are counted."""

import time
from collections.abc import Callable, Iterator, Sequence

from clients.terminal.console import count_of
from clients.uploading.outcome import Outcome, Upload
from models.errors import TryAgain
from models.storage.file_records import FilesTable
from models.storage.schema import File

_POLL = 0.5  # seconds between two looks at the table of files


def follow(
    files: FilesTable,
    branch: str,
    uploads: Sequence[Upload],
    timeout: float,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[Upload, File]]:
    """Waits until each file is counted or rejected; gives each as soon as it is.

    Raises:
        TryAgain: some are not after `timeout` seconds.
    """
    waiting = [upload for upload in uploads if upload.outcome in (Outcome.SENT, Outcome.ALREADY_COUNTED)]
    deadline = time.monotonic() + timeout
    while waiting:
        for upload in list(waiting):
            record = files.get(branch, upload.key)
            if record and (upload.outcome is Outcome.ALREADY_COUNTED or _is_news(record, upload.before)):
                waiting.remove(upload)
                yield upload, record
        if waiting and time.monotonic() > deadline:
            raise TryAgain(
                f"{count_of(len(waiting), 'file')} not counted after {timeout:g} s",
                where=", ".join(upload.file.path.name for upload in waiting[:3]),
                remedy="The upload is complete and will be counted; see `flowtally status`",
            )
        if waiting:
            sleep(_POLL)


def _is_news(record: File, before: File | None) -> bool:
    return before is None or record.attribute_values != before.attribute_values
