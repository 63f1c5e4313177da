"""Spellings of an address that all meet in one place of the reader's table, so that each search is long.

To find them, whoever writes a file must know the hash, and it is keyed by randomness of the process.
"""

import subprocess
import sys
from ctypes import c_uint64

import pytest

from models.flow_csv.row_counters import native_row_counter
from models.traffic import PairDay, Totals
from tests.helpers.flow_files import flow_csv, read
from tests.helpers.project import ROOT

SPELLINGS = 32_767
READ = """
from io import BytesIO
from models.flow_csv.flow_file import read_flow_file
from tests.helpers.flow_files import flow_csv
rows = (f"10.0.{n >> 8}.{n & 255},10.1.0.1,07/12/2022,1,1" for n in range(4000))
flows = read_flow_file(BytesIO(flow_csv(*rows)), BytesIO(), 100)
print(*sorted(pair.source for pair in flows.totals))
"""


def test_nobody_knows_the_hash() -> None:
    """Which pairs of a wide file are read first goes by it, and differs from process to process."""
    first, second = (
        subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True, check=True, cwd=ROOT)
        for _ in range(2)
    )
    assert 10 < len(first.stdout.split()) <= 100
    assert first.stdout != second.stdout


def test_spellings_that_all_meet_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key that gives each of them the same hash, those that no search comes to count as others do."""
    monkeypatch.setattr(native_row_counter, "SECRET", (c_uint64 * 2)(0, 1))  # words are only XORed
    zones = [f"{number:08x}" * 2 for number in range(SPELLINGS)]
    rows = [f"fe80::1%{zone},10.0.0.2,07/12/2022,1,3" for zone in zones]
    flows, quarantine = read(flow_csv(*rows, *rows))
    assert flows.totals == {PairDay("fe80::1", "10.0.0.2", "2022-12-07"): Totals(65_534, 196_602, 65_534)}
    assert quarantine == b""
