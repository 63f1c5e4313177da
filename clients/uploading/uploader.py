"""Sending flow files: which, under which key, and what is to be said about them first."""

import hashlib
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from clients.terminal.aws_errors import is_denied
from models.bucket_layout import BRANCHES, incoming_key, is_branch_name
from models.errors import FileRejected, UsageError
from models.flow_csv.byte_stream import content_blocks
from models.storage.file_records import FilesTable
from models.storage.schema import File

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

FILES_AT_ONCE = 4
_PARTS_AT_ONCE = 4  # of one large file
_DIGEST_BYTES = 8  # of the content's SHA-256, in the name of the object
CONNECTIONS = FILES_AT_ONCE * _PARTS_AT_ONCE
_TRANSFER = TransferConfig(
    multipart_threshold=16 << 20, multipart_chunksize=16 << 20, max_concurrency=_PARTS_AT_ONCE
)
_NAME = re.compile(r"(?P<stem>.+?)(?P<suffix>\.csv(\.gz)?)", re.IGNORECASE | re.DOTALL)
_KEY = re.compile(r"(?P<stem>.+)-(?P<digest>[0-9a-f]{16})\.csv(\.gz)?", re.DOTALL)

_REPLACES = (
    "another content of the same branch and name is counted already ({key}). If this file replaces it, take "
    "the earlier one out with `flowtally retract`, or what both hold counts twice"
)


class LocalFile(NamedTuple):
    """A file to send."""

    path: Path
    size: int  # bytes, as it lies there

    @property
    def stem(self) -> str:
        """Its name without `.csv` or `.csv.gz`."""
        return _NAME.fullmatch(self.path.name)["stem"]  # type: ignore[index]  # `flow_files` saw to it

    @property
    def suffix(self) -> str:
        """`.csv` or `.csv.gz`."""
        return _NAME.fullmatch(self.path.name)["suffix"].lower()  # type: ignore[index]


class Outcome(StrEnum):
    """What `upload` did with a file."""

    SENT = "sent"
    ALREADY_COUNTED = "counted before"
    DUPLICATE = "same as another"  # of the same command


@dataclass(frozen=True)
class Upload:
    """A file and what was done with it."""

    file: LocalFile
    key: str  # below `incoming/<branch>/`
    outcome: Outcome
    before: File | None = None  # what the table of files said before
    remarks: tuple[str, ...] = ()


class Progress:
    """What is told while files are sent; this one is deaf. Called from several threads."""

    def started(self, file: LocalFile) -> None:
        """A file is being looked at."""

    def advanced(self, file: LocalFile, count: int) -> None:
        """So many more bytes were sent; negative when a part has to be sent again."""

    def finished(self, upload: Upload) -> None:
        """A file is done."""


class Stopped(Exception):
    """The upload was given up while this file was under way."""


def flow_files(paths: Iterable[Path]) -> list[LocalFile]:
    """The files that the paths name: themselves, and all `.csv` and `.csv.gz` below directories.

    Raises:
        UsageError: a path does not exist or is no flow file, or a directory has none.
    """
    found: dict[Path, LocalFile] = {}
    for path in paths:
        for file in _below(path) if path.is_dir() else [_checked(path)]:
            found[file] = LocalFile(file, file.stat().st_size)
    return list(found.values())


def _below(directory: Path) -> list[Path]:
    files = sorted(path for path in directory.rglob("*") if _NAME.fullmatch(path.name) and path.is_file())
    if not files:
        raise UsageError(
            "no .csv or .csv.gz file in this directory or below",
            where=str(directory),
            remedy="Name the directory that holds the flow files",
        )
    return files


def _checked(path: Path) -> Path:
    if not path.exists():
        raise UsageError("no such file or directory", where=str(path))
    if not _NAME.fullmatch(path.name):
        raise UsageError(
            "neither a .csv nor a .csv.gz file", where=str(path), remedy="Rename it if it is one"
        )
    return path


def check_branch(name: str) -> str:
    """Gives the name back if a branch may be called so.

    Raises:
        UsageError: it may not.
    """
    if not is_branch_name(name):
        raise UsageError(f"{name!r} is no name for a branch", remedy=f"Take {BRANCHES}")
    return name


def content_digest(path: Path) -> tuple[str, str]:
    """The first 16 hex digits of the SHA-256 of a file's uncompressed content.

    Returns:
        The digest, and a remark if the gzip data is broken; the digest is then of the file as it is.
    """
    digest, remark = hashlib.sha256(), ""
    try:
        with path.open("rb") as file:
            for block in content_blocks(file):
                digest.update(block)
    except FileRejected as broken:
        remark = f"{broken.found}; it will be rejected"
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, hashlib.sha256)
    return digest.digest()[:_DIGEST_BYTES].hex(), remark


class Uploader:
    """Sends files of one branch to the bucket.

    Args:
        s3: a boto3 S3 client with `CONNECTIONS` connections.
        bucket: the bucket.
        branch: whose files they are.
        files: what became of earlier files; None if that cannot be known.
    """

    def __init__(self, s3: "S3Client", bucket: str, branch: str, files: FilesTable | None) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._branch = check_branch(branch)
        self._files = files
        self._stopped = threading.Event()
        self._taken: set[str] = set()
        self._lock = threading.Lock()

    @property
    def can_look(self) -> bool:
        """Whether earlier files are known."""
        return self._files is not None

    def send(self, files: Sequence[LocalFile], progress: Progress) -> list[Upload]:
        """Sends the files, several at once.

        Raises:
            ClientError, BotoCoreError, OSError: the first failure; what was not begun is not sent.
            UsageError: a name is too long.
        """
        with ThreadPoolExecutor(FILES_AT_ONCE, thread_name_prefix="upload") as pool:
            futures = [pool.submit(self._send, file, progress) for file in files]
            try:
                for future in as_completed(futures):
                    future.result()
            except BaseException:
                self._stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return [future.result() for future in futures]

    def _send(self, file: LocalFile, progress: Progress) -> Upload:
        progress.started(file)
        digest, remark = content_digest(file.path)
        key = f"{file.stem}-{digest}{file.suffix}"
        upload = self._decide(file, key, digest, remark)
        if upload.outcome is Outcome.SENT:
            self._transfer(file, key, lambda count: progress.advanced(file, count))
        progress.finished(upload)
        return upload

    def _decide(self, file: LocalFile, key: str, digest: str, remark: str) -> Upload:
        with self._lock:
            if key in self._taken:
                return Upload(file, key, Outcome.DUPLICATE)
            self._taken.add(key)
        same, others = self._earlier(file.stem, digest)
        remarks = [remark] if remark else []
        remarks += [_REPLACES.format(key=other.key) for other in others]
        counted = next((record for record in same if record.state == "counted"), None)
        outcome = Outcome.ALREADY_COUNTED if counted else Outcome.SENT
        before = counted or next((record for record in same if record.key == key), None)
        return Upload(file, counted.key if counted else key, outcome, before, tuple(remarks))

    def _earlier(self, stem: str, digest: str) -> tuple[list[File], list[File]]:
        """What was sent before under this name: with the same content, and counted with another."""
        files = self._files
        if files is None:
            return [], []
        try:
            records = files.beginning_with(self._branch, f"{stem}-")
        except ClientError as error:
            if not is_denied(error):
                raise
            self._files = None  # a branch may be allowed to upload and nothing else
            return [], []
        named = [(match, record) for record in records if (match := _KEY.fullmatch(record.key))]
        named = [(match, record) for match, record in named if match["stem"] == stem]
        same = [record for match, record in named if match["digest"] == digest]
        others = [
            record for match, record in named if match["digest"] != digest and record.state == "counted"
        ]
        return same, others

    def _transfer(self, file: LocalFile, key: str, advanced: Callable[[int], None]) -> None:
        full_key = incoming_key(self._branch, key)

        def watch(count: int) -> None:
            if self._stopped.is_set():
                raise Stopped
            advanced(count)

        with file.path.open("rb") as content:
            self._s3.upload_fileobj(content, self._bucket, full_key, Callback=watch, Config=_TRANSFER)
