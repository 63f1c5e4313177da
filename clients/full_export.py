"""Everything that is kept, as CSV tables: what one takes away before a deployment is destroyed."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from clients.export import write_csv
from clients.files_table import FilesTable
from clients.statistics import Results
from models.tables import DailyTotal, File, PairStatistics
from models.traffic import split_pair

_DAYS = ("Src IP", "Dst IP", "Day", "Flows", "Total Flow Duration (us)", "Total Fwd Pkts")
_PAIRS = (
    *("Src IP", "Dst IP", "Days", "Sum Flow Duration (us)", "Sum of squares Flow Duration"),
    *("Sum Fwd Pkts", "Sum of squares Fwd Pkts"),
)
_FILES = ("Branch", "Key", "State", "SHA-256", "Rows", "Quarantined", "Reason", "First day", "Last day")


def export_everything(results: Results, files: FilesTable, directory: Path) -> list[Path]:
    """Writes the three tables, exact integers all, and gives the paths of the files.

    Raises:
        FlowtallyError: a file cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    tables: list[tuple[str, tuple[str, ...], Iterator[list[object]]]] = [
        ("daily-totals.csv", _DAYS, _days(results.all_days())),
        ("statistics.csv", _PAIRS, _pairs(results.all_pairs())),
        ("files.csv", _FILES, _files(files.all())),
    ]
    paths = []
    for name, header, rows in tables:
        paths.append(directory / name)
        write_csv(str(paths[-1]), header, rows)
    return paths


def _days(days: Iterable[DailyTotal]) -> Iterator[list[object]]:
    for day in days:
        yield [*split_pair(day.pair), day.day, day.flows, day.duration, day.packets]


def _pairs(pairs: Iterable[PairStatistics]) -> Iterator[list[object]]:
    for pair in pairs:
        yield [
            *(pair.source, pair.destination, pair.days, pair.duration_sum, pair.duration_squares),
            *(pair.packets_sum, pair.packets_squares),
        ]


def _files(files: Iterable[File]) -> Iterator[list[object]]:
    for file in files:
        digest = file.digest.hex() if file.digest else ""
        yield [
            *(file.branch, file.key, file.state, digest, file.rows, file.quarantined, file.reason),
            *(file.first_day, file.last_day),
        ]
