"""Reading a file so that exactly the bytes that were hashed are sent."""

import hashlib
import os
from typing import IO, NamedTuple

from models.errors import FileRejected, TryAgain
from models.flow_csv.byte_stream import content_blocks

_DIGEST_BYTES = 8  # of the content's SHA-256, in the name of the object
IN_MEMORY = 16 << 20  # bytes of a file that are kept from the one time it is read
_BLOCK = 1 << 20


class ChangedWhileRead(TryAgain):
    """Somebody writes to the file."""

    def __init__(self) -> None:
        super().__init__("the file changed while it was read", remedy="Wait until it is finished")


class Content(NamedTuple):
    """What a file held when it was read."""

    digest: str  # first 16 hex digits of the SHA-256 of its uncompressed content, or of a broken file itself
    size: int  # bytes, as they lie there
    raw_digest: bytes  # SHA-256 of these
    body: bytes | None  # all of them, unless they are many
    beginning: bytes = b""  # the first block of its uncompressed content
    is_all: bool = True  # whether there is no other block
    broken: FileRejected | None = None  # why it cannot be uncompressed to its end

    @property
    def is_plain(self) -> bool:
        """Whether it lies there as it is read, not compressed."""
        return not self.broken and self.digest == _shown(self.raw_digest)


def read_content(file: IO[bytes]) -> Content:
    """Reads a file to its end.

    Raises:
        ChangedWhileRead: it was written to meanwhile.
        OSError: it cannot be read.
    """
    before = _version(file)
    raw = _Recorder(file)
    digest, beginning, length, broken = hashlib.sha256(), b"", 0, None
    try:
        for block in content_blocks(raw):
            beginning = beginning or block
            length += len(block)
            digest.update(block)
    except FileRejected as error:
        broken = error
    while raw.read(_BLOCK):
        pass
    if _version(file) != before or raw.size != os.fstat(file.fileno()).st_size:
        raise ChangedWhileRead
    return Content(
        digest=_shown(raw.digest if broken else digest.digest()),
        size=raw.size,
        raw_digest=raw.digest,
        body=raw.body,
        beginning=beginning,
        is_all=not broken and length == len(beginning),
        broken=broken,
    )


def _shown(digest: bytes) -> str:
    return digest[:_DIGEST_BYTES].hex()


def _version(file: IO[bytes]) -> tuple[int, int]:
    entry = os.fstat(file.fileno())
    return entry.st_size, entry.st_mtime_ns


class _Recorder:
    """Reads a file and remembers its digest, and all of it while that is little."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._blocks: list[bytes] = []
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self._hash.update(block)
        self.size += len(block)
        if self.size <= IN_MEMORY:
            self._blocks.append(block)
        else:
            self._blocks.clear()
        return block

    @property
    def digest(self) -> bytes:
        return self._hash.digest()

    @property
    def body(self) -> bytes | None:
        return b"".join(self._blocks) if self.size <= IN_MEMORY else None


class SecondReading:
    """A large file, read again to be sent: its last bytes are given out only if all are those of before.

    Args:
        file: the open file.
        content: what it held when it was read first.
    """

    def __init__(self, file: IO[bytes], content: Content) -> None:
        file.seek(0)
        self._file = file
        self._content = content
        self._hash = hashlib.sha256()
        self._left = content.size

    def read(self, size: int = -1) -> bytes:
        """The next bytes.

        Raises:
            ChangedWhileRead: they are not those of the first time.
        """
        block = self._file.read(self._left if size < 0 else min(size, self._left))
        self._hash.update(block)
        self._left -= len(block)
        is_short = self._left and not block
        if is_short or (not self._left and self._hash.digest() != self._content.raw_digest):
            raise ChangedWhileRead
        return block
