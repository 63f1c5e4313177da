"""Whether consolidation keeps up with summarization, both on this machine with all its cores busy.

    python -m perf.bench_keepup --days 30

Generated days are uploaded at once; one process per core counts them, one consolidates. Looking at the
tables costs the engine some time, too, so it is done every few seconds.
"""

import argparse
import os
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from perf.generate import DEFAULT_PAIRS, generate
from perf.pipeline import Pipeline, running, wait_for_log
from perf.results import Figures

_FIRST = date(2022, 10, 1)
_LOOK = 3.0  # seconds between two looks
_PATIENCE = 1800.0  # seconds


class Sample(NamedTuple):
    """What was done at a time."""

    at: float  # seconds from the first upload on
    counted: int  # pair-days
    consolidated: int  # pair-days
    is_all_counted: bool


def main() -> None:
    """Measures, prints and saves."""
    parser = argparse.ArgumentParser(prog="python -m perf.bench_keepup", description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--megabytes", type=float, default=10, help="of each day's file")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        files = generate(Path(folder), first=_FIRST, days=options.days, megabytes=options.megabytes)
        samples = measure(files, options.workers)
    counted_at = next(sample.at for sample in samples if sample.is_all_counted)
    last = samples[-1]
    behind = max(sample.counted - sample.consolidated for sample in samples)
    print(f"{options.days} days, {DEFAULT_PAIRS} pairs: {last.counted} pair-days")
    print(f"counted: {last.counted / counted_at:.0f} pair-days/s, all after {counted_at:.0f} s")
    print(f"consolidated: {last.counted / last.at:.0f} pair-days/s, all after {last.at:.0f} s")
    print(f"most behind: {behind} pair-days, {behind / (last.counted / counted_at):.1f} s of counting")
    figures = Figures(
        name="bench_keepup",
        title=f"Counted and consolidated pair-days over {options.days} days, {options.workers} + 1 processes",
        columns=["after", "counted", "consolidated", "behind"],
        rows=[
            [
                f"{look.at:.0f} s",
                *map(str, (look.counted, look.consolidated, look.counted - look.consolidated)),
            ]
            for look in samples
        ],
        command=f"python -m perf.bench_keepup --days {options.days}",
    )
    figures.show()
    figures.save()


def measure(files: list[Path], workers: int) -> list[Sample]:
    """Uploads the files to a fresh deployment, and looks how far each stage is until both are done."""
    with running() as pipeline:
        processes = [pipeline.start("summarize") for _ in range(workers)]
        processes.append(pipeline.start("consolidate"))
        for process in processes:
            wait_for_log(process, "statistics verified" if process is processes[-1] else "summarizing")
        began = time.monotonic()
        for file in files:
            pipeline.upload(f"incoming/x/{file.name}", file.read_bytes())
        samples = [Sample(time.monotonic() - began, 0, 0, False)]
        while not (samples[-1].is_all_counted and samples[-1].counted == samples[-1].consolidated):
            if time.monotonic() - began > _PATIENCE:
                raise TimeoutError(f"not done within {_PATIENCE} s: {samples[-1]}")
            time.sleep(_LOOK)
            samples.append(_look(pipeline, began))
        return samples


def _look(pipeline: Pipeline, began: float) -> Sample:
    is_all_counted = pipeline.files_left() == 0
    consolidated = pipeline.pair_days_consolidated()  # before the others, so that it is not ahead of them
    return Sample(time.monotonic() - began, pipeline.pair_days_counted(), consolidated, is_all_counted)


if __name__ == "__main__":
    main()
