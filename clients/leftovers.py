"""What outlives a stack on purpose: the bucket and the tables. Found by the stack, or by their names."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from clients.account import Account
from models.errors import TryAgain

TABLES = ("DailyTotals", "PairStatistics", "Files")

_TRIES = 5  # to delete a bucket into which somebody still uploads
_WAITS: Any = {"Delay": 1, "MaxAttempts": 600}
_GONE = {"404", "NoSuchBucket", "ResourceNotFoundException"}


def tables(account: Account, stack: str) -> list[str]:
    """The tables that a stack made: CloudFormation begins their names with the stack's."""
    pages = account.client("dynamodb").get_paginator("list_tables").paginate()
    starts = tuple(f"{stack}-{table}-" for table in TABLES)
    return [name for page in pages for name in page["TableNames"] if name.startswith(starts)]


def bucket(account: Account, stack: str) -> str | None:
    """The bucket of a stack, if it is there and this account's."""
    s3 = account.client("s3")
    number = account.client("sts").get_caller_identity()["Account"]
    name = f"{stack}-{number}-{s3.meta.region_name}"
    try:
        s3.head_bucket(Bucket=name, ExpectedBucketOwner=number)
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return None
        raise
    return name


def remove_tables(account: Account, stack: str) -> None:
    """Takes the deletion protection from the tables of a stack, and deletes them."""
    dynamodb = account.client("dynamodb")
    names = tables(account, stack)
    for name in names:
        try:
            dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
            dynamodb.delete_table(TableName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in (*_GONE, "ResourceInUseException"):
                raise
    for name in names:
        dynamodb.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig=_WAITS)


def remove_bucket(account: Account, name: str) -> None:
    """Empties a bucket, unfinished uploads included, and deletes it.

    Raises:
        TryAgain: somebody keeps uploading into it.
    """
    s3 = account.client("s3")
    for _ in range(_TRIES):
        _empty(s3, name)
        try:
            s3.delete_bucket(Bucket=name)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _GONE:
                return
            if code != "BucketNotEmpty":
                raise
        else:
            return
    raise TryAgain(
        "not empty, as somebody keeps uploading into it",
        where=f"bucket {name}",
        remedy="Stop the uploads, and run the command again",
    )


def _empty(s3: Any, bucket: str) -> None:
    for keys in _in_groups(s3, bucket):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for upload in page.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])


def _in_groups(s3: Any, bucket: str) -> Iterator[list[dict[str, str]]]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        if "Contents" in page:
            yield [{"Key": entry["Key"]} for entry in page["Contents"]]
