"""Child processes that cannot outlive the program that started them."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

# A child watches its standard input, whose other end only the parent holds: when the parent is gone,
# however it died, the child reads the end of it and terminates as if asked to. `os.read` because a
# buffered read would hold a lock that the interpreter needs when it shuts down.
_LEASH = """\
import os, signal, threading

def watch_parent():
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=watch_parent, daemon=True).start()
"""

_GRACE = 10  # seconds to stop in when asked to


class Child:
    """A Python program in a process of its own, stopped on leaving the `with` block.

    It gets a session of its own, so Ctrl-C reaches only the parent, which then stops its children in
    the order it likes. What it prints goes to a file, of which `last_lines` gives the end.

    Args:
        name: what to call it in messages.
        code: Python source to run.
        environment: the whole environment of the child.
        arguments: its `sys.argv[1:]`.
    """

    def __init__(
        self, name: str, code: str, environment: Mapping[str, str], arguments: Sequence[str] = ()
    ) -> None:
        self.name = name
        self._was_asked = False
        self._scratch = TemporaryDirectory(prefix="flowtally-", ignore_cleanup_errors=True)
        self.scratch = Path(self._scratch.name)  # its TMPDIR, removed when it is stopped
        self._log = self.scratch / "log"
        with self._log.open("wb") as log:
            # -P: modules of the same names in the current directory are not ours.
            self._process = subprocess.Popen(  # noqa: S603  # our own code
                [sys.executable, "-P", "-c", _LEASH + code, *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**environment, "TMPDIR": self._scratch.name},
                start_new_session=os.name == "posix",
            )

    @classmethod
    def module(cls, name: str, module: str, environment: Mapping[str, str], arguments: Sequence[str]) -> Self:
        """The same for what `python -m module` would run."""
        code = f"import runpy; runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
        return cls(name, code, environment, arguments)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll()

    def last_lines(self, count: int = 10) -> str:
        """The end of what it printed."""
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return "\n".join(lines[-count:])

    def wait(self) -> int:
        """Waits until it ends by itself, and gives its exit status."""
        return self._process.wait()

    def terminate(self) -> None:
        """Asks it to stop, once, without waiting."""
        if not self._was_asked:  # asked again, it might be in the middle of its clean end
            self._was_asked = True
            self._process.terminate()

    def stop(self, grace: float = _GRACE) -> None:
        """Stops it, by force after `grace` seconds, and clears away what it left; safe to repeat."""
        self.terminate()
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        self._scratch.cleanup()


class Guard:
    """Kills a process once this program is gone, however it went, and even while that process is frozen.

    A frozen process cannot watch its parent itself, and the kernel wakes it only where the new parent
    of orphans belongs to another session, which it does not where a container runs a script.

    Args:
        pid: the process to kill.
    """

    def __init__(self, pid: int) -> None:
        # A session of its own, so that Ctrl-C does not end it before its time.
        self._process = subprocess.Popen(  # noqa: S603  # our own line
            ["/bin/sh", "-c", 'read -r _; kill -9 "$1"', "guard", str(pid)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def release(self) -> None:
        """Lets the process be, whose number may soon be another's; safe to repeat."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
