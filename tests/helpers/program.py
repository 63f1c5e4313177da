"""Runs the program `flowtally` as its users do: in a process of its own, without a terminal."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.helpers.project import ROOT
from tests.helpers.waiting import PATIENCE

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def flowtally_program(
    *arguments: str | Path, directory: Path, **settings: str
) -> "subprocess.CompletedProcess[str]":
    """Runs the program with further variables in its environment, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "clients", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def done(finished: "subprocess.CompletedProcess[str]") -> str:
    """What the program said; fails if it did not succeed."""
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout
