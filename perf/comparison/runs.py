"""Runs of a workload on a kind of compute: measured, checked against the oracle, and kept in files."""

import csv
import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from clients.queries.stored import object_uses
from models.errors import FlowtallyError
from models.storage.changes import Sums, WeekState
from models.storage.item_size import stored_size, write_units
from models.storage.numbers import integer
from models.storage.schema import PairStatistics
from models.storage.statistics_item import sums_of
from models.traffic import PairDay, Totals, day_of, split_pair
from perf.comparison.targets import Compute, RunTarget, Used
from perf.comparison.watcher import FileTimes, Watcher, Way
from perf.comparison.workload import Workload, summary_csv
from perf.figures import machine, versions

_LOOKS = 20  # at tables that are not the oracle's yet
_PAUSE = 0.5  # seconds between two of them
_SHOWN = 3  # differences


@dataclass
class Stored:
    """What a table holds after a run.

    Attributes:
        items: in it.
        billed_bytes: by DynamoDB's rule, with the overhead of 100 bytes an item.
        writes: that changed it, by the revisions in the items.
        write_units: as the service tells, refused writes included; or else those of `writes`, each as dear
            as its item is in the end: exact where an item stays below 1 KB, above it at most that.
    """

    items: int
    billed_bytes: int
    writes: int
    write_units: int


@dataclass
class Run:
    """A workload on a kind of compute, once.

    Attributes:
        dataset: its name.
        compute, way: what was compared.
        place: the embedded engine or AWS.
        environment: see `perf.figures.machine`; for AWS, where it was measured from.
        packages: versions.
        files: when each was where.
        used: by the compute.
        tables: what was left, by table.
        objects, object_bytes: left in the bucket's prefixes of files.
        raw_bytes: of the files as they were uploaded.
        csv_bytes: of CSV files with the totals of each file and of all together, as other designs keep.
        pair_days: distinct pairs and days in all files.
    """

    dataset: str
    compute: Compute
    way: Way
    place: str
    environment: dict[str, str]
    packages: dict[str, str]
    files: list[FileTimes]
    used: Used
    tables: dict[str, Stored]
    objects: int
    object_bytes: int
    raw_bytes: int
    csv_bytes: int
    pair_days: int

    @property
    def seconds(self) -> float:
        """From the first upload to the last consolidation."""
        begun = min(file.uploaded_at for file in self.files)
        return max(file.uploaded_at + (file.consolidated or 0) for file in self.files) - begun

    @property
    def content_bytes(self) -> int:
        """Of all files, uncompressed."""
        return sum(file.content_bytes for file in self.files)

    @property
    def write_units(self) -> int:
        """Of all tables, with those of refused writes."""
        return sum(table.write_units for table in self.tables.values()) + self.refused_writes

    @property
    def refused_writes(self) -> int:
        """Calls that a condition refused, or that wrote a lease; each takes a unit.

        Services tell them among the write units of a table, so there they are none of their own.
        """
        calls = self.used.calls
        if calls is None:
            return 0
        asked = calls.get("UpdateItem", 0) + calls.get("PutItem", 0)
        return asked - sum(table.writes for table in self.tables.values())

    @property
    def billed_bytes(self) -> int:
        """Of all tables."""
        return sum(table.billed_bytes for table in self.tables.values())

    @property
    def key(self) -> tuple[str, str]:
        """What a later run of the same replaces."""
        return self.way, self.compute

    def is_comparable(self, other: "Run") -> bool:
        """Whether both had the same files and the same place on the same kind of machine."""
        return self._circumstances == other._circumstances

    @property
    def _circumstances(self) -> tuple[object, ...]:
        contents = sorted((file.name, file.content_bytes, file.rows) for file in self.files)
        return contents, self.place, self.environment["processor"], self.environment["python"]


def measure(target: RunTarget, compute: Compute, way: Way, workload: Workload) -> Run:
    """Runs a workload, and checks that the tables are exactly the oracle's.

    Raises:
        FlowtallyError: they are not, or the compute failed.
        TryAgain: nothing moved for minutes.
    """
    files = Watcher(target.client, target.deployment, target.check).run(way, workload.files)
    tables = _checked(target, workload)
    target.check()
    objects = object_uses(target.client("s3"), target.deployment.bucket)
    used = target.used()
    for name, units in (used.write_units or {}).items():
        tables[name].write_units = units
    return Run(
        dataset=workload.name,
        compute=compute,
        way=way,
        place=target.name,
        environment=machine(),
        packages=versions("boto3", "ministack", "awslambdaric", "duckdb"),
        files=sorted(files, key=lambda file: file.uploaded_at),
        used=used,
        tables=tables,
        objects=sum(use.objects for use in objects),
        object_bytes=sum(use.stored_bytes for use in objects),
        raw_bytes=sum(file.path.stat().st_size for file in workload.files),
        csv_bytes=sum(file.summary_bytes for file in workload.files) + len(summary_csv(workload.days)),
        pair_days=len(workload.days),
    )


class Tables(NamedTuple):
    """Everything in the tables."""

    days: Mapping[PairDay, Totals]
    statistics: Mapping[tuple[str, str], Sums]
    stored: dict[str, Stored]


def read_tables(target: RunTarget) -> Tables:
    """All that is stored, in one scan of each table."""
    deployment = target.deployment
    weeks, pairs, files = (
        list(_scan(target, table))
        for table in (deployment.daily_totals, deployment.pair_statistics, deployment.files)
    )
    states = [(split_pair(item["k"]["S"]), item["t"]["S"], WeekState.of(item)) for item in weeks]
    source, destination = PairStatistics.source.attr_name, PairStatistics.destination.attr_name
    return Tables(
        days={
            PairDay(*pair, day_of(week, weekday)): totals
            for pair, week, state in states
            for weekday, totals in state.days.items()
        },
        statistics={(item[source]["S"], item[destination]["S"]): sums_of(item) for item in pairs},
        stored={
            "DailyTotals": _stored(weeks, [state.revision for _, _, state in states]),
            "PairStatistics": _stored(pairs, [integer(item["r"]["N"]) for item in pairs]),
            "Files": _stored(files, [1] * len(files)),
        },
    )


def _stored(items: Sequence[Mapping[str, Any]], writes: Sequence[int]) -> Stored:
    """What these items are, each with how many times it was written."""
    units = sum(count * write_units(item) for item, count in zip(items, writes, strict=True))
    return Stored(len(items), sum(map(stored_size, items)), sum(writes), units)


def _scan(target: RunTarget, table: str) -> Iterator[dict[str, Any]]:
    pages = target.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return (item for page in pages for item in page["Items"])


def _checked(target: RunTarget, workload: Workload) -> dict[str, Stored]:
    """What is stored, once the tables are exactly the oracle's."""
    expected = workload.statistics
    for _ in range(_LOOKS):
        tables = read_tables(target)
        if tables.days == workload.days and tables.statistics == expected:
            return tables.stored
        time.sleep(_PAUSE)  # the last changes may be under way
    wrong: list[Any] = _differences(tables.days, workload.days) or _differences(tables.statistics, expected)
    raise FlowtallyError(
        f"{len(wrong)} entries are not the oracle's, such as {wrong[:_SHOWN]}", where="the tables"
    )


def _differences(found: Mapping[Any, Any], expected: Mapping[Any, Any]) -> list[Any]:
    return [
        (key, found.get(key), expected.get(key))
        for key in found.keys() | expected.keys()
        if found.get(key) != expected.get(key)
    ]


def percentile(values: Iterable[float], share: float) -> float:
    """The least of the values that at least this share of them does not exceed (the nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def save_runs(path: Path, runs: Iterable[Run]) -> None:
    """Keeps runs as JSON, and the times of their files as CSV beside it."""
    runs = list(runs)
    path.write_text(json.dumps([asdict(run) for run in runs], indent=1, ensure_ascii=False) + "\n")
    with path.with_suffix(".csv").open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["dataset", "compute", "way", "place", *(field.name for field in fields(FileTimes))])
        for run in runs:
            for times in run.files:
                rows.writerow([run.dataset, run.compute, run.way, run.place, *asdict(times).values()])


def load_runs(path: Path) -> list[Run]:
    """The runs that were kept; none if there is no such file, or another version kept other values in it."""
    if not path.exists():
        return []
    try:
        return [_run(content) for content in json.loads(path.read_text())]
    except (KeyError, TypeError):
        return []


def _run(content: dict[str, Any]) -> Run:
    return Run(
        **content
        | {
            "files": [FileTimes(**times) for times in content["files"]],
            "used": Used(**content["used"]),
            "tables": {name: Stored(**stored) for name, stored in content["tables"].items()},
        }
    )
