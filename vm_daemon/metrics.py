"""What a machine tells CloudWatch: failures counted from its log, signs of life, and how far the reader lags.

Where there is no filter on a log, the daemon counts for itself. It says something only when there is
something to say, once a minute at the most; a reader of the stream gives a sign of life every four minutes,
so that its silence can be noticed by an alarm on periods of five.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from handlers.metrics import COUNTED_EVENTS
from vm_daemon.heartbeat import heartbeat

log = logging.getLogger("flowtally.metrics")

_TICK = 5  # seconds between two looks whether there is something to say
_PAUSE = 60  # seconds between two calls at least
_SIGN_OF_LIFE = 240  # seconds between two at the most, while the reader reaches the stream


class Metrics(logging.Handler):
    """Gathers, from any thread, what is told next.

    As a handler of the log it counts the events that `COUNTED_EVENTS` names.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._guard = Lock()
        self._counts: Counter[str] = Counter()
        self._lag = 0.0
        self._has_reached = False

    def emit(self, record: logging.LogRecord) -> None:
        """Counts an event of the log."""
        if name := COUNTED_EVENTS.get(record.getMessage()):
            with self._guard:
                self._counts[name] += 1

    def reached(self) -> None:
        """Notes that the source of the work answered."""
        self._has_reached = True

    def lagging(self, seconds: float) -> None:
        """Notes for how long something has been waiting to be done."""
        with self._guard:
            self._lag = max(self._lag, seconds)

    def has_news(self) -> bool:
        """Whether something failed since the last time."""
        return bool(self._counts)

    def take(self) -> tuple[Counter[str], float, bool]:
        """What was gathered since the last time: counts, the greatest lag, and whether there is life."""
        with self._guard:
            taken = self._counts, self._lag, self._has_reached
            self._counts, self._lag, self._has_reached = Counter(), 0.0, False
        return taken

    def give_back(self, counts: Counter[str]) -> None:
        """Takes counts that could not be told, for the next time."""
        with self._guard:
            self._counts += counts


class Teller:
    """Tells CloudWatch what metrics have gathered, when it is due.

    Args:
        cloudwatch: a boto3 CloudWatch client.
        namespace: what the metrics belong to.
        metrics: what to tell of.
        is_reader: whether this process reads the stream, so that it gives signs of life and its lag.
        clock: gives seconds.
    """

    def __init__(
        self,
        cloudwatch: Any,
        namespace: str,
        metrics: Metrics,
        *,
        is_reader: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cloudwatch = cloudwatch
        self._namespace = namespace
        self._metrics = metrics
        self._is_reader = is_reader
        self._clock = clock
        self._told_at = self._signed_at = float("-inf")
        self._was_heard = True

    def tick(self) -> None:
        """Tells what there is to tell, if it is time; call it every few seconds."""
        now = self._clock()
        is_due = self._is_reader and now - self._signed_at >= _SIGN_OF_LIFE
        if now - self._told_at >= _PAUSE and (is_due or self._metrics.has_news()):
            self.tell()

    def tell(self) -> None:
        """Tells what there is. What cannot be told is kept for the next time: nothing depends on it."""
        counts, lag, is_alive = self._metrics.take()
        data: list[Any] = [
            {"MetricName": name, "Value": count, "Unit": "Count"} for name, count in counts.items()
        ]
        if self._is_reader and is_alive:
            data.append({"MetricName": "Reading", "Value": 1, "Unit": "Count"})
        if self._is_reader and (is_alive or lag):
            data.append({"MetricName": "ReaderLag", "Value": lag, "Unit": "Seconds"})
        if not data:
            return
        self._told_at = self._clock()
        try:
            self._cloudwatch.put_metric_data(Namespace=self._namespace, MetricData=data)
        except (ClientError, BotoCoreError) as error:
            self._metrics.give_back(counts)
            self._was_heard = False
            log.warning("metrics not told", extra={"reason": str(error)})
        else:
            self._was_heard = True
            self._signed_at = self._told_at if is_alive else self._signed_at

    def finish(self) -> None:
        """Tells the rest, unless nobody heard the last time: an end does not wait for that."""
        if self._was_heard:
            self.tell()


def cloudwatch_client() -> Any:
    """A client that gives up soon: what it could not tell is told with the next call."""
    patience = Config(
        retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=3, read_timeout=10
    )
    return boto3.Session().client("cloudwatch", config=patience)


@contextmanager
def telling(teller: Teller, metrics: Metrics) -> Iterator[None]:
    """Counts the events of this process's log, and tells of them until the block is left."""
    root = logging.getLogger("flowtally")
    root.addHandler(metrics)
    try:
        with heartbeat(teller.tick, _TICK):
            yield
    finally:
        root.removeHandler(metrics)
        teller.finish()
