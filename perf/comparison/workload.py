"""A dataset to compare on: its files, what they hold, and what must be in the tables in the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from clients.uploading.local_files import flow_files
from models.flow_csv.byte_stream import content_blocks
from models.flow_csv.flow_file import read_flow_file
from models.storage.changes import Sums
from models.traffic import PairDay, PairWeek, Totals, by_week
from perf.data.oracle import daily_totals_by_duckdb, merged, statistics_of

_SENTINELS = 24  # more than writes are in flight at once


@dataclass(frozen=True)
class TrafficFile:
    """A flow file and what it holds.

    Attributes:
        path: where it lies.
        content_bytes: its size, uncompressed.
        rows: its flows.
        pair_days: distinct pairs and days in it.
        sentinels: the last of them to be written, which tell how far consolidation is.
        summary_bytes: the size of a CSV file with its totals.
    """

    path: Path
    content_bytes: int
    rows: int
    pair_days: int
    sentinels: Sequence[PairWeek]
    summary_bytes: int

    @property
    def key(self) -> str:
        """Of the object that it is uploaded as."""
        return f"incoming/compare/{self.path.name}"


@dataclass(frozen=True)
class Workload:
    """Files, and by DuckDB's account what they add up to."""

    name: str
    files: Sequence[TrafficFile]
    days: Mapping[PairDay, Totals]

    @property
    def statistics(self) -> Mapping[tuple[str, str], Sums]:
        """What the statistics of all pairs must be."""
        return statistics_of(self.days)

    @property
    def content_bytes(self) -> int:
        """Of all files, uncompressed."""
        return sum(file.content_bytes for file in self.files)


def workload(name: str, paths: Sequence[Path]) -> Workload:
    """Reads what a dataset holds.

    Args:
        name: of the dataset, in file names and titles.
        paths: flow files in the form of CICFlowMeter 4 without broken rows, and directories of them.

    Raises:
        UsageError: a path does not exist or is no flow file.
    """
    files = [file.path for file in flow_files(paths)]
    totals = [daily_totals_by_duckdb(file) for file in files]
    described = [_described(file, days) for file, days in zip(files, totals, strict=True)]
    return Workload(name, described, merged(totals))


def _described(path: Path, days: Mapping[PairDay, Totals]) -> TrafficFile:
    with path.open("rb") as file:
        in_order = list(by_week(read_flow_file(file, BytesIO()).first))
    with path.open("rb") as file:
        content_bytes = sum(map(len, content_blocks(file)))
    rows = sum(totals.flows for totals in days.values())
    return TrafficFile(
        path, content_bytes, rows, len(days), in_order[-_SENTINELS:], len(summary_csv(days).encode())
    )


def summary_csv(days: Mapping[PairDay, Totals]) -> str:
    """The totals as the intermediate CSV file that other designs keep of each flow file, or of all."""
    lines = ["Src IP,Dst IP,Date,Total Flow Duration,Total Fwd Pkts"]
    lines += [
        f"{day.source},{day.destination},{day.day},{totals.duration},{totals.packets}"
        for day, totals in days.items()
    ]
    return "\n".join([*lines, ""])
