"""How far the pipeline is with the files that were sent."""

from typing import TYPE_CHECKING, NamedTuple

from clients.queries.counted import days_in
from clients.queries.stored import waiting
from models.bucket_layout import INCOMING
from models.deployment import Deployment
from models.storage.daily_totals import DailyTotalsStore
from models.storage.file_records import FilesTable
from models.storage.numbers import integer
from models.storage.schema import PairStatistics

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient


class PipelineProgress(NamedTuple):
    """How far it is."""

    files: int  # counted or rejected
    uploads_left: int  # objects below incoming/, and messages
    pair_days: int  # daily totals written
    consolidated: int  # of these

    def is_at_rest(self, files: int) -> bool:
        """Whether so many files are counted and everything is consolidated."""
        return self.files == files and not self.uploads_left and self.consolidated == self.pair_days


def read_progress(
    dynamodb: "DynamoDBClient", s3: "S3Client", sqs: "SQSClient", deployment: Deployment
) -> PipelineProgress:
    """Looks at a deployment: reads its tables, so it is for small ones, as those of a demo."""
    incoming = s3.list_objects_v2(Bucket=deployment.bucket, Prefix=INCOMING)["KeyCount"]
    queue = waiting(sqs, deployment.queue_url)
    days = PairStatistics.days.attr_name
    pairs = dynamodb.get_paginator("scan").paginate(
        TableName=deployment.pair_statistics, ProjectionExpression=days
    )
    return PipelineProgress(
        files=sum(1 for _ in FilesTable(dynamodb, deployment.files).all()),
        uploads_left=incoming + queue.visible + queue.in_flight,
        pair_days=sum(1 for _ in days_in(DailyTotalsStore(dynamodb, deployment.daily_totals))),
        consolidated=sum(integer(pair[days]["N"]) for page in pairs for pair in page["Items"]),
    )
