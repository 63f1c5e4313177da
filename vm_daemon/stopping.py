"""Stopping cleanly: at once while waiting, after the work in hand otherwise."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """Whether the process was told to stop, by SIGTERM or SIGINT.

    A signal ends a wait at once. Elsewhere it is noted, and the loop ends after the step it is in.
    """

    def __init__(self) -> None:
        self.requested = False
        self._waiting = False

    def listen(self) -> None:
        """Takes the two signals; call it from the main thread."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True
        if self._waiting:
            raise SystemExit(0)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Marks a wait that may be broken off anywhere without a loss."""
        self._waiting = True
        try:
            if self.requested:
                raise SystemExit(0)
            yield
        finally:
            self._waiting = False
