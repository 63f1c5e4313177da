"""What a process needs to be a service: signals, word to systemd, an end, and new settings."""

import logging
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from models.errors import UsageError
from vm_daemon.notifications import Notifier
from vm_daemon.report import Report
from vm_daemon.settings import reexec, reload_settings
from vm_daemon.start_delay import StartDelay
from vm_daemon.stopping import OutOfTime, Stop

log = logging.getLogger("flowtally.daemon")

_GRACE = 60  # seconds that the work in hand has when the service is told to stop


def runtime_directory(environ: Mapping[str, str]) -> Path | None:
    """What this service keeps over restarts lies there; None if systemd did not start this process."""
    directory = environ.get("RUNTIME_DIRECTORY")
    return Path(directory) if directory else None


class Service:
    """A block in which this process works as a service.

    It is left by the end of the work or by a signal. What cannot be finished within a minute is left in
    the middle; then, or after SIGHUP, the process ends here, or is replaced by one with other settings.

    Args:
        what: what is counted, `files` or `records`.
        accepts: raises UsageError if an environment will not do.
    """

    def __init__(self, what: str, accepts: Callable[[Mapping[str, str]], object]) -> None:
        self._accepts = accepts
        self._notifier = Notifier(os.environ)
        self._delay = StartDelay(runtime_directory(os.environ))
        self._settings: dict[str, str] = {}
        self.stop = Stop()
        self.report = Report(self._notifier, self._delay, what)

    def __enter__(self) -> Self:
        self.stop.listen(_GRACE, self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        signal.alarm(0)
        if self.stop.reload and (kind is None or issubclass(kind, SystemExit | OutOfTime)):
            self._delay.clear()
            self._notifier.reloading()
            reexec(self._settings)
        self._notifier.stopping()
        if kind and issubclass(kind, OutOfTime):
            logging.shutdown()
            os._exit(0)  # what other threads have in hand is not waited for: a delivery completes it

    def _accept(self) -> bool:
        """Reads the settings anew; wrong ones are told, and change nothing."""
        try:
            self._settings = reload_settings(os.environ)
            self._accepts(self._settings)
        except UsageError as error:
            log.error("settings not taken, going on with the old ones", extra={"reason": str(error)})
            return False
        log.info("taking new settings")
        return True
