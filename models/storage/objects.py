"""Copies of objects within the bucket, whatever their size."""

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef

LARGEST_COPY = 5 << 30  # bytes that S3 copies by one request
PART = 512 << 20  # bytes of a larger object that it copies by one; it takes 10,000 of them, so 5 TB


class StoredObject(NamedTuple):
    """One version of an object."""

    bucket: str
    key: str
    etag: str
    size: int  # bytes


def copy_object(
    s3: "S3Client",
    source: StoredObject,
    key: str,
    metadata: "Mapping[str, str] | None" = None,
    **conditions: Any,
) -> None:
    """Copies a version of an object within its bucket, without its metadata and tags.

    Parts of a copy that failed are not removed: the bucket does that after a day.

    Args:
        s3: a boto3 S3 client.
        source: what to copy.
        key: of the copy.
        metadata: of the copy.
        conditions: on the copy, as S3 calls them: IfNoneMatch="*".

    Raises:
        ClientError: S3 refused; `PreconditionFailed` where there is another version, or a condition fails.
    """
    if source.size > LARGEST_COPY:
        _copy_in_parts(s3, source, key, metadata or {}, conditions)
        return
    s3.copy_object(
        Bucket=source.bucket,
        Key=key,
        CopySource={"Bucket": source.bucket, "Key": source.key},
        CopySourceIfMatch=source.etag,
        MetadataDirective="REPLACE",
        TaggingDirective="REPLACE",  # tags would need permissions of their own
        Metadata=metadata or {},
        **conditions,
    )


def _copy_in_parts(
    s3: "S3Client", source: StoredObject, key: str, metadata: "Mapping[str, str]", conditions: dict[str, Any]
) -> None:
    """Copies what is too large for one request. All parts are of one version, or there is no copy."""
    target: Any = {"Bucket": source.bucket, "Key": key}
    target["UploadId"] = s3.create_multipart_upload(**target, Metadata=metadata)["UploadId"]
    parts: list[CompletedPartTypeDef] = []
    for number, begin in enumerate(range(0, source.size, PART), start=1):
        answer = s3.upload_part_copy(
            **target,
            PartNumber=number,
            CopySource={"Bucket": source.bucket, "Key": source.key},
            CopySourceIfMatch=source.etag,
            CopySourceRange=f"bytes={begin}-{min(begin + PART, source.size) - 1}",
        )
        parts.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})
    s3.complete_multipart_upload(**target, MultipartUpload={"Parts": parts}, **conditions)
