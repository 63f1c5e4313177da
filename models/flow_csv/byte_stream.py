"""The content of a stream, gzipped or not: first in blocks of one size, then in whole lines."""

import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Protocol

from models.errors import FileRejected

BLOCK = 1 << 16  # bytes: small enough to stay in a core's own cache while it is hashed, cut and counted

MAX_LINE = 1 << 20  # bytes: no row of flows is longer, and a longer line is never held in memory

_MAGIC = b"\x1f\x8b"
_LINE_END = re.compile(rb"[\r\n]")
_GZIP = zlib.MAX_WBITS | 16  # zlib's notation for "with a gzip header and trailer"
_PADDING = b"\0\r\n"  # behind gzip data: of tapes and disks, of editors and mail programs
_REMEDY = "Compress the CSV again, or upload it as it is"

_SPARE = 1 << 20  # bytes of content that any gzipped file may have
MOST_RATIO = 100  # of the content beyond them to what is gzipped; of real files to 20, of zeros to 1,000


class Readable(Protocol):
    """An open file, or the body of an S3 object: gives up to `size` bytes, and none at its end."""

    def read(self, size: int, /) -> bytes: ...


def content_blocks(stream: Readable) -> Iterator[bytes]:
    """The uncompressed content, in blocks of `BLOCK` bytes (the last may be shorter).

    The blocks depend on the content only, not on how the stream delivers or compresses it. Gzip is known
    by its first bytes and may have several members. Memory is bounded, however well it compresses.

    Raises:
        FileRejected: the gzip data is truncated or corrupt, or unfolds to far more than flows do.
    """
    blocks = _regrouped(iter(lambda: stream.read(BLOCK), b""))
    first = next(blocks, b"")
    whole = chain([first], blocks) if first else iter(())
    return _regrouped(_gunzipped(whole)) if first.startswith(_MAGIC) else whole


def whole_lines(blocks: Iterator[bytes], *, is_cut: bool = False) -> Iterator[tuple[bytes, bool]]:
    """Cuts the content after line ends: LF, CRLF or CR.

    Args:
        blocks: the content.
        is_cut: whether it goes on after the last block, whose last line is not given then.

    Yields:
        (lines, True), or (a piece of a line longer than `MAX_LINE`, False). What follows the last piece of
        such a line begins with its line end.
    """
    held = b""  # the beginning of a line whose end is still to come
    is_within_long_line = False
    for block, is_last in _with_last_marked(blocks):
        rest = block
        if is_within_long_line:
            piece, rest = _cut_before_line_end(block)
            yield piece, False
            is_within_long_line = not rest
        lines, held = _cut_after_last_line_end(held, rest, is_last and not is_cut)
        if lines:
            yield lines, True
        if len(held) > MAX_LINE:
            piece, held = _cut_before_last_cr(held)
            yield piece, False
            is_within_long_line = not held


def _cut_before_line_end(text: bytes) -> tuple[bytes, bytes]:
    """What belongs to the line, and the line end with what follows it."""
    piece = _LINE_END.split(text, maxsplit=1)[0]
    return piece, text[len(piece) :]


def _cut_after_last_line_end(held: bytes, rest: bytes, is_last: bool) -> tuple[bytes, bytes]:
    """Whole lines, and the beginning of another; a CR at the very end may be half of a CRLF."""
    cut = len(rest) if is_last else rest.rfind(b"\n") + 1
    if cut or is_last:
        return b"".join((held, memoryview(rest)[:cut])), rest[cut:]  # copied once: it is all of the content
    text = held + rest
    cut = text.rfind(b"\r", 0, -1) + 1
    return text[:cut], text[cut:]


def _cut_before_last_cr(text: bytes) -> tuple[bytes, bytes]:
    """A CR at the end ends the line, or will with the LF that follows."""
    piece = text.removesuffix(b"\r")
    return piece, text[len(piece) :]


def _with_last_marked(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    block = next(blocks, b"")
    while block:
        following = next(blocks, b"")
        yield block, not following
        block = following


def _regrouped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    missing = BLOCK
    for piece in pieces:
        rest = piece
        while len(rest) >= missing:
            held.append(rest[:missing])
            rest = rest[missing:]
            yield held[0] if len(held) == 1 else b"".join(held)
            held, missing = [], BLOCK
        if rest:
            held.append(rest)
            missing -= len(rest)
    if held:
        yield b"".join(held)


def _gunzipped(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces of at most `BLOCK` bytes of the content of all members."""
    member = zlib.decompressobj(_GZIP)
    left = _SPARE
    for block in blocks:
        data = block
        left += MOST_RATIO * len(block)
        while data:
            if member.eof:
                data = data.lstrip(_PADDING)
                if not data:
                    break
                _check_is_member(data)
                member = zlib.decompressobj(_GZIP)
            try:
                piece = member.decompress(data, BLOCK)
            except zlib.error as error:
                raise FileRejected(f"the gzip data is corrupt ({error})", remedy=_REMEDY) from error
            left -= len(piece)
            if left < 0:
                raise FileRejected(
                    f"its content is more than {MOST_RATIO} times as long as the gzip data that it is in",
                    remedy="Upload it as it is, without gzip",
                )
            if piece:
                yield piece
            data = member.unused_data if member.eof else member.unconsumed_tail
    if not member.eof:
        raise FileRejected("the gzip data is truncated: it stops before its end mark", remedy=_REMEDY)


def _check_is_member(data: bytes) -> None:
    if not data.startswith(_MAGIC[: len(data)]):
        raise FileRejected(f"bytes after the end of the gzip data: {data[:16]!r}", remedy=_REMEDY)
