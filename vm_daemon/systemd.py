"""What a service tells systemd: that it is ready, that it is alive, how it does, and what happened.

Without systemd (no NOTIFY_SOCKET in the environment) nothing is sent, and nothing else changes.
"""

import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from handlers.logs import JsonFormatter

_PINGS = 4  # signs of life for each time that the watchdog would run out
_LONGEST_DELAY = 300  # seconds before another start after many failures
_PRIORITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}


class Systemd:
    """The manager's end of this service, by the protocol of sd_notify(3).

    Args:
        environ: holds NOTIFY_SOCKET and WATCHDOG_USEC if systemd started this process.
        clock: gives seconds.
    """

    def __init__(self, environ: Mapping[str, str], clock: Callable[[], float] = time.monotonic) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._clock = clock
        self._ping_every = int(environ.get("WATCHDOG_USEC", "0")) / 1e6 / _PINGS
        self._pinged_at = -float("inf")
        self._status = ""

    def alive(self) -> None:
        """Notes that the work moves on. Cheap, for every small step of it, from any thread.

        This alone feeds the watchdog, so work that stands still gets the process killed.
        """
        if self._ping_every and self._clock() - self._pinged_at >= self._ping_every:
            self._pinged_at = self._clock()
            self._send("WATCHDOG=1")

    def ready(self) -> None:
        """Says that the service really works: what it needs was reached."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """Shows a line in `systemctl status`; said again, it costs nothing."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def stopping(self) -> None:
        """Says that the service is on its way out."""
        self._send("STOPPING=1")

    def reloading(self) -> None:
        """Says that it is not ready for a moment, because it takes new settings."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(message.encode(), address)


class StartDelay:
    """Waits longer before each start that follows a failure.

    Args:
        directory: systemd keeps it over automatic restarts and removes it on a stop; None without one.
    """

    def __init__(self, directory: Path | None) -> None:
        self._failures = directory / "failures" if directory else None

    def next(self) -> int:
        """Seconds to wait before this start, which counts as a failure until `clear` is called."""
        if self._failures is None:
            return 0
        failures = len(self._failures.read_bytes()) if self._failures.exists() else 0
        self._failures.write_bytes(b"x" * (failures + 1))
        return min(_LONGEST_DELAY, 2**failures) if failures else 0

    def clear(self) -> None:
        """Forgets the failures: the service works."""
        if self._failures:
            self._failures.unlink(missing_ok=True)


class JournalFormatter(JsonFormatter):
    """JSON with a priority before it, as sd-daemon(3) has it, which the journal takes off again."""

    def format(self, record: logging.LogRecord) -> str:
        return f"<{_PRIORITIES.get(record.levelno, 5)}>{super().format(record)}"


def is_journal(environ: Mapping[str, str]) -> bool:
    """Whether standard error goes to the journal."""
    device, _, inode = environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        stat = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return (device, inode) == (str(stat.st_dev), str(stat.st_ino))
