"""How a service does, for those who watch it: a few figures, and that it is ready and alive."""

import time
from collections import deque
from collections.abc import Callable

from vm_daemon.metrics import Metrics
from vm_daemon.notifications import Notifier
from vm_daemon.start_delay import StartDelay

_WINDOW = 60.0  # seconds that rates are taken over
_STABLE = 60.0  # seconds of work after which a start counts as a success
_REFRESH = 1.0  # seconds between two lines of status


class Report:
    """Gathers figures from a loop and shows them.

    Args:
        notifier: where they are shown.
        delay: is cleared when the service has worked for a minute.
        what: what is counted, `files` or `records`.
        clock: gives seconds.

    Attributes:
        metrics: the same for CloudWatch.
    """

    def __init__(
        self, notifier: Notifier, delay: StartDelay, what: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.metrics = Metrics()
        self._notifier = notifier
        self._delay = delay
        self._what = what
        self._clock = clock
        self._done: deque[tuple[float, int]] = deque()  # when, and how many
        self._lag = 0.0
        self._ready_at: float | None = None
        self._is_stable = False
        self._show_at = 0.0

    def ping(self) -> None:
        """Notes that the work in hand moves on; from any thread."""
        self._notifier.ping()

    def reached(self, held: str) -> None:
        """Notes that the source of the work answered; the first time, the service is ready.

        Args:
            held: what the loop has in hand, `1 in hand` or `2 shards`.
        """
        self._notifier.ping()
        self.metrics.reached()
        now = self._clock()
        if self._ready_at is None:
            self._ready_at = now
            self._notifier.ready()
        if not self._is_stable and now - self._ready_at >= _STABLE:
            self._is_stable = True
            self._delay.clear()
        if now >= self._show_at:
            self._show_at = now + _REFRESH
            self._notifier.status(f"{self._rate(now)} {self._what}/min, {held}, lag {self._lag:.1f} s")

    def done(self, count: int, lag: float) -> None:
        """Notes completed work.

        Args:
            count: how many files or records.
            lag: seconds between the arrival of the last one and its completion.
        """
        self._done.append((self._clock(), count))
        self._lag = max(0.0, lag)
        self.metrics.lagging(lag)
        self._show_at = 0.0

    def lagging(self, lag: float) -> None:
        """Notes that the source answered, and what it gave cannot be completed yet.

        Args:
            lag: seconds since the arrival of the first of it.
        """
        self.metrics.reached()
        self.metrics.lagging(lag)

    def trouble(self, reason: str) -> None:
        """Shows what keeps the service from working; the loop is alive, as it tries again."""
        self._notifier.ping()
        self._notifier.status(reason)
        self._show_at = 0.0

    def _rate(self, now: float) -> int:
        while self._done and self._done[0][0] < now - _WINDOW:
            self._done.popleft()
        return sum(count for _, count in self._done)


class Unwatched(Report):
    """For loops that nobody watches."""

    def __init__(self) -> None:
        super().__init__(Notifier({}), StartDelay(None), "")
