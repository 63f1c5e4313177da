"""What a service tells systemd: that it is ready, that its work moves on, how it does, and that it ends.

Without systemd (no NOTIFY_SOCKET in the environment) nothing is sent, and nothing else changes.
"""

import logging
import socket
import time
from collections.abc import Callable, Mapping

from models.visible import visible

log = logging.getLogger("flowtally.daemon")

_PINGS = 4  # for each time that the watchdog would run out


class Notifier:
    """Tells systemd about this service, by the protocol of sd_notify(3).

    A socket that leads nowhere keeps no service from its work: that is logged once, and it goes on untold.

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
        self._is_unreachable = False

    def ping(self) -> None:
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
            self._send(f"STATUS={visible(text)}")  # a second line would be another message

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
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto(message.encode(), address)
        except OSError as error:
            if not self._is_unreachable:
                self._is_unreachable = True
                reason = f"NOTIFY_SOCKET={self._address}: {error.strerror}"
                log.warning("systemd not told how the service does", extra={"reason": reason})
