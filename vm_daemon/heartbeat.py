"""Doing something again and again for as long as other work takes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread


@contextmanager
def heartbeat(beat: Callable[[], object], interval: float) -> Iterator[None]:
    """Calls `beat` every `interval` seconds, from a thread of its own, until the block is left."""
    done = Event()

    def keep_beating() -> None:
        while not done.wait(interval):
            beat()

    thread = Thread(target=keep_beating, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
