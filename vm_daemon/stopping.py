"""Stopping cleanly: at once while waiting, after the work in hand otherwise, and never too late."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class OutOfTime(BaseException):
    """The work in hand takes longer than a stop may: give it back. No `Exception`, so no stage handles it."""


class Stop:
    """Whether the process was told to stop, by SIGTERM or SIGINT, or to take new settings, by SIGHUP.

    A signal ends a wait at once. Elsewhere it is noted, and the loop ends after the step it is in. A step
    that is not over after a while ends in `OutOfTime`.
    """

    def __init__(self) -> None:
        self.requested = False
        self.reload = False
        self._waiting = False
        self._grace = 0
        self._accept: Callable[[], bool] = bool

    def listen(self, grace: int, accept: Callable[[], bool]) -> None:
        """Takes the signals; call it from the main thread.

        Args:
            grace: seconds that the work in hand has.
            accept: tells on SIGHUP whether the new settings will do; if not, nothing happens.
        """
        self._grace = grace
        self._accept = accept
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_hangup)
        signal.signal(signal.SIGALRM, self._on_alarm)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.reload = False
        self._request()

    def _on_hangup(self, _number: int, _frame: FrameType | None) -> None:
        if not self.requested and self._accept():
            self.reload = True
            self._request()

    def _request(self) -> None:
        self.requested = True
        signal.alarm(self._grace)
        if self._waiting:
            raise SystemExit(0)

    def _on_alarm(self, _number: int, _frame: FrameType | None) -> None:
        raise OutOfTime

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
