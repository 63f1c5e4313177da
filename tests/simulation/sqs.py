"""A standard queue as SQS keeps it: at least once, in no order, hidden while somebody works on it."""

# ruff: noqa: N803  # the parameters are named as AWS names them

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.simulation.errors import refusal
from tests.simulation.event_loop import Scheduler, Signal


@dataclass
class Message:
    """A message, with what the queue notes about it."""

    id: int
    body: str
    visible_at: float
    receives: int = 0
    receipts: list[str] = field(default_factory=list)  # the last one is the valid one


class SQS:
    """The operations on one queue.

    Args:
        scheduler: has the time.
        random: decides about order and repetition.
        changed: fires when a message becomes visible.
        twice: whether to deliver a message that is hidden, or was deleted, once more; asked each time.
    """

    def __init__(
        self, scheduler: Scheduler, random: Random, changed: Signal, twice: Callable[[], bool]
    ) -> None:
        self.messages: dict[int, Message] = {}
        self._scheduler = scheduler
        self._random = random
        self._changed = changed
        self._twice = twice
        self._sent = 0

    def send(self, body: str, delay: float = 0.0) -> None:
        """Puts a message into the queue."""
        self._sent += 1
        message = Message(self._sent, body, 0.0)
        self.messages[message.id] = message
        self._hide(message, delay)

    def visible(self) -> list[Message]:
        """What a worker may get now."""
        return [message for message in self.messages.values() if message.visible_at <= self._scheduler.now]

    def wait(self) -> None:
        """A long poll: goes on when there is a message. Its 20 seconds may be repeated for ever."""
        while not self.visible():
            self._changed.wait()

    def receive_message(
        self, QueueUrl: str, VisibilityTimeout: int, MaxNumberOfMessages: int = 1, **_: Any
    ) -> dict[str, Any]:
        """Hands out visible messages and hides them."""
        visible = self.visible()
        chosen = self._random.sample(visible, min(len(visible), MaxNumberOfMessages))
        return {"Messages": [self._hand_out(message, VisibilityTimeout) for message in chosen]}

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> dict[str, Any]:
        """Deletes a message; an outdated receipt is accepted, and may do nothing."""
        message = self._of(ReceiptHandle)
        if message is None:
            return {}
        if ReceiptHandle == message.receipts[-1] or self._random.random() < 0.5:
            del self.messages[message.id]
            if self._twice():  # a copy on a server that was away
                self.send(message.body, self._random.choice((1, 3600)))
        return {}

    def change_message_visibility(
        self, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int
    ) -> dict[str, Any]:
        """Hides a message from now on for so many seconds."""
        message = self._of(ReceiptHandle)
        if message is None or ReceiptHandle != message.receipts[-1]:
            raise refusal(
                "InvalidParameterValue", "ChangeMessageVisibility", "The receipt handle has expired"
            )
        if message.visible_at <= self._scheduler.now:
            raise refusal("MessageNotInflight", "ChangeMessageVisibility")
        self._hide(message, VisibilityTimeout)
        return {}

    def _hand_out(self, message: Message, timeout: float) -> dict[str, Any]:
        message.receives += 1
        message.receipts.append(f"{message.id}/{message.receives}")
        if not self._twice():
            self._hide(message, timeout)
        return {
            "MessageId": str(message.id),
            "ReceiptHandle": message.receipts[-1],
            "Body": message.body,
            "Attributes": {"ApproximateReceiveCount": str(message.receives)},
        }

    def _hide(self, message: Message, seconds: float) -> None:
        message.visible_at = self._scheduler.now + seconds
        self._scheduler.at(message.visible_at, self._announce)

    def _announce(self) -> None:
        if self.visible():
            self._changed.fire()

    def _of(self, receipt: str) -> Message | None:
        return self.messages.get(int(receipt.partition("/")[0]))
