"""Reading a flow file: flowtally against what else one would total it with.

    python -m perf.benchmarks.summarize

Every way runs in a process of its own on the same generated file, and must give the same sums. CPU seconds
are those of the process, user and system, its start included, by the account of the kernel. The ways take
turns, each time in another order, and the least of several runs counts, so that what else goes on on the
machine hits all alike and hardly shows. Only flowtally validates every row, hashes the content and would
quarantine.
"""

import datetime
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from perf.benchmarks.contenders import command_of, installed
from perf.data.generate import generate
from perf.figures import Figures, options_of, publish, versions
from perf.measuring.process_cost import Cost, cost_of

_DAY = datetime.date(2022, 12, 7)
_MB, _GB = 1e6, 1e9
_SLOW = ("csv module", "pandas")  # run once on more than a gigabyte
_MOST_RUNS, _LEAST_RUNS = 9, 2
_AIMS = {"polars": 1.2, "duckdb": 0.7, "mawk": 0.7, "csv module": 0.25}  # our CPU seconds, of theirs
_PEAK_AIM = 64  # MB

Costs = Mapping[str, Cost]  # by contender


def main() -> None:
    """Measures and prints."""
    parser = options_of("perf.benchmarks.summarize", __doc__)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[3, 30, 300, 3000])
    options = parser.parse_args()
    names = installed()
    with TemporaryDirectory() as folder:
        (nearly_empty,) = generate(Path(folder), first=_DAY, days=1, megabytes=0.02, pairs=12)
        starts = measure(names, nearly_empty, _MOST_RUNS)
        costs: dict[int, Costs] = {}
        for megabytes in options.megabytes:
            (file,) = generate(Path(folder), first=_DAY, days=1, megabytes=megabytes)
            print(f"{megabytes} MB: {', '.join(names)}", flush=True)
            costs[file.stat().st_size] = measure(names, file, _runs(megabytes))
            file.unlink()
    remarks = [] if "mawk" in names else ["mawk is not installed here, and so is not compared."]
    for figures in (_aims(costs, starts), _all(costs, starts)):
        figures.packages = versions("polars", "duckdb", "pandas")
        figures.command = " ".join(["python -m perf.benchmarks.summarize", *_sizes_given(options.megabytes)])
        figures.remarks = remarks
        publish([figures], save=options.save)


def _sizes_given(megabytes: Sequence[int]) -> list[str]:
    return [] if list(megabytes) == [3, 30, 300, 3000] else ["--megabytes", *map(str, megabytes)]


def _runs(megabytes: int) -> int:
    """The larger the file, the fewer: one run is then long enough to be typical."""
    return max(_LEAST_RUNS, min(_MOST_RUNS, 1500 // megabytes))


def measure(names: Sequence[str], file: Path, runs: int) -> dict[str, Cost]:
    """What each way takes for a file: the least CPU and wall seconds, the most memory of all runs."""
    taken: dict[str, list[Cost]] = {name: [] for name in names}
    for run in range(runs):
        turn = run % len(names)
        for name in (*names[turn:], *names[:turn]):
            if run == 0 or not (name in _SLOW and file.stat().st_size > _GB):
                taken[name].append(cost_of(command_of(name, file)))
    answers = {name: {cost.output.strip() for cost in costs} for name, costs in taken.items()}
    if len(set.union(*answers.values())) != 1:
        sys.exit(f"the sums differ: {answers}")
    return {
        name: Cost(
            min(cost.cpu for cost in costs),
            min(cost.wall for cost in costs),
            max(cost.peak for cost in costs),
            costs[0].output,
        )
        for name, costs in taken.items()
    }


def _all(costs: Mapping[int, Costs], starts: Costs) -> Figures:
    rows = [
        [
            name,
            f"{size / _MB:.0f} MB",
            f"{cost.cpu:.2f}",
            f"{cost.wall:.2f}",
            f"{cost.peak / _MB:.0f} MB",
            f"{_per_gb(cost, starts[name], size):.2f}",
            f"{of_size['flowtally'].cpu / cost.cpu:.2f} ×",
        ]
        for size, of_size in costs.items()
        for name, cost in of_size.items()
    ]
    columns = [
        "",
        "size",
        "CPU s",
        "wall s",
        "peak memory",
        "CPU s a GB beyond its start",
        "CPU: flowtally is",
    ]
    return Figures(
        "bench_summarize", "Totalling one flow file of 84 columns and about 620 pairs", columns, rows, ""
    )


def _aims(costs: Mapping[int, Costs], starts: Costs) -> Figures:
    """Flowtally alone, against what it is to keep to."""
    measured = [starts, *costs.values()]
    ours = [of_size["flowtally"] for of_size in measured]
    rows = [["CPU seconds", "", *(f"{cost.cpu:.2f}" for cost in ours)]]
    rows += [
        [
            f"of those of {name}",
            f"{aim} ×",
            *(f"{of_size['flowtally'].cpu / of_size[name].cpu:.2f} ×" for of_size in measured),
        ]
        for name, aim in _AIMS.items()
        if name in starts
    ]
    rows.append(["peak memory", f"{_PEAK_AIM} MB", *(f"{cost.peak / _MB:.0f} MB" for cost in ours)])
    per_gb = [f"{_per_gb(cost, ours[0], size):.2f}" for size, cost in zip(costs, ours[1:], strict=True)]
    rows.append(["CPU seconds a GB, beyond the start", "even", "", *per_gb])
    columns = ["", "at most", "a start", *(f"{size / _MB:.0f} MB" for size in costs)]
    title = "What flowtally's reader takes, by the size of the file"
    return Figures("bench_summarize_aims", title, columns, rows, "")


def _per_gb(cost: Cost, start: Cost, size: int) -> float:
    return (cost.cpu - start.cpu) / size * _GB


if __name__ == "__main__":
    main()
