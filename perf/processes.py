"""What a command costs: CPU seconds, wall seconds and peak memory of a process of its own."""

import os
import subprocess
import time
from collections.abc import Sequence
from typing import NamedTuple


class Cost(NamedTuple):
    """What one run of a command took."""

    cpu: float  # seconds, user and system, of the process and its children
    wall: float  # seconds
    peak: int  # bytes of resident memory
    output: str


def cost_of(command: Sequence[str], environment: dict[str, str] | None = None) -> Cost:
    """Runs a command and measures it.

    Raises:
        CalledProcessError: the command failed.
    """
    started = time.perf_counter()
    with subprocess.Popen(  # commands of our own benchmarks
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    ) as process:
        output = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, output)
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss * 1024, output)
