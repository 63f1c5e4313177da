"""The event source mapping of a queue.

* A batch is what one receive brings, up to the batch size; a batch window gathers more first.
* Messages stay hidden for the visibility timeout of the queue, unless the function changes it.
* When the function succeeds, its messages are deleted, but for those that it reports as failed.
* When it fails, dies or times out, none is; they come again when they are visible.
* As many batches are under way at once as the mapping's maximum concurrency allows.
* A mapping that is deleted takes no more messages. AWS says of those in its hands only that it may take
  seconds to go; here they are given back unless the function has them already. A function at work goes
  on, without its role if that is deleted, too: then its message stays hidden as long as it was.
"""

import time
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from clients.local_aws.lambda_service.delivery import (
    Caller,
    MappingSettings,
    MappingStopped,
    failed_records,
    tell_trouble,
)
from clients.local_aws.lambda_service.environment import InvocationResult
from models.errors import UsageError

_LONG_POLL = 1  # seconds; AWS waits 20, here a mapping is to stop soon
_RECOVERY = 1.0  # seconds until a queue that does not answer is asked again
_RECEIVE_AT_MOST = 10  # messages that SQS gives at once
_POLLERS = 5  # that AWS begins with


def check_visibility(sqs: Any, queue_url: str, timeout: int) -> None:
    """Refuses, as Lambda does, a queue whose messages come again while the function may still be at work.

    Args:
        sqs: a boto3 SQS client with the permissions of the function's role.
        queue_url: the queue.
        timeout: seconds that the function may take.

    Raises:
        UsageError: the visibility timeout is shorter.
    """
    answer = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["VisibilityTimeout"])
    hidden = int(answer["Attributes"]["VisibilityTimeout"])
    if hidden < timeout:
        raise UsageError(f"visibility timeout {hidden} s is less than function timeout {timeout} s")


def show_again(sqs: Any, queue_url: str, receipt: str) -> None:
    """Makes a message that was received visible again at once."""
    sqs.change_message_visibility(QueueUrl=queue_url, ReceiptHandle=receipt, VisibilityTimeout=0)


class QueueMapping:
    """Brings the messages of a queue to a function, until it is stopped.

    Args:
        settings: of the mapping.
        sqs: a boto3 SQS client with the permissions of the function's role.
        queue_url: of the queue that the settings name.
        invoke: runs the function on an event, or raises Throttled.
        give_back: makes a message visible again by its receipt handle, also when the role is gone.
        exists: whether the mapping is still deployed; when it is not, `stop` follows.
        pollers: the most batches under way that this computer is to have.
    """

    def __init__(
        self,
        settings: MappingSettings,
        sqs: Any,
        queue_url: str,
        invoke: Callable[[bytes], InvocationResult],
        give_back: Callable[[str], object],
        exists: Callable[[], bool] = lambda: True,
        pollers: int = _POLLERS,
    ) -> None:
        self.settings = settings
        self._sqs = sqs
        self._stopped = Event()
        self._call = Caller(invoke, self._stopped)
        self._region = settings.source_arn.split(":")[3]
        self._url = queue_url
        self._give_back = give_back
        self._exists = exists
        self._threads = [
            Thread(target=self._run, name=f"queue-mapping-{number}", daemon=True)
            for number in range(min(settings.concurrency or pollers, pollers))
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Takes no more messages, and returns when the batches under way are done."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                if messages := self._receive():
                    self._deliver(messages)
            except MappingStopped:
                return
            except (ClientError, BotoCoreError) as error:
                tell_trouble("queue not reached", self._exists, error)
                self._stopped.wait(_RECOVERY)

    def _receive(self) -> list[Any]:
        """One batch: the first messages there are, and what comes within the batch window."""
        messages: list[Any] = []
        deadline: float | None = None
        while len(messages) < self.settings.batch_size and not self._stopped.is_set():
            messages += self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(_RECEIVE_AT_MOST, self.settings.batch_size - len(messages)),
                WaitTimeSeconds=0 if messages else _LONG_POLL,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            if deadline is None and messages:
                deadline = time.monotonic() + self.settings.batch_window
            if not messages or time.monotonic() >= (deadline or 0):
                break
        return messages

    def _deliver(self, messages: Sequence[Any]) -> None:
        try:
            if not self._exists():  # it was deleted while a poll was under way
                raise MappingStopped
            failed = self._failed_of(messages)
        except Exception:  # whatever kept the function from having them
            for message in messages:
                self._give_back(message["ReceiptHandle"])
            raise
        for message in messages:
            if message["MessageId"] not in failed:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

    def _failed_of(self, messages: Sequence[Any]) -> set[str]:
        """Which messages failed in the function, by their ids; those that the filters keep out did not."""
        records = {message["MessageId"]: self._record(message) for message in messages}
        wanted = {name: record for name, record in records.items() if self.settings.wants(record)}
        if not wanted:
            return set()
        result = self._call(list(wanted.values()))
        return failed_records(result, list(wanted), reports_failures=self.settings.reports_failures)

    def _record(self, message: Any) -> dict[str, Any]:
        """A message in the form in which Lambda gives it to a function."""
        attributes = {
            name: {
                "stringValue": value.get("StringValue"),
                "dataType": value["DataType"],
                "stringListValues": [],
                "binaryListValues": [],
            }
            for name, value in message.get("MessageAttributes", {}).items()
        }
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": attributes,
            "md5OfBody": message.get("MD5OfBody", ""),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.settings.source_arn,
            "awsRegion": self._region,
        }
