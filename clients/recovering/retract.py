"""Taking a file's traffic out of the daily totals again."""

import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from models.errors import FlowtallyError, NotFound, UsageError
from models.flow_csv.flow_file import FlowFile, read_flow_file
from models.storage.daily_totals import DailyTotalsStore, source_of
from models.storage.schema import File
from models.traffic import AddressScope, DaysOfWeek, PairWeek, address_prefix, by_week

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

CONNECTIONS = 16  # writes in flight


class Retraction(NamedTuple):
    """What a retraction did."""

    taken_out: int  # pair-days
    not_in: int  # pair-days in which the file was not, or not any more


@dataclass(frozen=True)
class Retractor:
    """Takes files out again, each pair and week once; safe to repeat and to interrupt.

    Args:
        dynamodb: a boto3 DynamoDB client for at least `CONNECTIONS` connections.
        daily_totals: where the traffic is counted.
        files_table: where the fate of each file is recorded.
        address_scope: whether branches share their addresses.
        source_key: the secret by which files are named in the items that they contributed to.
        now: gives epoch seconds.
    """

    dynamodb: "DynamoDBClient"
    daily_totals: DailyTotalsStore
    files_table: str
    address_scope: AddressScope
    source_key: bytes
    now: Callable[[], float] = time.time

    def retract(self, branch: str, path: Path, records: Iterable[File]) -> Retraction:
        """Takes the content of a file out of the totals.

        Args:
            branch: who sent it.
            path: the file, with the content that was sent.
            records: the records of all files; those of this content are marked as retracted.

        Raises:
            FileRejected: it is no flow file.
            FlowtallyError: it cannot be read.
            NotFound: this content is not in the totals.
        """
        flows = _read(path)
        source, now = source_of(flows.digest, self.source_key), int(self.now())
        weeks = by_week(flows.totals, address_prefix(self.address_scope, branch))

        def take_out(entry: tuple[PairWeek, DaysOfWeek]) -> int:
            return len(entry[1]) if self.daily_totals.take_out_once(*entry, source, now) else 0

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            taken_out = sum(pool.map(take_out, weeks.items()))
        for record in records:
            is_concerned = self.address_scope == "enterprise" or record.branch == branch
            if (
                record.digest == flows.digest
                and record.state in ("counted", "partly counted")
                and is_concerned
            ):
                record.state = "retracted"
                self.dynamodb.put_item(TableName=self.files_table, Item=record.serialize())
        if flows.totals and not taken_out:
            raise NotFound(
                "this content is not counted",
                where=str(path),
                remedy="It was retracted before, or other content was sent under its name",
            )
        return Retraction(taken_out, len(flows.totals) - taken_out)


def _read(path: Path) -> FlowFile:
    if path.is_dir():
        raise UsageError("a folder", where=str(path), remedy="Name the file that is to be taken out")
    try:
        with path.open("rb") as stream, Path(os.devnull).open("wb") as nowhere:
            return read_flow_file(stream, nowhere, name=path.name)
    except OSError as error:
        raise FlowtallyError(error.strerror or str(error), where=str(path)) from error
