"""How often memory ran out while a service worked on a message, which a process that is killed cannot say."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

log = logging.getLogger("flowtally.daemon")


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
            How many processes ended in such a block before; 0 if that cannot be known.
        """
        note = self._notes / message if self._notes else None
        before = _noted_once_more(note) if note else 0
        try:
            yield before
        finally:
            if note:
                with suppress(OSError):
                    note.unlink()


def _noted_once_more(note: Path) -> int:
    """How often it was noted before. Work goes on without notes: hardly any file ever needs them."""
    try:
        note.parent.mkdir(exist_ok=True)
        before = len(note.read_bytes()) if note.exists() else 0
        note.write_bytes(b"x" * (before + 1))
    except OSError as error:
        log.warning("work in hand not noted", extra={"reason": str(error)})
        return 0
    return before
