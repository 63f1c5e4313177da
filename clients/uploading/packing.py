"""Compressing a file on its way to the bucket: rows of flows take a third of the time of a slow line."""

import zlib
from collections.abc import Callable
from typing import Protocol

from clients.uploading.content import Content

_WORTH_IT = 1 << 20  # bytes of a file: a smaller one is sent before a line shows how slow it is
_LEVEL = 1  # 100 MB and more a second; the highest one saves another seventh of the bytes
_LEAST_RATIO = 1.5  # of what was not compressed to what is
_MOST_RATIO = 50  # half of what a worker takes
_GZIP = zlib.MAX_WBITS | 16  # zlib's notation for "with a gzip header and trailer", without name and time
_BLOCK = 1 << 18


class Readable(Protocol):
    """What bytes can be read from."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, none at the end."""


class TooDense(Exception):
    """It compresses so well that a worker would take it for an attack."""


def is_worth_packing(content: Content) -> bool:
    """Whether a file lies there as plain text, and is much longer than its compressed form."""
    if content.size < _WORTH_IT or not content.is_plain:
        return False
    return _LEAST_RATIO < len(content.beginning) / len(zlib.compress(content.beginning, _LEVEL)) < _MOST_RATIO


class Packed:
    """The gzip form of what can be read from another: the same for the same bytes, at any time.

    Args:
        plain: where the bytes come from.
        advanced: is told how many of them were read.
    """

    def __init__(self, plain: Readable, advanced: Callable[[int], None]) -> None:
        self._plain = plain
        self._advanced = advanced
        self._gzip = zlib.compressobj(_LEVEL, wbits=_GZIP)
        self._ready = bytearray()
        self._is_at_end = False
        self._plain_bytes = self._packed_bytes = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes.

        Raises:
            TooDense: it compresses too well.
        """
        while not self._is_at_end and (size < 0 or len(self._ready) < size):
            self._advance()
        taken = bytes(self._ready if size < 0 else self._ready[:size])
        del self._ready[: len(taken)]
        return taken

    def _advance(self) -> None:
        block = self._plain.read(_BLOCK)
        packed = self._gzip.compress(block) if block else self._gzip.flush()
        self._is_at_end = not block
        self._ready += packed
        self._plain_bytes += len(block)
        self._packed_bytes += len(packed)
        self._advanced(len(block))
        if self._is_at_end and self._plain_bytes > _MOST_RATIO * self._packed_bytes:
            raise TooDense
