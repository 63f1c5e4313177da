"""Reads an object once more for each further part of a wide file, and always the same version of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from models.errors import ContentChanged, error_code
from models.flow_csv.flow_file import FlowFile, each_part
from models.s3_events import UploadedObject
from models.traffic import CountedDay

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class VersionLost(Exception):
    """The version of an object that was read first is not there any more.

    Args:
        is_gone: whether there is none at all; else there is another.
    """

    def __init__(self, *, is_gone: bool) -> None:
        what = "deleted" if is_gone else "overwritten"
        super().__init__(
            f"the file was {what} between two passes over it, and what was read of it is counted. "
            "Upload that version again: it is completed, and nothing counts twice."
        )
        self.is_gone = is_gone


@dataclass(frozen=True)
class Passes:
    """The passes over one version of an object.

    Args:
        s3: where it lies.
        uploaded: which object.
        etag: of the version.
        pair_days: distinct ones in hand at most.
        check_time: is called for each block that is read; what it raises passes through.
    """

    s3: "S3Client"
    uploaded: UploadedObject
    etag: str
    pair_days: int
    check_time: Callable[[], object]

    def parts(self, flows: FlowFile) -> Iterator[list[CountedDay]]:
        """Gives the totals of all parts of a file of which the first was read, as `each_part` does.

        Raises:
            VersionLost: another part could not be read any more; those before it were given.
        """
        try:
            yield from each_part(flows, self._open, self.pair_days, self.check_time)
        except ContentChanged as changed:
            raise VersionLost(is_gone=False) from changed

    def _open(self) -> Any:
        where = self.uploaded
        try:
            return self.s3.get_object(Bucket=where.bucket, Key=where.key, IfMatch=self.etag)["Body"]
        except ClientError as error:
            if error_code(error) in ("PreconditionFailed", "NoSuchKey", "404"):
                raise VersionLost(is_gone=error_code(error) != "PreconditionFailed") from error
            raise
