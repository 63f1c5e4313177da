"""Starting again what lies unprocessed: the objects are the truth, message or not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote_plus, unquote

import orjson
from botocore.exceptions import ClientError

from models.deployment import INCOMING, REJECTED, Deployment

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient


class Started(NamedTuple):
    """Something that was started again."""

    key: str  # of the object, below `incoming/`
    reason: str = ""  # why it had been set aside; empty if it had not
    started: bool = True  # False if another file waits under its name


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

    def incoming(self) -> Iterator[Started]:
        """Sends a message for every object that lies in `incoming/`."""
        for key in self._keys(INCOMING):
            entity = {"bucket": {"name": self.deployment.bucket}, "object": {"key": quote_plus(key)}}
            self.sqs.send_message(
                QueueUrl=self.deployment.queue_url,
                MessageBody=orjson.dumps({"Records": [{"s3": entity}]}).decode(),
            )
            yield Started(key.removeprefix(INCOMING))

    def rejected(self) -> Iterator[Started]:
        """Puts every rejected file back into `incoming/`, from where S3 announces it."""
        bucket = self.deployment.bucket
        for key in self._keys(REJECTED):
            _version, _, name = key.removeprefix(REJECTED).partition("/")
            head = self.s3.head_object(Bucket=bucket, Key=key)
            reason = unquote(head["Metadata"].get("reason", "unknown"))
            started = self._put_back(key, f"{INCOMING}{name}")
            if started:
                self.s3.delete_object(Bucket=bucket, Key=key)
            yield Started(name, reason, started)

    def _put_back(self, key: str, target: str) -> bool:
        """Copies an object unless another one waits under that name, which must not be lost unread."""
        try:
            self.s3.copy_object(
                Bucket=self.deployment.bucket,
                Key=target,
                CopySource={"Bucket": self.deployment.bucket, "Key": key},
                MetadataDirective="REPLACE",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "PreconditionFailed":
                return False
            raise
        return True

    def dead_letters(self) -> int:
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
            yield from (entry["Key"] for entry in page.get("Contents", []) if not entry["Key"].endswith("/"))
