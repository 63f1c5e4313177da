"""What a process costs: its CPU seconds, its peak memory, and for a command of its own also the time."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Container, Sequence
from pathlib import Path
from typing import NamedTuple

from clients.local_aws.child import Child

_PROCESS_CLOCK = 2  # CPUCLOCK_SCHED of the kernel's posix-timers.h

# The kernel counts the memory of the process that starts another as the other's, until that runs its own
# program. So it is started by a small one, and not from here.
_STARTER = """
import os, sys, time
began = time.perf_counter()
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(pid, 0)
wall = time.perf_counter() - began
os.write(int(sys.argv[1]), f"{used.ru_utime + used.ru_stime} {wall} {used.ru_maxrss}".encode())
sys.exit(os.waitstatus_to_exitcode(status) & 255)
"""


# Compiled modules are kept, as where a program is installed, also where that is turned off for a user's work.
_COMPILING = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Cost(NamedTuple):
    """What one run of a command took."""

    cpu: float  # seconds, user and system, of the process and its children
    wall: float  # seconds
    peak: int  # bytes of resident memory; some 10 MB at least
    output: str


def cost_of(command: Sequence[str], *, statuses: Container[int] = (0,)) -> Cost:
    """Runs a command and measures it.

    Args:
        command: the program and its arguments.
        statuses: the exit statuses of a command that did what it should.

    Raises:
        CalledProcessError: the command failed.
    """
    reading, writing = os.pipe()
    with os.fdopen(reading) as figures:
        try:
            finished = subprocess.run(
                [sys.executable, "-I", "-S", "-c", _STARTER, str(writing), *command],
                check=False,
                stdout=subprocess.PIPE,
                text=True,
                pass_fds=[writing],
                env=_COMPILING,
            )
        finally:
            os.close(writing)
        if finished.returncode not in statuses:
            raise subprocess.CalledProcessError(finished.returncode, command, finished.stdout)
        cpu, wall, kilobytes = figures.read().split()
    return Cost(float(cpu), float(wall), int(kilobytes) * 1024, finished.stdout)


def peak_of(process: Child) -> int:
    """The most resident memory that a process has had, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def cpu_of(pid: int) -> float:
    """The seconds, user and system, that a process and its threads have run.

    By Linux's clock of that process, whose number is made of the process's: `/proc` counts in steps of
    10 ms, which is more than a small file takes.
    """
    return time.clock_gettime((~pid << 3) | _PROCESS_CLOCK)
