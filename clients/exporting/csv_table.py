"""A pair as a CSV table that spreadsheets and pandas read as it is."""

import csv
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from models.errors import FlowtallyError
from models.moments import Moments
from models.storage.schema import PairStatistics
from models.traffic import DailyTotal

STANDARD_OUTPUT = "-"


def header(*, sample: bool) -> list[str]:
    """The names of the columns; those of the deviations say which it is."""
    kind = "sample" if sample else "population"
    return [
        "Src IP",
        "Dst IP",
        "Day",
        "Flows",
        "Total Flow Duration (us)",
        "Total Fwd Pkts",
        "Days",
        "Avg Flow Duration (us)",
        f"Std Flow Duration (us; {kind})",
        "Avg Fwd Pkts",
        f"Std Fwd Pkts ({kind})",
    ]


def rows(
    source: str,
    destination: str,
    days: Iterable[DailyTotal],
    statistics: PairStatistics | None,
    *,
    sample: bool,
) -> Iterator[list[object]]:
    """One row per day; the pair's statistics stand in each of them.

    Args:
        source, destination: the pair.
        days: its daily totals.
        statistics: over its days; None if they are not there yet, their cells are empty then.
        sample: whether the deviations are those of a sample (n − 1).
    """
    over_the_days: list[object] = [""] * 5
    if statistics:
        over_the_days = [
            statistics.days,
            *_mean_and_deviation(statistics.duration, sample=sample),
            *_mean_and_deviation(statistics.packets, sample=sample),
        ]
    for day in days:
        yield [source, destination, day.day, day.flows, day.duration, day.packets, *over_the_days]


def safe_cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: such texts get an apostrophe before them."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


def write_csv(target: str, names: Sequence[str], lines: Iterable[Sequence[object]]) -> None:
    """Writes a table, all of it or nothing.

    Args:
        target: the file's name; `-` is standard output.
        names: the header.
        lines: the rows.

    Raises:
        FlowtallyError: the file cannot be written.
    """
    try:
        with _opened(target) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(names)
            writer.writerows([safe_cell(cell) for cell in line] for line in lines)
    except BrokenPipeError:
        raise
    except OSError as error:  # it would name the draft
        raise FlowtallyError(f"cannot be written ({error.strerror})", where=target) from error


def _mean_and_deviation(moments: Moments, *, sample: bool) -> list[object]:
    """All digits that a double holds; an empty cell for what is not defined."""
    return [_cell(moments.mean), _cell(moments.deviation(sample=sample))]


def _cell(value: float | None) -> str:
    return "" if value is None else repr(value)


@contextmanager
def _opened(target: str) -> Iterator[IO[str]]:
    if target == STANDARD_OUTPUT:
        yield sys.stdout
        sys.stdout.flush()
        return
    path = Path(target)
    if path.exists() and not path.is_file():  # a pipe or a device, which nothing can replace
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
        return
    with NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as draft:
        try:
            yield draft
            draft.flush()
            os.fsync(draft.fileno())
            Path(draft.name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
            Path(draft.name).replace(path.resolve())
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
