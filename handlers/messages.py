"""What the queue delivers: S3 notifications, and how long to wait after a failure."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_plus

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from models.deployment import INCOMING
from models.errors import FlowtallyError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

log = logging.getLogger("flowtally.queue")

_LONGEST_WAIT = 900  # seconds; with 60 receives a file is tried for about 12 hours


class UploadedObject(NamedTuple):
    """An object that S3 says was created."""

    bucket: str
    key: str

    @property
    def branch(self) -> str:
        """The branch that sent it, from `incoming/<branch>/<name>`; `-` if there is none."""
        branch, slash, _ = self.key.removeprefix(INCOMING).partition("/")
        return branch if slash and branch else "-"

    @property
    def name(self) -> str:
        """The key below the branch."""
        return self.key.removeprefix(INCOMING).removeprefix(f"{self.branch}/")

    @property
    def is_folder(self) -> bool:
        """Whether it is a mere marker that consoles make for an empty folder."""
        return self.key.endswith("/")


def uploaded_objects(body: str) -> Iterator[UploadedObject]:
    """The objects that a message is about; none of the test message S3 sends on configuration.

    Raises:
        FlowtallyError: the message is not an S3 notification.
    """
    try:
        message = orjson.loads(body)
        if message.get("Event") == "s3:TestEvent":
            return
        for record in message["Records"]:
            entity = record["s3"]
            yield UploadedObject(entity["bucket"]["name"], unquote_plus(entity["object"]["key"]))
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError) as error:
        raise FlowtallyError(
            f"a message that is no S3 notification: {body[:200]!r}",
            where="queue",
            remedy="It ends in the dead-letter queue; find out who sends to this queue",
        ) from error


def files_of(body: str) -> str:
    """The keys that a message names, for the log; the message itself if it cannot be read."""
    try:
        return ", ".join(uploaded.key for uploaded in uploaded_objects(body))
    except FlowtallyError:
        return body


def back_off(receives: int) -> int:
    """Seconds until a message that failed is tried again, growing with the times it was received."""
    return min(_LONGEST_WAIT, 5 << min(receives - 1, 10))


class Visibility:
    """When messages under way become visible to other workers again.

    Args:
        sqs: a boto3 SQS client.
        queue_url: the queue that the messages come from.
    """

    def __init__(self, sqs: "SQSClient", queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def hide(self, receipt: str, seconds: int) -> None:
        """Hides a message from now on for so many seconds.

        A failure is only logged: the message then comes back at another time, and nothing is lost.
        """
        try:
            self._sqs.change_message_visibility(
                QueueUrl=self._queue_url, ReceiptHandle=receipt, VisibilityTimeout=seconds
            )
        except (ClientError, BotoCoreError) as error:
            log.warning("visibility of a message not changed", extra={"reason": str(error)})
