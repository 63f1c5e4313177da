"""The Makefile passes on what it is given."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.helpers.project import ROOT


@pytest.mark.parametrize(
    ("data", "arguments"),
    [
        ("my flows", ["my flows"]),
        ("my flows/*.csv", ["my flows/1.csv", "my flows/2.csv"]),
        ("a.csv b.csv", ["a.csv", "b.csv"]),
        ("[ab].csv", ["a.csv", "b.csv"]),
        ("", []),
    ],
)
def test_the_demo_gets_the_paths_that_were_named(data: str, arguments: list[str], tmp_path: Path) -> None:
    """`make demo DATA=…` takes one path with spaces in it, several paths, and patterns."""
    for name in ("my flows/1.csv", "my flows/2.csv", "a.csv", "b.csv", ".venv/bin/flowtally"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / ".venv/bin/flowtally").chmod(0o755)
    command = ["make", "-f", str(ROOT / "Makefile"), "-o", ".venv/demo", "demo", f"DATA={data}"]
    # Not as a part of the make that may run these tests, which would hand on its variables.
    outside = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "VENV")
    }
    done = subprocess.run(command, cwd=tmp_path, env=outside, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["demo", *arguments]
