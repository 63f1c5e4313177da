"""Compiles `models/flow_csv/row_counters/native_row_counter.c` for the machines that flowtally runs on.

    python -m models.flow_csv.row_counters.build_native

The compiler is Zig's, which comes with the development tools and has what it needs for every target in
it, so that the same source gives the same bytes wherever it is compiled. A test holds the libraries in
`models/` to it.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from models.flow_csv.row_counters.native_row_counter import library_path

MACHINES = ("aarch64", "x86_64")
GLIBC = "2.17"  # the oldest that the wheels of the dependencies can do with, too

_SOURCE = Path(__file__).with_name("native_row_counter.c")
_OPTIONS = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-s", "-Wl,--build-id=none")


def compile_library(machine: str) -> bytes:
    """The library for a kind of machine.

    Raises:
        CalledProcessError: the compiler refused; it has said why.
    """
    with TemporaryDirectory() as folder:
        library = Path(folder) / "library.so"
        command = [
            *(sys.executable, "-m", "ziglang", "cc", "-target", f"{machine}-linux-gnu.{GLIBC}", *_OPTIONS),
            *("-o", str(library), _SOURCE.name),
        ]
        subprocess.run(command, cwd=_SOURCE.parent, check=True)  # noqa: S603  # our own compiler
        return library.read_bytes()


def main() -> None:
    """Compiles all of them to where they are loaded from."""
    for machine in MACHINES:
        library = Path(library_path(machine))
        library.write_bytes(compile_library(machine))
        print(f"{library.name}: {library.stat().st_size:,} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
