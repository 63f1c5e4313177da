"""Starting again what lies unprocessed: the objects are the truth, message or not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from botocore.exceptions import ClientError

from models.bucket_layout import INCOMING, REJECTED, is_folder_marker, key_before_rejection
from models.deployment import Deployment
from models.errors import error_code
from models.s3_events import notification_of
from models.storage.objects import StoredObject, copy_object

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient


class RedriveResult(NamedTuple):
    """What was done with an object."""

    name: str  # of the object, below `incoming/`
    restarted: bool = True  # False if it stays, as another file waits under its name
    reason: str = ""  # why it had been set aside; empty if it had not


Report = Callable[[RedriveResult], object]  # is told of each object when it is done


def _say_nothing(_result: RedriveResult) -> None:
    """Reports to nobody."""


@dataclass(frozen=True)
class Redrive:
    """Hands objects and messages to the workers again; what is done already does no harm.

    Args:
        s3: a boto3 S3 client.
        sqs: a boto3 SQS client.
        deployment: where things are.
    """

    s3: "S3Client"
    sqs: "SQSClient"
    deployment: Deployment

    def restart_incoming(self, report: Report = _say_nothing) -> int:
        """Sends a message for every object that lies in `incoming/`; gives their number."""
        count = 0
        for count, key in enumerate(self._keys(INCOMING), start=1):  # noqa: B007  # the last one is given
            message = notification_of(self.deployment.bucket, key)
            self.sqs.send_message(QueueUrl=self.deployment.queue_url, MessageBody=message)
            report(RedriveResult(key.removeprefix(INCOMING)))
        return count

    def restart_rejected(self, report: Report = _say_nothing) -> int:
        """Puts every rejected file back into `incoming/`, from where S3 announces it; gives their number."""
        bucket = self.deployment.bucket
        count = 0
        for count, key in enumerate(self._keys(REJECTED), start=1):  # noqa: B007  # the last one is given
            head = self.s3.head_object(Bucket=bucket, Key=key)
            reason = unquote(head["Metadata"].get("reason", "unknown"))
            target = key_before_rejection(key)
            rejected = StoredObject(bucket, key, head["ETag"], head["ContentLength"])
            if restarted := self._put_back(rejected, target):
                self.s3.delete_object(Bucket=bucket, Key=key)
            report(RedriveResult(target.removeprefix(INCOMING), restarted, reason))
        return count

    def _put_back(self, rejected: StoredObject, target: str) -> bool:
        """Copies an object unless another one waits under that name, which must not be lost unread."""
        try:
            copy_object(self.s3, rejected, target, IfNoneMatch="*")
        except ClientError as error:
            if error_code(error) == "PreconditionFailed":
                return False
            raise
        return True

    def move_dead_letters(self) -> int:
        """Moves the messages that failed for hours back into the queue; gives their number."""
        moved = 0
        while messages := self.sqs.receive_message(
            QueueUrl=self.deployment.dead_letter_queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1
        ).get("Messages"):
            for message in messages:
                # Sent before it is deleted: dying in between repeats it, and that does no harm.
                self.sqs.send_message(QueueUrl=self.deployment.queue_url, MessageBody=message["Body"])
                self.sqs.delete_message(
                    QueueUrl=self.deployment.dead_letter_queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
                moved += 1
        return moved

    def _keys(self, prefix: str) -> Iterator[str]:
        """The keys below a prefix, without the markers that consoles make for folders."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.deployment.bucket, Prefix=prefix
        )
        for page in pages:
            yield from (
                entry["Key"]
                for entry in page.get("Contents", [])
                if not is_folder_marker(entry["Key"], entry["Size"])
            )
