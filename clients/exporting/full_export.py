"""Everything that is kept, as CSV tables: what one takes away before a deployment is destroyed.

It goes by the names of the tables alone: they are there when their stack is not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from botocore.exceptions import ClientError

from clients.exporting.files import write_table
from clients.exporting.table import Cell, Column, Table
from clients.queries.counted import pairs_in
from models.errors import FlowtallyError, NotComputable
from models.storage.daily_totals import DailyTotalsStore, days_of
from models.storage.file_records import FilesTable
from models.storage.schema import DAY_ATTRIBUTES, RawItem
from models.traffic import split_pair

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class StoredTable(Protocol):
    """A table of a deployment."""

    @property
    def kind(self) -> str:
        """`DailyTotals`, `PairStatistics` or `Files`."""

    @property
    def name(self) -> str:
        """As DynamoDB knows it."""

    @property
    def label(self) -> str:
        """Its kind; its name if there are several of that kind."""


class _Form(NamedTuple):
    """How a kind of table is written."""

    file: str
    header: tuple[str, ...]
    rows: "Callable[[DynamoDBClient, str], Iterator[list[Cell]]]"


def export_everything(
    dynamodb: "DynamoDBClient",
    tables: Sequence[StoredTable],
    directory: Path,
    report: Callable[[Path], object],
) -> None:
    """Writes tables, exact integers all.

    Args:
        dynamodb: a boto3 DynamoDB client.
        tables: what to export.
        directory: where to; it is made if need be.
        report: is told the path of each file when it is complete.

    Raises:
        FlowtallyError: a table cannot be read, or a file cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for table in tables:
        form = _FORMS[table.kind]
        is_only = table.label == table.kind
        path = directory / f"{form.file if is_only else table.name}.csv"
        try:
            columns = [Column(name, name, "text") for name in form.header]  # whatever somebody put there
            write_table(str(path), Table(form.file, columns, form.rows(dynamodb, table.name)))
        except ClientError as error:
            raise FlowtallyError(
                f"cannot be exported ({error.response['Error']['Message'].rstrip('.')})",
                where=f"table {table.name}",
                remedy="Nothing was removed. Run the command again when it can be read, or say --no-export",
            ) from error
        report(path)


def _days(dynamodb: "DynamoDBClient", table: str) -> Iterator[list[Cell]]:
    for pair, weeks in DailyTotalsStore(dynamodb, table).by_pair():
        try:
            days = days_of(pair, weeks)
        except NotComputable:
            yield from (row for week in weeks for row in _what_is_there(week))
        else:
            for day in days:
                yield [*split_pair(pair), day.day, day.flows, day.duration, day.packets]


def _what_is_there(week: RawItem) -> Iterator[list[Cell]]:
    """The numbers of an item that somebody spoilt; what is missing is an empty cell."""
    for weekday, (duration, packets, flows) in DAY_ATTRIBUTES.items():
        numbers = [next(iter(week.get(name, {"": ""}).values())) for name in (flows, duration, packets)]
        if any(numbers):
            yield [*split_pair(week["k"]["S"]), f"{week['t']['S']} day {weekday}", *numbers]


def _pairs(dynamodb: "DynamoDBClient", table: str) -> Iterator[list[Cell]]:
    for pair in pairs_in(dynamodb, table):
        yield [
            *(pair.source, pair.destination, pair.days, pair.duration_sum, pair.duration_squares),
            *(pair.packets_sum, pair.packets_squares, pair.set_aside),
        ]


def _files(dynamodb: "DynamoDBClient", table: str) -> Iterator[list[Cell]]:
    for file in FilesTable(dynamodb, table).all():
        digest = file.digest.hex() if file.digest else ""
        yield [
            *(file.branch, file.key, file.state, digest, file.rows, file.quarantined, file.reason),
            *(file.first_day, file.last_day),
        ]


_FORMS: Mapping[str, _Form] = {
    "DailyTotals": _Form(
        "daily-totals",
        ("Src IP", "Dst IP", "Day", "Flows", "Total Flow Duration (us)", "Total Fwd Pkts"),
        _days,
    ),
    "PairStatistics": _Form(
        "statistics",
        (
            *("Src IP", "Dst IP", "Days", "Sum Flow Duration (us)", "Sum of squares Flow Duration"),
            *("Sum Fwd Pkts", "Sum of squares Fwd Pkts", "Set aside"),
        ),
        _pairs,
    ),
    "Files": _Form(
        "files",
        ("Branch", "Key", "State", "SHA-256", "Rows", "Quarantined", "Reason", "First day", "Last day"),
        _files,
    ),
}
