"""Uploads that are killed: repeated, they leave every row counted once."""

import subprocess
import sys

import pytest

from tests.helpers.project import ROOT
from tests.helpers.waiting import PATIENCE


@pytest.mark.usefixtures("engine_of_its_own")
def test_a_killed_upload_is_made_good_by_repeating_it() -> None:
    """`kill -9` at random moments, also while earlier states are taken out; `make kill-soak` has 50."""
    command = [sys.executable, "-m", "tests.soak.upload_kills", "--kills", "3"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=3 * PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of " in done.stdout
    assert done.stdout.endswith(": totals exact\n")
