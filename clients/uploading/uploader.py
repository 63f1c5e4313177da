"""Sending flow files: under which key, what is to be said about each first, and what was done with it."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING

from clients.uploading.content import ChangedWhileRead, Content, read_content
from clients.uploading.earlier_states import (
    TakeOut,
    held_reason,
    may_be_replaced,
    same_file,
    take_out_state,
)
from clients.uploading.foreseen import Foreseen, foresee
from clients.uploading.local_files import LocalFile
from clients.uploading.outcome import Outcome, Upload
from clients.uploading.packing import is_worth_packing
from clients.uploading.sent_before import SentBefore
from clients.uploading.transfer import PARTS_AT_ONCE, Transfer
from models.bucket_layout import BRANCHES, incoming_key, is_branch_name, stem_and_digest
from models.errors import FlowtallyError, ServiceUnavailable, TryAgain, UsageError
from models.storage.file_records import FilesTable
from models.storage.schema import COUNTED, IN_TOTALS, File

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

FILES_AT_ONCE = 4
CONNECTIONS = FILES_AT_ONCE * PARTS_AT_ONCE
_PACKED = ".csv.gz"
_ON_THEIR_WAY = (Outcome.SENT, Outcome.WOULD_BE_SENT)
_GRACE = 1.0  # seconds for transfers under way to be given up

_REPLACES = (
    "another content of the same branch and name is counted already ({key}). If this file replaces it, take "
    "the earlier one out with `flowtally retract`, or what both hold counts twice"
)
_NOTHING_COUNTED = "it changed on its way, and its earlier state is taken out: nothing of it is counted"
_WAITS = "an earlier state of it waits to be counted. Repeat the command when it is"
_WOULD_BE_REJECTED = "it would be rejected: {reason} `--force` sends it as it is"


class Progress:
    """What is told while files are sent, by the thread that called `send`; this one is deaf."""

    def advanced(self, file: LocalFile, count: int) -> None:
        """So many more bytes were sent; negative when a part has to be sent again."""

    def finished(self, upload: Upload) -> None:
        """A file is done."""


class Stopped(Exception):
    """The upload was given up while a file was under way."""


_Event = tuple[LocalFile, int] | Upload | BaseException


def check_branch(name: str) -> str:
    """Gives the name back if a branch may be called so.

    Raises:
        UsageError: it may not.
    """
    if not is_branch_name(name):
        raise UsageError(f"{name!r} is no name for a branch", remedy=f"Take {BRANCHES}")
    return name


class Uploader:
    """Sends files of one branch to the bucket.

    Args:
        s3: a boto3 S3 client with `CONNECTIONS` connections.
        bucket: the bucket.
        branch: whose files they are.
        files: what became of earlier files; None if that cannot be known.
        is_dry_run: whether nothing is to be sent.
        take_out: takes earlier states of files out of the totals, which these then replace; None to hold
            such files back.
        is_forced: whether files are sent that would be held back.
    """

    def __init__(
        self,
        s3: "S3Client",
        bucket: str,
        branch: str,
        files: FilesTable | None,
        *,
        is_dry_run: bool = False,
        take_out: TakeOut | None = None,
        is_forced: bool = False,
    ) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._branch = check_branch(branch)
        self._files = files
        self._before: SentBefore | None = None
        self._is_dry_run = is_dry_run
        self._take_out = take_out
        self._is_forced = is_forced
        self._stopped = threading.Event()
        self._taken: set[str] = set()
        # Names of which a content is not counted yet, and the file of this command that it is, if it is one.
        self._under_way: dict[str, LocalFile | None] = {}
        self._lock = threading.Lock()

    @property
    def can_look(self) -> bool:
        """Whether earlier files are known."""
        return self._files is not None and not (self._before and self._before.is_denied)

    def send(self, files: Sequence[LocalFile], progress: Progress) -> list[Upload]:
        """Sends the files, several at once. One that fails by itself does not keep the others.

        The threads that send are daemons: one that hangs in a read does not keep the program from ending.

        Raises:
            ClientError, BotoCoreError: AWS refused or did not answer; what was not begun is not sent.
        """
        self._stopped.clear()
        if self._take_out:  # before any record is read: what is counted in between is held back, not missed
            self._under_way = dict.fromkeys(self._names_that_wait())
        if self._files and self.can_look:
            stems = {file.stem for file in files if not file.problem}
            self._before = SentBefore(self._files, self._branch, stems)
        waiting, events = deque(files), SimpleQueue[_Event]()
        threads = [
            threading.Thread(target=self._work, args=(waiting, events), name=f"upload-{number}", daemon=True)
            for number in range(min(FILES_AT_ONCE, len(files)))
        ]
        for thread in threads:
            thread.start()
        done: dict[LocalFile, Upload] = {}
        try:
            while len(done) < len(files):
                event = events.get()
                if isinstance(event, BaseException):
                    raise event
                if isinstance(event, Upload):
                    done[event.file] = event
                    progress.finished(event)
                else:
                    progress.advanced(*event)
        finally:
            waiting.clear()
            self._stopped.set()
            deadline = time.monotonic() + _GRACE
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))
        return [done[file] for file in files]

    def _work(self, waiting: deque[LocalFile], events: SimpleQueue[_Event]) -> None:
        """Sends one file after the other, and tells what it did."""
        while True:
            try:
                file = waiting.popleft()
            except IndexError:  # nothing is waiting any more
                return
            try:
                events.put(self._send(file, lambda count, file=file: events.put((file, count))))  # type: ignore[misc]
            except BaseException as error:  # the thread that called `send` raises it
                events.put(error)
                return

    def _send(self, file: LocalFile, advanced: Callable[[int], None]) -> Upload:
        if file.problem:
            return Upload(file, "", Outcome.FAILED, reason=file.problem)
        upload = self._try(file, advanced)
        if upload.outcome not in _ON_THEIR_WAY:
            self._release(file)
        return upload

    def _try(self, file: LocalFile, advanced: Callable[[int], None]) -> Upload:
        try:
            with file.path.open("rb") as opened:
                content = read_content(opened)
                upload = self._decide(file, content, opened)
                if upload.outcome is Outcome.SENT:
                    self._transfer(upload, content, opened, advanced)
        except OSError as error:
            return Upload(file, "", Outcome.FAILED, reason=f"cannot be read ({error.strerror or error})")
        except ChangedWhileRead:
            return Upload(
                file, "", Outcome.LEFT, reason="it changed while it was read. Send it when it is finished"
            )
        except (ServiceUnavailable, TryAgain):  # not of this file alone
            raise
        except FlowtallyError as error:
            told = ". ".join(filter(None, (error.found, error.remedy)))
            return Upload(file, "", Outcome.FAILED, reason=told)
        return upload

    def _transfer(
        self, upload: Upload, content: Content, opened: IO[bytes], advanced: Callable[[int], None]
    ) -> None:
        """Sends a file, in the place of its earlier states.

        Raises:
            ChangedWhileRead: it holds something else now; nothing is sent.
            FlowtallyError: the same, and earlier states are taken out already.
        """
        if self._take_out:
            for state in upload.replaces:
                take_out_state(opened, state, self._take_out)
        transfer = Transfer(self._s3, self._bucket, self._full_key(upload.key), self._told(advanced))
        try:
            transfer.send(opened, content, is_packed=upload.is_packed)
        except ChangedWhileRead as error:
            if not upload.replaces:
                raise
            raise FlowtallyError(_NOTHING_COUNTED, remedy="Send it again when it is finished") from error

    def _told(self, advanced: Callable[[int], None]) -> Callable[[int], None]:
        """Tells how far a file is, unless the upload was given up."""

        def tell(count: int) -> None:
            if self._stopped.is_set():
                raise Stopped
            advanced(count)

        return tell

    def _decide(self, file: LocalFile, content: Content, opened: IO[bytes]) -> Upload:
        is_packed = not self._is_forced and is_worth_packing(content)  # by force, it goes as it is
        key = f"{file.stem}-{content.digest}{_PACKED if is_packed else file.suffix}"
        self._full_key(key)
        with self._lock:
            if key in self._taken:
                return Upload(file, key, Outcome.DUPLICATE)
            self._taken.add(key)
        same, others = self._earlier(file.stem, content.digest)
        remarks = tuple(_REPLACES.format(key=other.key) for other in others if not other.first_row)
        if counted := next((record for record in same if record.state in COUNTED), None):
            return Upload(file, counted.key, Outcome.ALREADY_COUNTED, counted, remarks)
        before = next(iter(same), None)
        foreseen = foresee(content, self._full_key(key))
        states = [] if self._is_forced else same_file(opened, file.path.name, others)
        if reason := self._held(file, opened, foreseen, states):
            return Upload(file, key, Outcome.HELD, before, remarks, reason)
        outcome = Outcome.WOULD_BE_SENT if self._is_dry_run else Outcome.SENT
        remarks = (*remarks, *foreseen.remarks())
        return Upload(file, key, outcome, before, remarks, is_packed=is_packed, replaces=tuple(states))

    def _held(self, file: LocalFile, opened: IO[bytes], foreseen: Foreseen, states: Sequence[File]) -> str:
        """Why a file is held back; nothing if it is not, or may take the place of its earlier states."""
        if foreseen.rejection and not self._is_forced:
            return _WOULD_BE_REJECTED.format(reason=foreseen.rejection)
        if self._take_out and not self._claim(file):
            return _WAITS
        if self._take_out and all(may_be_replaced(opened, state) for state in states):
            return ""
        return held_reason(opened, states) if states else ""

    def _claim(self, file: LocalFile) -> bool:
        """Whether no content of its name is on its way, so that its state is known; from now on it is."""
        with self._lock:
            return self._under_way.setdefault(file.stem, file) is file

    def _release(self, file: LocalFile) -> None:
        """Lets others of its name go, unless one of these, or what waits, keeps it."""
        with self._lock:
            if self._under_way.get(file.stem) is file:
                del self._under_way[file.stem]

    def _names_that_wait(self) -> Iterator[str]:
        """Those of which a content lies in the bucket and is not counted yet."""
        prefix = self._full_key("")
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            for entry in page.get("Contents", []):
                if named := stem_and_digest(entry["Key"].removeprefix(prefix)):
                    yield named[0]

    def _full_key(self, key: str) -> str:
        """The whole key.

        Raises:
            UsageError: S3 does not take such a key.
        """
        full_key = incoming_key(self._branch, key)
        try:
            full_key.encode()
        except UnicodeEncodeError:
            raise UsageError("the name is not UTF-8", remedy="Rename the file") from None
        return full_key

    def _earlier(self, stem: str, digest: str) -> tuple[list[File], list[File]]:
        """What was sent before under this name: with the same content, and counted with another."""
        named = self._before.named(stem, digest) if self._before else []
        same = [record for of_it, record in named if of_it == digest]
        others = [record for of_it, record in named if of_it != digest and record.state in IN_TOTALS]
        return same, others
