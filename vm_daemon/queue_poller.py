"""The first stage on a VM: takes messages from the queue, one at a time."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from handlers.summarizing.messages import Visibility, back_off, files_of
from vm_daemon.deaths import Deaths
from vm_daemon.heartbeat import heartbeat
from vm_daemon.report import Report, Unwatched
from vm_daemon.stopping import OutOfTime, Stop

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

log = logging.getLogger("flowtally.summarize")

_BEATS = 3  # extensions of a message's visibility timeout for each time it would run out
_LONG_POLL = 20  # seconds, the longest SQS offers
_RECOVERY = 5  # seconds to wait when the queue cannot be reached


class MessageProcessor(Protocol):
    """The stage that the messages are for."""

    def process(self, body: str, receives: int, *, deaths: int) -> None: ...


class QueuePoller:
    """Brings messages from a queue to a stage, and deletes those that it completed.

    Args:
        sqs: a boto3 SQS client.
        queue_url: the queue.
        stage: what the messages are for.
        stop: says when to end.
        visibility: seconds after which a dead worker's message is visible to others again.
        heartbeat: repeats a call for as long as a block runs.
        sleep: waits for so many seconds.
        report: is told how it goes.
        check: raises what keeps the stage from working; called until it does not.
        deaths: remembers which processes were killed at their work.
    """

    def __init__(
        self,
        sqs: "SQSClient",
        queue_url: str,
        stage: MessageProcessor,
        stop: Stop,
        visibility: int = 60,
        heartbeat: Callable[[Callable[[], object], float], AbstractContextManager[None]] = heartbeat,
        sleep: Callable[[float], None] = time.sleep,
        report: Report | None = None,
        check: Callable[[], object] = lambda: None,
        deaths: Deaths | None = None,
    ) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._stage = stage
        self._stop = stop
        self._heartbeat = heartbeat
        self._sleep = sleep
        self._report = report or Unwatched()
        self._check = check
        self._deaths = deaths or Deaths(None)
        self._is_ready = False
        self._hidden_for = visibility
        self._visibility = Visibility(sqs, queue_url)

    def run(self) -> None:
        """Works until it is told to stop.

        Raises:
            NoCredentialsError: there are none; another process may find some.
        """
        while not self._stop.requested:
            try:
                self.poll()
            except NoCredentialsError:
                raise  # a client that was made without them never gets any
            except (ClientError, BotoCoreError) as error:
                log.error("queue not reached, trying again", extra={"reason": str(error)})
                self._report.trouble(f"trying again: {error}")
                with self._stop.waiting():
                    self._sleep(_RECOVERY)

    def poll(self) -> None:
        """Waits for the next message, for a while, and works on it."""
        with self._stop.waiting():
            if not self._is_ready:
                self._check()
            answer = self._sqs.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=1,
                WaitTimeSeconds=_LONG_POLL
                if self._is_ready
                else 0,  # the first call only shows that it may receive
                VisibilityTimeout=self._hidden_for,
                MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
            )
        self._is_ready = True
        messages = answer.get("Messages", [])
        self._report.reached(f"{len(messages)} in hand")
        for message in messages:
            with self._deaths.noted(message["MessageId"]) as deaths:
                self._work_on(message["Body"], message["ReceiptHandle"], message["Attributes"], deaths)
            self._report.reached("0 in hand")

    def _work_on(self, body: str, receipt: str, attributes: Mapping[Any, str], deaths: int) -> None:
        receives = int(attributes["ApproximateReceiveCount"])
        try:
            with self._heartbeat(
                lambda: self._visibility.hide(receipt, self._hidden_for), self._hidden_for / _BEATS
            ):
                self._stage.process(body, receives, deaths=deaths)
        except OutOfTime:
            log.warning(
                "no time to finish the file, handed back",
                extra={"file": files_of(body), "receives": receives},
            )
            self._visibility.hide(receipt, 0)
            raise
        except Exception:
            log.exception(
                "file not counted, to be tried again", extra={"file": files_of(body), "receives": receives}
            )
            self._visibility.hide(receipt, back_off(receives))
            return
        self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=receipt)
        if sent := attributes.get("SentTimestamp"):
            self._report.done(1, time.time() - int(sent) / 1000)
