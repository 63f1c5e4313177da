"""Runs the program in a terminal of its own: a pseudo-terminal of a given size."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.helpers.project import ROOT
from tests.helpers.waiting import PATIENCE, eventually

_LINES = 40


class Screen(NamedTuple):
    """What stood on a terminal at the end."""

    status: int
    raw: str  # with all control sequences

    @property
    def text(self) -> str:
        """Without colours and movements of the cursor, and without lines that were erased."""
        kept = re.sub(r"[^\n]*\x1b\[2K", "", self.raw)
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", kept)


class Terminal:
    """A program at work in a terminal."""

    def __init__(self, process: "subprocess.Popen[bytes]", master: int) -> None:
        self.process = process
        self._master = master
        self._seen = b""

    def read(self) -> bool:
        """Takes what there is to read; False at the end."""
        ready, _, _ = select.select([self._master], [], [], PATIENCE)
        assert ready, f"nothing more comes: {self._seen!r}"
        try:
            block = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            return False
        self._seen += block
        return bool(block)

    def wait_for(self, pattern: str) -> str:
        """Reads until a pattern stands on the screen, and gives all that was read so far."""
        deadline = time.monotonic() + PATIENCE
        while not re.search(pattern, self._seen.decode(errors="replace")):
            assert self.read(), f"{pattern!r} does not come: {self._seen!r}"
            assert time.monotonic() < deadline, f"{pattern!r} does not come: {self._seen!r}"
        return self._seen.decode(errors="replace")

    def interrupt(self) -> None:
        """Presses Ctrl-C, as soon as the program waits for something.

        Python does not notice a signal that comes right before it begins to wait, until another one comes.
        """
        eventually(self._is_waiting)
        os.write(self._master, b"\x03")

    def _is_waiting(self) -> bool:
        """Whether its main thread sleeps, or nothing is left of it but its status."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] in "SZ"

    def finish(self) -> Screen:
        """Reads to the end."""
        while self.read():
            pass
        return Screen(self.process.wait(PATIENCE), self._seen.decode(errors="replace"))


@contextmanager
def in_terminal(
    arguments: Sequence[str | Path], directory: Path, columns: int = 80, **settings: str
) -> Iterator[Terminal]:
    """Starts the program in a terminal so many columns wide."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", _LINES, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    process = subprocess.Popen(
        [sys.executable, "-m", "clients", *map(str, arguments)],
        env={**kept, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **settings},
        cwd=directory,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        preexec_fn=take_terminal,  # noqa: PLW1509  # no locks in it
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def on_terminal(*arguments: str | Path, directory: Path, columns: int = 80, **settings: str) -> Screen:
    """Runs the program in a terminal to its end."""
    with in_terminal(arguments, directory, columns, **settings) as terminal:
        return terminal.finish()


def exported_by(lines: str) -> dict[str, str]:
    """What a shell into which these lines are pasted tells the programs that it starts."""
    shell = ["env", "-i", "bash", "--norc", "-c", f"{lines}\nexec /usr/bin/env -0"]
    said = subprocess.run(shell, capture_output=True, text=True, check=True).stdout
    given = dict(entry.split("=", 1) for entry in said.split("\0") if entry)
    return {name: given[name] for name in given if name not in ("PWD", "SHLVL", "_")}
