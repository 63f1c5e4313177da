"""The quarantine of a file on its way to the bucket: gzipped, and in proportion to what was uploaded."""

import zlib
from typing import IO

from models.errors import FileRejected

_SPARE = 1 << 20  # bytes that any file may take
_RATIO = 4  # of what it may take beyond, to what was uploaded; real files stay below 2
_AT_A_TIME = 1 << 16  # bytes that are compressed: a row by itself takes several times as long
_LEVEL = 1  # of compression: the quickest
_GZIP = zlib.MAX_WBITS | 16  # zlib's notation for "with a gzip header and trailer"


class QuarantinedRows:
    """Takes the CSV that `models.flow_csv.quarantine` writes.

    Args:
        kept: takes it gzipped.
        uploaded: bytes of the object that the rows are from.
    """

    def __init__(self, kept: IO[bytes], uploaded: int) -> None:
        self._kept = kept
        self._left = _SPARE + _RATIO * uploaded
        self._packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
        self._held = bytearray()

    def write(self, text: bytes) -> int:
        """Takes some of the CSV.

        Raises:
            FileRejected: it takes far more room than the file that was uploaded.
        """
        self._held += text
        if len(self._held) >= _AT_A_TIME:
            self._pack()
        return len(text)

    def end(self) -> None:
        """Packs what is left; nothing can be added any more.

        Raises:
            FileRejected: as `write` does.
        """
        self._pack()
        self._put(self._packer.flush())

    def packed(self) -> IO[bytes]:
        """The whole, from its beginning, after its end."""
        self._kept.seek(0)
        return self._kept

    def _pack(self) -> None:
        self._put(self._packer.compress(self._held))
        self._held.clear()

    def _put(self, packed: bytes) -> None:
        self._left -= len(packed)
        if self._left < 0:
            raise FileRejected(
                f"the rows that cannot be counted, even gzipped, take more than {_RATIO} times what was "
                "uploaded",
                remedy="Check how the file was made",
            )
        self._kept.write(packed)
