"""The library for each kind of machine does the same: run by an emulator where this is another one."""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.flow_csv.row_counters.build_native import GLIBC, MACHINES
from models.flow_csv.row_counters.native_row_counter import library_path
from tests.models.flow_csv.row_counters.test_native_units import some_rows

CELLS = ([b"10.0.0.1", b"10.0.0.2", b"fe80::1", b"", b"\xff"], [b"07/12/2022 1", b"08/12/2022 23", b"\xe9"],
         [b"0", b"5", b"999999999999", b"1000000000001", b"-1", b"1e3", b"\xb2"])  # fmt: skip


def some_lines() -> bytes:
    """Mostly rows of five fields, of few spellings, with everything wrong that a line can have."""
    chance = random.Random(7)
    rows = []
    for _ in range(20_000):
        kinds = (CELLS[0], CELLS[0], CELLS[1], CELLS[2], CELLS[2])
        row = [kind[min(int(chance.expovariate(1)), len(kind) - 1)] for kind in kinds]
        rows.append(b",".join(row[: 4 if chance.random() < 0.1 else 5] + [b"x"] * (chance.random() < 0.1)))
    return b"\n".join(rows) + b"\n"


def output(machine: str, folder: Path, text: bytes, *unit: str) -> bytes:
    """What the driver says with the library for a machine."""
    library, program = Path(library_path(machine)), folder / machine
    compiler = [sys.executable, "-m", "ziglang", "cc", "-target", f"{machine}-linux-gnu.{GLIBC}"]
    subprocess.run(
        [*compiler, "-o", program, Path(__file__).with_name("native_row_counter_main.c"), library], check=True
    )
    emulator = [] if machine == os.uname().machine else [f"qemu-{machine}", "-L", f"/usr/{machine}-linux-gnu"]
    if emulator and not shutil.which(emulator[0]):
        pytest.skip(f"needs {emulator[0]} and a C library for {machine}: see .ci/run")
    paths = {"LD_LIBRARY_PATH": str(library.parent), "QEMU_SET_ENV": f"LD_LIBRARY_PATH={library.parent}"}
    done = subprocess.run([*emulator, program, *unit], input=text, env=paths | {"PATH": os.environ["PATH"]},
                          capture_output=True, check=True)  # fmt: skip
    return done.stdout


def test_all_machines_agree(tmp_path: Path) -> None:
    """The same lines are given back, and the same totals counted, whatever the processor."""
    here, *others = (output(machine, tmp_path, some_lines()) for machine in MACHINES)
    assert len(here) > 10_000
    assert others == [here] * len(others)


@pytest.mark.parametrize("unit", ["0", "6"])
def test_all_machines_prove_the_same_unit(unit: str, tmp_path: Path) -> None:
    """Where rows are to prove it, up to the very limits."""
    text = "\n".join(some_rows(3, 4_000)).encode() + b"\n"
    here, *others = (output(machine, tmp_path, text, unit) for machine in MACHINES)
    assert len(here) > 10_000
    assert others == [here] * len(others)
