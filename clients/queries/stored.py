"""What a deployment keeps and what is waiting in it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from clients.queries.compute import Compute, read_compute
from clients.queries.file_report import LISTED, FileReport, SetAside, read_file_report
from clients.queries.lag import Comparison, Lag, sampled_lag
from clients.terminal.account import Account
from clients.terminal.aws_errors import is_denied
from models.bucket_layout import INCOMING, QUARANTINE, REJECTED, is_folder_marker
from models.deployment import Deployment
from models.storage.file_records import FilesTable
from models.storage.item_size import STORAGE_OVERHEAD, stored_size
from models.storage.schema import RawItem

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

# US dollars for a GB and month, us-east-1, November 2026; where each stands says `perf/costs/prices.py`.
TABLE_STORAGE = 0.25
RECOVERY = 0.20  # point-in-time recovery, which tables have unless the deployment turns it off
OBJECT_STORAGE = 0.023
_GB = 1e9

_COUNTED_EXACTLY = 100_000  # items of a table; more are taken from DynamoDB's own estimate


class TableUse(NamedTuple):
    """What a table holds."""

    name: str
    items: int
    stored_bytes: int  # as billed
    is_exact: bool  # or DynamoDB's estimate, which is up to six hours old

    @property
    def dollars_a_month(self) -> float:
        """What keeping it costs, with point-in-time recovery."""
        return self.stored_bytes / _GB * (TABLE_STORAGE + RECOVERY)


class ObjectUse(NamedTuple):
    """What lies below a prefix of the bucket."""

    prefix: str
    keys: list[str]
    stored_bytes: int
    since: list[float]  # when each was put there, epoch seconds

    @property
    def objects(self) -> int:
        """How many lie there."""
        return len(self.keys)

    @property
    def dollars_a_month(self) -> float:
        """What keeping them costs."""
        return self.stored_bytes / _GB * OBJECT_STORAGE


class Waiting(NamedTuple):
    """Messages of a queue."""

    visible: int
    in_flight: int


class Status(NamedTuple):
    """All of it."""

    tables: list[TableUse]
    objects: list[ObjectUse]
    queue: Waiting
    dead_letters: Waiting
    files: FileReport
    lag: Lag | None = None  # of consolidation; None if it may not be seen
    compute: Compute = Compute()

    @property
    def incoming_since(self) -> list[float]:
        """When each file that is not counted yet arrived, epoch seconds."""
        return [since for below in self.objects if below.prefix == INCOMING for since in below.since]


def read_status(account: Account, listed: int = LISTED, *, with_traffic: bool = True) -> Status:
    """Looks at everything a deployment has.

    Args:
        account: where it is.
        listed: how many files of a kind to list.
        with_traffic: whether the tables of totals and statistics are read, up to 100,000 items of each; else
            a sample tells the lag of consolidation.

    Raises:
        ClientError, BotoCoreError: AWS refused or did not answer.
    """
    deployment = account.deployment
    dynamodb, sqs = account.client("dynamodb"), account.client("sqs")
    objects = object_uses(account.client("s3"), deployment.bucket)
    set_aside = SetAside(key for below in objects for key in below.keys)
    files = read_file_report(FilesTable(dynamodb, deployment.files), set_aside, listed)
    uses, lag = _traffic(dynamodb, deployment) if with_traffic else ([], _sampled(dynamodb, deployment))
    return Status(
        [*uses, TableUse("Files", files.states.total(), files.stored_bytes, is_exact=True)],
        objects,
        waiting(sqs, deployment.queue_url),
        waiting(sqs, deployment.dead_letter_queue_url),
        files,
        lag,
        read_compute(account),
    )


def _traffic(dynamodb: "DynamoDBClient", deployment: Deployment) -> tuple[list[TableUse], Lag | None]:
    """What both tables hold, and how far one is behind the other: exactly, if neither is large."""
    comparison = Comparison()
    uses = traffic_uses(dynamodb, deployment, comparison)
    is_whole = all(use.is_exact for use in uses)
    return uses, comparison.lag() if is_whole else _sampled(dynamodb, deployment)


def _sampled(dynamodb: "DynamoDBClient", deployment: Deployment) -> Lag | None:
    try:
        return sampled_lag(dynamodb, deployment)
    except ClientError as error:
        if not is_denied(error):
            raise
        return None


def traffic_uses(
    dynamodb: "DynamoDBClient", deployment: Deployment, comparison: Comparison | None = None
) -> list[TableUse]:
    """Items and bytes of the tables of totals and statistics.

    Args:
        dynamodb: a boto3 DynamoDB client.
        deployment: the names of the tables.
        comparison: is given all items that are read.
    """
    comparison = comparison or Comparison()
    return [
        table_use(dynamodb, "DailyTotals", deployment.daily_totals, comparison.take_week),
        table_use(dynamodb, "PairStatistics", deployment.pair_statistics, comparison.take_statistics),
    ]


def object_uses(s3: "S3Client", bucket: str) -> list[ObjectUse]:
    """Objects and bytes below each prefix of the bucket."""
    return [_object_use(s3, bucket, prefix) for prefix in (INCOMING, QUARANTINE, REJECTED)]


def waiting(sqs: "SQSClient", queue_url: str) -> Waiting:
    """How many messages a queue has, about."""
    attributes = sqs.get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return Waiting(
        int(attributes["ApproximateNumberOfMessages"]),
        int(attributes["ApproximateNumberOfMessagesNotVisible"]),
    )


def table_use(
    dynamodb: "DynamoDBClient", name: str, table: str, take: Callable[[RawItem], object] = lambda _: None
) -> TableUse:
    """Items and bytes of a table, by a scan if it is not large; each item that is read is given to `take`."""
    described = dynamodb.describe_table(TableName=table)["Table"]
    estimate = TableUse(
        name,
        described.get("ItemCount", 0),
        described.get("TableSizeBytes", 0) + described.get("ItemCount", 0) * STORAGE_OVERHEAD,
        is_exact=False,
    )
    items = total = 0
    for page in dynamodb.get_paginator("scan").paginate(TableName=table):
        items += len(page["Items"])
        for item in page["Items"]:
            total += stored_size(item)
            take(item)
        if items > _COUNTED_EXACTLY:
            return estimate
    return TableUse(name, items, total, is_exact=True)


def _object_use(s3: "S3Client", bucket: str, prefix: str) -> ObjectUse:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    entries = [entry for page in pages for entry in page.get("Contents", [])]
    return ObjectUse(
        prefix,
        [entry["Key"] for entry in entries],
        sum(entry["Size"] for entry in entries),
        [
            entry["LastModified"].timestamp()
            for entry in entries
            if not is_folder_marker(entry["Key"], entry["Size"])
        ],
    )
