"""Pings for the watchdog from inside a stage's work: from its calls, its writes and its reading.

They come from what has really happened, so work that stands still gives none.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from handlers.concurrency import ForEach, Item
from models.flow_csv.byte_stream import Readable

Ping = Callable[[], object]


def watch_calls(client: Any, ping: Ping, *operations: str) -> None:
    """Has `ping` called after every attempt of a call that boto3 makes, failed ones included.

    What `FastDynamoDB.update_item` sends by itself is not among them, only what it hands to boto3: `watched`
    tells of those writes.

    Args:
        client: the client.
        ping: is called.
        operations: only these, spelled `sqs.ReceiveMessage`; all if none is named.
    """

    def after_attempt(**_: Any) -> None:
        ping()

    for event in [f"needs-retry.{operation}" for operation in operations] or ["needs-retry"]:
        client.meta.events.register(event, after_attempt)


@contextmanager
def watching_calls(client: Any, ping: Ping) -> Iterator[None]:
    """As `watch_calls`, for as long as a block runs. What `ping` raises comes out of the call."""

    def after_attempt(**_: Any) -> None:
        ping()

    client.meta.events.register("needs-retry", after_attempt)
    try:
        yield
    finally:
        client.meta.events.unregister("needs-retry", after_attempt)


def watch_reading(s3: Any, ping: Ping) -> None:
    """Has `ping` called for every block that is read of an object."""

    def on_object(parsed: dict[str, Any], **_: Any) -> None:
        if "Body" in parsed:
            parsed["Body"] = _WatchedBody(parsed["Body"], ping)

    s3.meta.events.register("after-call.s3.GetObject", on_object)


def watched(for_each: ForEach, ping: Ping) -> ForEach:
    """The same as `for_each`, with `ping` called for every item that is done."""

    def watched_for_each(work: Callable[[Item], object], items: Iterable[Item], /) -> None:
        def watched_work(item: Item) -> None:
            work(item)
            ping()

        for_each(watched_work, items)

    return watched_for_each


class _WatchedBody:
    def __init__(self, body: Readable, ping: Ping) -> None:
        self._body = body
        self._ping = ping

    def read(self, size: int, /) -> bytes:
        self._ping()
        return self._body.read(size)
