"""A service that fails again and again is started less and less often."""

from contextlib import suppress
from pathlib import Path

_LONGEST_DELAY = 300  # seconds before another start after many failures


class StartDelay:
    """The wait before a start, longer after each failure in a row.

    Args:
        directory: systemd keeps it over automatic restarts and removes it on a stop; None without one.
    """

    def __init__(self, directory: Path | None) -> None:
        self._failures = directory / "failures" if directory else None

    @property
    def seconds(self) -> int:
        """How long to wait before the next start."""
        failures = self._count()
        return min(_LONGEST_DELAY, 2**failures) if failures else 0

    def note_start(self) -> None:
        """Counts this start as a failure, until `clear` is called. It starts all the same where it cannot."""
        if self._failures:
            with suppress(OSError):
                self._failures.write_bytes(b"x" * (self._count() + 1))

    def clear(self) -> None:
        """Forgets the failures: the service works."""
        if self._failures:
            self._failures.unlink(missing_ok=True)

    def _count(self) -> int:
        return len(self._failures.read_bytes()) if self._failures and self._failures.exists() else 0
