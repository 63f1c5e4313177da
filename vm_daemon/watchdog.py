"""Signs of life from inside a stage's work: from its calls, its writes and its reading.

They come from what has really happened, so work that stands still gives none.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from handlers.concurrency import ForEach, Item
from models.flow_csv.byte_stream import Readable

Alive = Callable[[], object]


def watch_calls(client: Any, alive: Alive, *operations: str) -> None:
    """Has `alive` called after every attempt of a call of a boto3 client, failed ones included.

    Args:
        client: the client.
        alive: is called.
        operations: only these, spelled `sqs.ReceiveMessage`; all if none is named.
    """

    def after_attempt(**_: Any) -> None:
        alive()

    for event in [f"needs-retry.{operation}" for operation in operations] or ["needs-retry"]:
        client.meta.events.register(event, after_attempt)


@contextmanager
def watching_calls(client: Any, alive: Alive) -> Iterator[None]:
    """The same for as long as a block runs. What `alive` raises comes out of the call."""

    def after_attempt(**_: Any) -> None:
        alive()

    client.meta.events.register("needs-retry", after_attempt)
    try:
        yield
    finally:
        client.meta.events.unregister("needs-retry", after_attempt)


def watch_reading(s3: Any, alive: Alive) -> None:
    """Has `alive` called for every block that is read of an object."""

    def on_object(parsed: dict[str, Any], **_: Any) -> None:
        if "Body" in parsed:
            parsed["Body"] = _WatchedBody(parsed["Body"], alive)

    s3.meta.events.register("after-call.s3.GetObject", on_object)


def watched(for_each: ForEach, alive: Alive) -> ForEach:
    """The same, with `alive` called for every item that is done."""

    def watched_for_each(work: Callable[[Item], object], items: Iterable[Item], /) -> None:
        def watched_work(item: Item) -> None:
            work(item)
            alive()

        for_each(watched_work, items)

    return watched_for_each


class _WatchedBody:
    def __init__(self, body: Readable, alive: Alive) -> None:
        self._body = body
        self._alive = alive

    def read(self, size: int, /) -> bytes:
        self._alive()
        return self._body.read(size)
