"""Reading a flow file: flowtally against what else one would total it with.

    python -m perf.bench_summarize --megabytes 3 30 300 3000

Every way runs in a process of its own, one after the other, on the same generated file, and must give
the same sums. CPU seconds are those of the whole process, its start included; the least of several runs
counts. Only flowtally validates every row, hashes the content and would quarantine.
"""

import argparse
import datetime
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from perf.contenders import CONTENDERS
from perf.generate import generate
from perf.processes import Cost, cost_of
from perf.results import Figures, versions

_DAY = datetime.date(2022, 12, 7)
_MB = 1_000_000
_SLOW = ("csv module", "pandas")  # not run on more than a gigabyte


def main() -> None:
    """Measures, prints and saves."""
    parser = argparse.ArgumentParser(prog="python -m perf.bench_summarize", description=__doc__)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[3, 30, 300, 3000])
    parser.add_argument("--runs", type=int, default=3, help="of which the cheapest counts")
    options = parser.parse_args()
    rows: list[list[str]] = []
    with TemporaryDirectory() as folder:
        for megabytes in options.megabytes:
            (file,) = generate(Path(folder), first=_DAY, days=1, megabytes=megabytes)
            rows += _compare(file, options.runs)
            file.unlink()
    figures = Figures(
        name="bench_summarize",
        title="Totalling one flow file of 84 columns and about 620 pairs",
        columns=["", "size", "CPU s", "wall s", "peak memory", "CPU s per GB", "CPU: flowtally is"],
        rows=rows,
        packages=versions("polars", "duckdb", "pandas"),
        command=f"python -m perf.bench_summarize --megabytes {' '.join(map(str, options.megabytes))}",
    )
    figures.show()
    figures.save()


def _compare(file: Path, runs: int) -> list[list[str]]:
    """The rows of one size: every contender, the cheapest of its runs."""
    size = file.stat().st_size
    names = [
        name
        for name in CONTENDERS
        if not (name in _SLOW and size > 1000 * _MB) and (name != "mawk" or shutil.which("mawk"))
    ]
    costs = {name: _cheapest(name, file, runs) for name in names}
    answers = {name: cost.output for name, cost in costs.items()}
    if len(set(answers.values())) != 1:
        sys.exit(f"the sums differ: {answers}")
    ours = costs["flowtally"].cpu
    return [
        [
            name,
            f"{size / _MB:.0f} MB",
            f"{cost.cpu:.2f}",
            f"{cost.wall:.2f}",
            f"{cost.peak / _MB:.0f} MB",
            f"{cost.cpu / size * 1e9:.2f}",
            f"{ours / cost.cpu:.2f} ×",
        ]
        for name, cost in costs.items()
    ]


def _cheapest(name: str, file: Path, runs: int) -> Cost:
    command = [sys.executable, "-m", "perf.contenders", name, str(file)]
    return min((cost_of(command) for _ in range(runs)), key=lambda cost: cost.cpu)


if __name__ == "__main__":
    main()
