"""Stand-ins for small things that the product is given."""

from collections.abc import Callable, Iterable
from typing import Any

from vm_daemon.notifications import Notifier


def in_turn(work: Callable[[Any], object], items: Iterable[Any]) -> None:
    """One item after the other, in the thread that asks."""
    for item in items:
        work(item)


class Shown(Notifier):
    """What systemd was told."""

    def __init__(self) -> None:
        super().__init__({})
        self.said: list[str] = []

    def _send(self, message: str) -> None:
        self.said.append(message)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
