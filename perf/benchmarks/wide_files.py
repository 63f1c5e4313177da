"""Reading files of more pairs than memory shall hold: passes, peak memory and CPU seconds.

    python -m perf.benchmarks.wide_files --pairs 250000 1000000 5000000

The files are those of a device that scans: one short row for each pair. Each is read in a process of its own.
"""

import sys
from os import devnull
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory
from typing import BinaryIO

from models.flow_csv.flow_file import each_part, read_flow_file
from models.flow_csv.parts import PAIR_DAYS
from perf.data.scan import write_scan
from perf.figures import Figures, options_of, publish
from perf.measuring.process_cost import cost_of

_MB = 1e6


def main() -> None:
    """Measures and prints; with a file, reads that here."""
    parser = options_of("perf.benchmarks.wide_files", __doc__)
    parser.add_argument("--pairs", type=int, nargs="+", default=[250_000, 1_000_000, 5_000_000])
    parser.add_argument("--read", type=Path, metavar="FILE", help="only read a file, in this process")
    options = parser.parse_args()
    if options.read:
        print(*read(options.read))
        return
    figures = Figures(
        name="bench_wide_files",
        title="Reading a file of very many pairs, one row each",
        columns=["pairs", "size", "passes", "CPU s", "memory before it", "at most", "beyond"],
        rows=[_measured(pairs) for pairs in options.pairs],
        command=f"python -m perf.benchmarks.wide_files --pairs {' '.join(map(str, options.pairs))}",
    )
    publish([figures], save=options.save)


def _measured(pairs: int) -> list[str]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "scan.csv"
        write_scan(file, pairs)
        size = file.stat().st_size
        cost = cost_of([sys.executable, "-m", "perf.benchmarks.wide_files", "--read", str(file)])
    passes, counted, before, peak = map(int, cost.output.split())
    assert counted == pairs
    sizes = (f"{size / _MB:.0f} MB" for size in (before, peak, peak - before))
    return [f"{pairs:,}", f"{size / _MB:.0f} MB", str(passes), f"{cost.cpu:.1f}", *sizes]


def read(file: Path) -> tuple[int, int, int, int]:
    """Reads a file: passes, pair-days, and bytes of memory at most, before and after it."""
    before = _peak()
    with file.open("rb") as stream, Path(devnull).open("wb") as nowhere:
        flows = read_flow_file(stream, nowhere, PAIR_DAYS)
        opened: list[BinaryIO] = [stream]

        def reopen() -> BinaryIO:
            opened.append(file.open("rb"))
            return opened[-1]

        pair_days = sum(map(len, each_part(flows, reopen, PAIR_DAYS)))
    return len(opened), pair_days, before, _peak()


def _peak() -> int:
    return getrusage(RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
