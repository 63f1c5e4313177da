"""Whether consolidation keeps up with summarization, both on this machine with all its cores busy.

    python -m perf.benchmarks.keepup --days 30

Generated days are uploaded at once; one process per core counts them, one consolidates. Looking at the
tables costs the engine some time, too, so it is done every few seconds. The engine works on the same cores.
"""

import os
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from perf.data.generate import generate
from perf.figures import Figures, options_of, publish
from perf.measuring.pipeline import Pipeline, running, wait_for_log

_FIRST = date(2022, 10, 1)
_LOOK = 3.0  # seconds between two looks
_ROWS = 12  # of the table, about
_PATIENCE = 1800.0  # seconds


class Sample(NamedTuple):
    """What was done at a time."""

    at: float  # seconds from the first upload on
    counted: int  # pair-days
    consolidated: int  # pair-days
    is_all_counted: bool
    busy: float  # cores, on the average until then, by whatever runs on this machine


def main() -> None:
    """Measures and prints."""
    parser = options_of("perf.benchmarks.keepup", __doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--megabytes", type=float, default=10, help="of each day's file")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        files = generate(Path(folder), first=_FIRST, days=options.days, megabytes=options.megabytes)
        samples = measure(files, options.workers)
    last = samples[-1]
    counting = last.counted / next(sample.at for sample in samples if sample.is_all_counted)
    behind = max(sample.counted - sample.consolidated for sample in samples)
    figures = Figures(
        name="bench_keepup",
        title=(
            f"{options.days} days, {last.counted:,} pair-days, {options.workers} processes that count and "
            f"one that consolidates: {counting:.0f} pair-days/s counted, {last.counted / last.at:.0f} "
            f"consolidated, at most {behind / counting:.1f} s behind, {last.busy:.1f} of {os.cpu_count()} "
            "cores busy on the average"
        ),
        columns=["after", "counted", "consolidated", "behind", "lag"],
        rows=[_row(look, counting) for look in (*samples[: -1 : len(samples) // _ROWS + 1], last)],
        command=f"python -m perf.benchmarks.keepup --days {options.days}",
    )
    publish([figures], save=options.save)


def _row(look: Sample, counting: float) -> list[str]:
    behind = look.counted - look.consolidated
    amounts = [f"{amount:,}" for amount in (look.counted, look.consolidated, behind)]
    return [f"{look.at:.0f} s", *amounts, f"{behind / counting:.1f} s"]


def measure(files: list[Path], workers: int) -> list[Sample]:
    """Uploads the files to a fresh deployment, and looks how far each stage is until both are done."""
    with running() as pipeline:
        processes = [pipeline.start("summarize") for _ in range(workers)]
        processes.append(pipeline.start("consolidate"))
        for process in processes:
            wait_for_log(process, "statistics verified" if process is processes[-1] else "summarizing")
        began, idle = time.monotonic(), _idle_seconds()
        for file in files:
            pipeline.upload(f"incoming/x/{file.name}", file.read_bytes())
        samples = [Sample(0.0, 0, 0, False, 0.0)]
        while not (samples[-1].is_all_counted and samples[-1].counted == samples[-1].consolidated):
            if time.monotonic() - began > _PATIENCE:
                raise TimeoutError(f"not done within {_PATIENCE} s: {samples[-1]}")
            time.sleep(_LOOK)
            samples.append(_look(pipeline, began, idle))
        return samples


def _look(pipeline: Pipeline, began: float, idle: float) -> Sample:
    is_all_counted = pipeline.files_left() == 0
    consolidated = pipeline.pair_days_consolidated()  # before the others, so that it is not ahead of them
    counted, at = pipeline.pair_days_counted(), time.monotonic() - began
    busy = (os.cpu_count() or 1) - (_idle_seconds() - idle) / at
    return Sample(at, counted, consolidated, is_all_counted, busy)


def _idle_seconds() -> float:
    """For how long the cores of this machine have had nothing to do, in all."""
    idle, waiting = Path("/proc/stat").read_text().split()[4:6]
    return (int(idle) + int(waiting)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
