"""A file in gzip form on its way, a piece at a time."""

import gzip
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.uploading.packing import Packed, TooDense


@given(st.binary(max_size=3000), st.lists(st.integers(1, 1000)))
def test_pieces_of_any_size_unfold_to_what_was_packed(content: bytes, sizes: list[int]) -> None:
    """They are those of the whole, at any time; each but the last is as long as asked for; all is told."""
    told: list[int] = []
    packed = Packed(BytesIO(content), told.append)
    pieces = [packed.read(size) for size in sizes] + [packed.read(), packed.read(7)]
    assert gzip.decompress(b"".join(pieces)) == content
    assert b"".join(pieces) == Packed(BytesIO(content), told.append).read()
    assert sum(told) == 2 * len(content)
    for piece, size, following in zip(pieces, sizes, pieces[1:], strict=False):
        assert len(piece) == size or not following


def test_what_would_unfold_too_far_is_not_packed() -> None:
    """A worker would take it for an attack; that is known before the last byte is given out."""
    packed = Packed(BytesIO(bytes(10_000_000)), lambda _: None)
    with pytest.raises(TooDense):
        packed.read()
