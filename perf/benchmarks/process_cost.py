"""What a command costs: CPU seconds, wall seconds and peak memory of a process of its own."""

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

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


class Cost(NamedTuple):
    """What one run of a command took."""

    cpu: float  # seconds, user and system, of the process and its children
    wall: float  # seconds
    peak: int  # bytes of resident memory; some 10 MB at least
    output: str


def cost_of(command: Sequence[str]) -> Cost:
    """Runs a command and measures it.

    Raises:
        CalledProcessError: the command failed.
    """
    reading, writing = os.pipe()
    with os.fdopen(reading) as figures:
        try:
            finished = subprocess.run(
                [sys.executable, "-I", "-S", "-c", _STARTER, str(writing), *command],
                check=True,
                stdout=subprocess.PIPE,
                text=True,
                pass_fds=[writing],
            )
        finally:
            os.close(writing)
        cpu, wall, kilobytes = figures.read().split()
    return Cost(float(cpu), float(wall), int(kilobytes) * 1024, finished.stdout)
