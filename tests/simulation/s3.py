"""A bucket as S3 keeps it: whole objects, the last writer wins, conditions on the ETag."""

# ruff: noqa: N803  # the parameters are named as AWS names them

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import md5
from random import Random
from typing import Any, NamedTuple

from tests.simulation.errors import refusal


class Object(NamedTuple):
    """One version of an object."""

    content: bytes
    etag: str
    modified_at: float
    metadata: dict[str, str]


class S3:
    """The operations on one bucket.

    Args:
        random: decides where the documentation leaves a choice.
        clock: gives the true time.
        made_body: wraps a content that is read piece by piece over the network.
        deleted: is told of every object that a worker deletes.
    """

    def __init__(
        self,
        random: Random,
        clock: Callable[[], float],
        made_body: Callable[[bytes], Any],
        deleted: Callable[[str, Object], None],
    ) -> None:
        self.objects: dict[str, Object] = {}
        self._random = random
        self._clock = clock
        self._made_body = made_body
        self._deleted = deleted

    def store(self, key: str, content: bytes, metadata: dict[str, str] | None = None) -> Object:
        """Puts an object, as any client does."""
        etag = f'"{md5(content, usedforsecurity=False).hexdigest()}"'
        self.objects[key] = Object(content, etag, self._clock(), metadata or {})
        return self.objects[key]

    def get_object(self, Bucket: str, Key: str, IfMatch: str = "") -> dict[str, Any]:
        """A snapshot, with `IfMatch` of that version only: what happens while it is read does not matter."""
        found = self._find(Key, "GetObject")
        if IfMatch not in ("", found.etag):
            raise refusal("PreconditionFailed", "GetObject")
        return {
            "Body": self._made_body(found.content),
            "ETag": found.etag,
            "LastModified": datetime.fromtimestamp(found.modified_at, UTC),
            "ContentLength": len(found.content),
            "Metadata": found.metadata,
        }

    def put_object(
        self, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str = "", **_: Any
    ) -> dict[str, Any]:
        """Stores an object, with `IfNoneMatch="*"` only if there is none."""
        if IfNoneMatch == "*" and Key in self.objects:
            raise refusal("PreconditionFailed", "PutObject")
        return {"ETag": self.store(Key, Body).etag}

    def copy_object(
        self,
        Bucket: str,
        Key: str,
        CopySource: dict[str, str],
        CopySourceIfMatch: str = "",
        Metadata: dict[str, str] | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        """Copies an object, with `CopySourceIfMatch` only this version of it."""
        source = self._find(CopySource["Key"], "CopyObject")
        if CopySourceIfMatch and CopySourceIfMatch != source.etag:
            raise refusal("PreconditionFailed", "CopyObject")
        self.store(Key, source.content, Metadata or source.metadata)
        return {}

    def delete_object(self, Bucket: str, Key: str, IfMatch: str = "") -> dict[str, Any]:
        """Deletes an object, with `IfMatch` only this version of it."""
        found = self.objects.get(Key)
        if IfMatch and found is None:
            raise refusal(self._random.choice(["NoSuchKey", "PreconditionFailed"]), "DeleteObject")
        if IfMatch and found is not None and found.etag != IfMatch:
            raise refusal("PreconditionFailed", "DeleteObject")
        if found is not None:
            del self.objects[Key]
            self._deleted(Key, found)
        return {}

    def _find(self, key: str, operation: str) -> Object:
        if key not in self.objects:
            raise refusal("NoSuchKey", operation, "The specified key does not exist.")
        return self.objects[key]
