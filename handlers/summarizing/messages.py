"""What the queue delivers: which files a message names, and how long to wait after a failure."""

import logging
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from models.errors import FlowtallyError
from models.s3_events import uploaded_objects

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

log = logging.getLogger("flowtally.queue")

_LONGEST_WAIT = 900  # seconds; with 60 receives a file is tried for about 12 hours


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
