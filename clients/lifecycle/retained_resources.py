"""What outlives a stack: bucket and tables on purpose, logs if written late. Found by their names."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from clients.terminal.account import Account
from models.deployment import check_layout
from models.errors import TryAgain, error_code

TABLES = ("DailyTotals", "PairStatistics", "Files")
FUNCTIONS = ("summarize", "consolidate", "verify")

_LOOKS = 300  # at a table that is being changed, one a second
_TRIES = 5  # to delete a bucket into which somebody still uploads
_WAITS: Any = {"Delay": 1, "MaxAttempts": 600}
_GONE = {"404", "NoSuchBucket", "ResourceNotFoundException"}


class Table(NamedTuple):
    """A table that a stack made, or an earlier stack of that name."""

    kind: str  # one of TABLES
    name: str
    label: str  # its kind; its name if there are several of that kind


def tables(account: Account, stack: str) -> list[Table]:
    """The tables that a stack made: CloudFormation begins their names with the stack's."""
    pages = account.client("dynamodb").get_paginator("list_tables").paginate()
    names = [name for page in pages for name in page["TableNames"]]
    found = {kind: [name for name in names if name.startswith(f"{stack}-{kind}-")] for kind in TABLES}
    return [
        Table(kind, name, kind if len(of_kind) == 1 else name)
        for kind, of_kind in found.items()
        for name in of_kind
    ]


def is_being_deleted(account: Account, table: Table) -> bool:
    """Whether a table is gone or going: its items can no longer be read."""
    try:
        described = account.client("dynamodb").describe_table(TableName=table.name)
    except ClientError as error:
        if error_code(error) in _GONE:
            return True
        raise
    return bool(described["Table"]["TableStatus"] == "DELETING")


def check_layouts(account: Account, tables: Sequence[Table]) -> None:
    """Refuses to read tables of another layout. Daily totals alone say which it is: the others go with them.

    Raises:
        OtherLayout: a table was laid out by another version.
    """
    for table in tables:
        if table.kind == "DailyTotals":
            found = tags(account, table).get("flowtally:layout", "1")
            check_layout(found, where=f"table {table.name}")


def tags(account: Account, table: Table) -> dict[str, str]:
    """What a table is tagged with."""
    dynamodb = account.client("dynamodb")
    arn = dynamodb.describe_table(TableName=table.name)["Table"]["TableArn"]
    pages = dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def bucket(account: Account, stack: str) -> str | None:
    """The bucket of a stack, if it is there and this account's."""
    s3 = account.client("s3")
    number = account.client("sts").get_caller_identity()["Account"]
    name = f"{stack}-{number}-{s3.meta.region_name}"
    try:
        s3.head_bucket(Bucket=name, ExpectedBucketOwner=number)
    except ClientError as error:
        if error_code(error) in _GONE:
            return None
        raise
    return name


def logs(account: Account, stack: str) -> list[str]:
    """The log groups of a stack's functions, and none of a stack whose name only begins like this one's."""
    own = {f"/aws/lambda/{stack}-{function}" for function in FUNCTIONS}
    pages = account.client("logs").get_paginator("describe_log_groups")
    groups = pages.paginate(logGroupNamePrefix=f"/aws/lambda/{stack}-").search("logGroups[].logGroupName")
    return [name for name in groups if name in own]


def remove_logs(account: Account, stack: str) -> None:
    """Deletes log groups that a function made again by writing after its stack was gone."""
    for name in logs(account, stack):
        try:
            account.client("logs").delete_log_group(logGroupName=name)
        except ClientError as error:
            if error_code(error) not in _GONE:
                raise


def empty_tables(account: Account) -> list[Table]:
    """The tables of the account's stack in which nothing is."""
    return [table for table in tables(account, account.stack) if not _holds_items(account, table)]


def remove_tables(account: Account, tables: Sequence[Table]) -> None:
    """Takes the deletion protection from tables, and deletes them."""
    dynamodb = account.client("dynamodb")
    for table in tables:
        _delete_table(dynamodb, table.name)
    for table in tables:
        dynamodb.get_waiter("table_not_exists").wait(TableName=table.name, WaiterConfig=_WAITS)


def _delete_table(dynamodb: Any, name: str) -> None:
    """Has a table be deleted; one that is being changed, as by the end of its protection, once that is done.

    Raises:
        TryAgain: it is being changed for minutes.
    """
    for _ in range(_LOOKS):
        try:
            described = dynamodb.describe_table(TableName=name)["Table"]
            if described["TableStatus"] == "DELETING":
                return
            if described.get("DeletionProtectionEnabled"):
                dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
            dynamodb.delete_table(TableName=name)
        except ClientError as error:
            if error_code(error) in _GONE:
                return
            if error_code(error) != "ResourceInUseException":
                raise
            time.sleep(1)
        else:
            return
    raise TryAgain("is being changed by somebody", where=f"table {name}", remedy="Run the command again")


def remove_bucket(account: Account, name: str) -> None:
    """Empties a bucket, earlier versions and unfinished uploads included, and deletes it.

    Raises:
        TryAgain: somebody keeps uploading into it.
    """
    s3 = account.client("s3")
    for _ in range(_TRIES):
        _empty(s3, name)
        try:
            s3.delete_bucket(Bucket=name)
        except ClientError as error:
            code = error_code(error)
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


def _holds_items(account: Account, table: Table) -> bool:
    """Whether there is anything in a table, read strongly consistent; not in one that is gone."""
    try:
        page = account.client("dynamodb").scan(TableName=table.name, ConsistentRead=True, Limit=1)
    except ClientError as error:
        if error_code(error) in _GONE:
            return False
        raise
    return bool(page["Items"]) or "LastEvaluatedKey" in page  # a page may be empty before others that are not


def _empty(s3: Any, bucket: str) -> None:
    for keys in _in_groups(s3, bucket):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for upload in page.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])


def _in_groups(s3: Any, bucket: str) -> Iterator[list[dict[str, str]]]:
    """All objects: where somebody switched versioning on, also earlier versions and marks of deletions."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        if listed := [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            yield [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in listed]
