"""A file of very many pairs through both stages: how often it is read, how much memory, whether all is exact.

    python -m perf.comparison.wide_file --pairs 250000

The file is that of a device that scans: one short row for each pair. On Lambda the time limit is lowered, so
that a run stops before it, and the next delivery goes on. A run counts only if both tables are exactly what
is in the file.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from clients.terminal.console import say
from models.errors import FlowtallyError, TryAgain
from models.flow_csv.flow_file import read_flow_file
from models.flow_csv.parts import NO_LIMIT
from models.storage.file_records import FilesTable
from models.storage.schema import File
from models.traffic import PairDay, Totals
from perf.comparison.runs import read_tables
from perf.comparison.targets import STAGES, Compute, RunTarget, local
from perf.data.oracle import statistics_of
from perf.data.scan import write_scan
from perf.figures import Figures, options_of, publish, versions

_BRANCH, _NAME = "lab", "scan.csv"
_LOOK = 10.0  # seconds between two looks at the tables
_MB = 1e6
_NAMES: dict[Compute, str] = {"lambda": "Lambda", "vm": "VM"}


def main() -> None:
    """Measures and prints."""
    parser = options_of("perf.comparison.wide_file", __doc__)
    parser.add_argument("--pairs", type=int, default=250_000)
    parser.add_argument("--time-limit", type=int, default=120, help="of a function that counts, in seconds")
    parser.add_argument("--compute", choices=_NAMES, action="append", help="[both]")
    parser.add_argument("--patience", type=int, default=3600, help="seconds that a run may take")
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # so that a file shows how far it is
    rows = []
    for compute in options.compute or _NAMES:
        say(f"{_NAMES[compute]}: a file of {options.pairs:,} pairs", style="bold")
        with TemporaryDirectory(prefix="flowtally-") as folder:
            file = Path(folder) / "scan.csv"
            write_scan(file, options.pairs)
            rows.append([_NAMES[compute], *_through(compute, file, options.time_limit, options.patience)])
    figures = Figures(
        name=f"wide_file_{options.pairs}",
        title=f"A file of {options.pairs:,} pairs, one row each, through both stages",
        columns=["", "seconds", "deliveries", "times read", *(f"peak memory: {stage}" for stage in STAGES)],
        rows=rows,
        command=f"python -m perf.comparison.wide_file --pairs {options.pairs}",
        packages=versions("boto3", "ministack", "awslambdaric"),
    )
    publish([figures], save=options.save)


def _through(compute: Compute, file: Path, limit: int, patience: float) -> Iterator[str]:
    """Runs the file through both stages: what the columns of the figures say of it."""
    with local(compute, limit) as target:
        began = time.monotonic()
        target.client("s3").upload_file(str(file), target.deployment.bucket, f"incoming/{_BRANCH}/{_NAME}")
        expected = _totals_in(file)
        _wait(target, len(expected), began + patience)
        seconds = time.monotonic() - began
        _check(target, expected)
        used, (record,) = target.used(), _records(target)
        memory = used.peak_memory or {}
        yield f"{seconds:,.0f}"
        yield str(record.attempts)
        yield str((used.calls or {}).get("GET"))
        yield from (f"{memory[stage] / _MB:.0f} MB" for stage in STAGES)


def _totals_in(file: Path) -> Mapping[PairDay, Totals]:
    with file.open("rb") as content:
        return read_flow_file(content, BytesIO(), NO_LIMIT).totals


def _wait(target: RunTarget, pairs: int, deadline: float) -> None:
    """Returns once the file is counted and its pairs have statistics."""
    while not _records(target) or _pairs_with_statistics(target) < pairs:
        target.check()
        if time.monotonic() > deadline:
            raise TryAgain("the file did not get through in time", where=target.name)
        time.sleep(_LOOK)


def _records(target: RunTarget) -> list[File]:
    return list(FilesTable(target.client("dynamodb"), target.deployment.files).of_branch(_BRANCH))


def _pairs_with_statistics(target: RunTarget) -> int:
    """As the engine counts them, at any time; scans of a million items would keep it from its work."""
    described = target.client("dynamodb").describe_table(TableName=target.deployment.pair_statistics)
    return int(described["Table"]["ItemCount"])


def _check(target: RunTarget, expected: Mapping[PairDay, Totals]) -> None:
    tables = read_tables(target)
    if tables.days != expected or tables.statistics != statistics_of(expected):
        raise FlowtallyError("they do not hold exactly what is in the file", where="the tables")


if __name__ == "__main__":
    try:
        main()
    except FlowtallyError as error:
        sys.exit(f"Error: {error}")
