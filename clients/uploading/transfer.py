"""Sending a file: exactly the bytes that were read, at once or in parts, as they lie there or compressed."""

from collections.abc import Callable
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any

from boto3.s3.transfer import TransferConfig

from clients.uploading.content import IN_MEMORY, Content, SecondReading
from clients.uploading.packing import Packed, Readable, TooDense

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PARTS_AT_ONCE = 4
_IN_PARTS = TransferConfig(
    multipart_threshold=IN_MEMORY, multipart_chunksize=IN_MEMORY, max_concurrency=PARTS_AT_ONCE
)


class Transfer:
    """The way of a file to its object.

    Args:
        s3: a boto3 S3 client.
        bucket: the bucket.
        key: of the object.
        advanced: is told how many more bytes of the file were sent; negative when some have to be sent again.
            What it raises ends the transfer.
    """

    def __init__(self, s3: "S3Client", bucket: str, key: str, advanced: Callable[[int], None]) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._key = key
        self._advanced = advanced

    def send(self, opened: IO[bytes], content: Content, *, is_packed: bool) -> None:
        """Sends a file.

        Args:
            opened: the file.
            content: what it held when it was read.
            is_packed: whether it is to be compressed on the way.

        Raises:
            ChangedWhileRead: it holds something else now; nothing is sent.
        """
        if is_packed:
            try:
                self._send_packed(opened, content)
            except TooDense:  # under the same key: workers look at the bytes, not at the name
                self._advanced(-content.size)
            else:
                return
        if content.body is None:
            self._send_parts(SecondReading(opened, content), Callback=self._advanced)
        else:
            self._send_at_once(content.body)
            self._advanced(content.size)

    def _send_packed(self, opened: IO[bytes], content: Content) -> None:
        if content.body is None:
            self._send_parts(Packed(SecondReading(opened, content), self._advanced))
        else:
            self._send_at_once(Packed(BytesIO(content.body), self._advanced).read())

    def _send_at_once(self, body: bytes) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=self._key, Body=body)

    def _send_parts(self, source: Readable, **more: Any) -> None:
        self._s3.upload_fileobj(source, self._bucket, self._key, Config=_IN_PARTS, **more)  # type: ignore[arg-type]
