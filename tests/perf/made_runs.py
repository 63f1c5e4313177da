"""A run of the comparison that was never run, for tests of what is made of runs."""

from dataclasses import replace
from typing import Any

from perf.comparison.runs import Run, Stored
from perf.comparison.targets import Used
from perf.comparison.watcher import FileTimes

CALLS = {"GET": 2, "DELETE": 2, "UpdateItem": 1850, "PutItem": 2, "GetItem": 50, "GetRecords": 12}


def a_run(**changes: Any) -> Run:
    """A run with round figures."""
    files = [
        FileTimes("a.csv", 10_000_000, 20_000, 600, 0.0, 1.0, 2.0),
        FileTimes("b.csv", 10_000_000, 20_000, 400, 5.0, 2.0, 3.0),
    ]
    stored = {
        "DailyTotals": Stored(900, 162_000, 990, 1000),
        "PairStatistics": Stored(500, 100_000, 800, 800),
        "Files": Stored(2, 400, 2, 2),
    }
    used = Used({"summarize": 1.0, "consolidate": 3.0}, {"summarize": 70_000_000}, CALLS, 20, 2, 1.5, 6.0)
    machine = {"date": "d", "processor": "p", "system": "s", "python": "3"}
    run = Run(
        dataset="made",
        compute="lambda",
        way="trickle",
        place="here",
        environment=machine,
        packages={},
        files=files,
        used=used,
        tables=stored,
        objects=0,
        object_bytes=0,
        raw_bytes=4_000_000,
        csv_bytes=50_000,
        pair_days=900,
    )
    return replace(run, **changes)
