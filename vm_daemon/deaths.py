"""How often memory ran out while a service worked on a message, which a process that is killed cannot say."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Deaths:
    """Notes that a process leaves behind if it is killed, for the one that is started in its place.

    The unit removes them where something else was the reason than memory, as systemd tells it.

    Args:
        directory: systemd keeps it over automatic restarts, and removes it on a stop; None without one.
    """

    def __init__(self, directory: Path | None) -> None:
        self._notes = directory / "in-hand" if directory else None

    @contextmanager
    def noted(self, message: str) -> Iterator[int]:
        """A block of work on a message. However it ends by itself, there is nothing to be noted any more.

        Args:
            message: what SQS calls it; the same at each delivery.

        Yields:
            How many processes ended in such a block, one after the other, right before.
        """
        if self._notes is None:
            yield 0
            return
        self._notes.mkdir(exist_ok=True)
        note = self._notes / message
        before = len(note.read_bytes()) if note.exists() else 0
        note.write_bytes(b"x" * (before + 1))
        try:
            yield before
        finally:
            note.unlink()
