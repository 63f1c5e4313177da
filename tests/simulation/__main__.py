"""`python -m tests.simulation --seeds 10000`: runs schedules, and prints figures and failing seeds."""

# a program of the terminal

import argparse
import os
import sys
import time
from collections.abc import Iterable
from multiprocessing import Pool

from tests.simulation.report import Report
from tests.simulation.schedule import Cut, run_schedule
from tests.simulation.shrinking import shrink, trace_of

_SHOWN = 5  # failing seeds that are shrunk


def main() -> int:
    """Runs many seeds, or replays one. The exit status is 1 if an invariant was broken."""
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets of strings must have one order
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | {"PYTHONHASHSEED": "0"})
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many schedules to run")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2, help="processes to run them in")
    parser.add_argument("--seed", type=int, help="replay this one, shrunk if it fails, and print its trace")
    parser.add_argument("--save", action="store_true", help="keep the figures for the docs")
    options = parser.parse_args()
    if options.seed is not None:
        return replay(options.seed)
    return soak(range(options.first, options.first + options.seeds), options.jobs, is_kept=options.save)


def soak(seeds: Iterable[int], jobs: int, *, is_kept: bool) -> int:
    """Runs seeds, reports, and keeps the figures if asked to."""
    report, begun = Report(), time.monotonic()
    with Pool(jobs) as pool:
        for outcome in pool.imap_unordered(run_schedule, seeds, chunksize=20):
            report.add(outcome)
            if outcome.broken:
                print(f"seed {outcome.seed}: {outcome.broken[0]}", flush=True)
    seconds = time.monotonic() - begun
    print(*report.lines(seconds), sep="\n")
    if is_kept:
        report.figures(seconds).save()
    for seed in sorted(report.failing)[:_SHOWN]:
        print(f"\nseed {seed}; replay it with: make soak SEED={seed}")
        replay(seed)
    for site in report.missed_sites():
        print(f"too few crashes: {site}")
    return 1 if report.failing or report.missed_sites() else 0


def replay(seed: int) -> int:
    """Prints what happens in one schedule: whole if it holds, as short as possible if it does not."""
    outcome = run_schedule(seed)
    lines, broken = trace_of(seed, shrink(seed, outcome) if outcome.broken else Cut())
    print(*lines, sep="\n")
    print(*(broken or ["every invariant holds"]), sep="\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
