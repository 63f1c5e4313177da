"""The first storage operation: add a file's share to a pair's day, once.

An item remembers the files that contributed to it, so the same content adds nothing a second time,
whoever delivers it. One write unit per pair and day, no transaction, no marker item.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from models.errors import TryAgain
from models.storage.schema import DailyTotal, RawItem
from models.traffic import PairDay, Totals

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

SOURCE_BYTES = 8  # of a file's SHA-256, kept in each item that the file contributed to
_KEYS_A_CALL = 100  # what BatchGetItem takes
_ATTEMPTS = 20  # each lost to another writer of the same day
_READ_ROUNDS = 8  # of BatchGetItem, for what it leaves unprocessed under load

# The time of change never goes back, whatever the clocks of the workers say: the statistics tell news
# from repetitions by it.
_IN_ORDER = "(attribute_not_exists(u) OR u <= :now)"


class _Change(NamedTuple):
    update: str
    condition: str


_ADD = _Change(
    "ADD d :d, p :p, n :n, r :one, s :file SET u = :now", f"NOT contains(s, :digest) AND {_IN_ORDER}"
)
_TAKE_OUT = _Change(
    "ADD d :d, p :p, n :n, r :one DELETE s :file SET u = :now", f"contains(s, :digest) AND {_IN_ORDER}"
)


class DailyTotalsStore:
    """The daily totals of all pairs, in one table.

    Args:
        dynamodb: a boto3 DynamoDB client.
        table: the name of the table.
    """

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def add_once(self, day: PairDay, totals: Totals, source: bytes, now: int) -> bool:
        """Adds a file's totals to a pair's day unless this file is in it already.

        Args:
            day: the pair and day.
            totals: what the file holds for it.
            source: the first 8 bytes of the file's digest.
            now: epoch seconds.

        Returns:
            False if the file had been counted before.

        Raises:
            ClientError: the table refused; nothing was added.
            TryAgain: other writers kept getting in between.
        """
        return self._change(_ADD, day, totals, source, now)

    def take_out_once(self, day: PairDay, totals: Totals, source: bytes, now: int) -> bool:
        """Takes a file's totals out of a pair's day again if this file is in it.

        Arguments and errors are those of `add_once`.

        Returns:
            False if the file is not in it.
        """
        negated = Totals(-totals.duration, -totals.packets, -totals.flows)
        return self._change(_TAKE_OUT, day, negated, source, now)

    def _change(self, change: _Change, day: PairDay, totals: Totals, source: bytes, now: int) -> bool:
        """One conditional write; False if the file is already as the change would have it."""
        values: dict[str, Any] = {
            ":d": {"N": str(totals.duration)},
            ":p": {"N": str(totals.packets)},
            ":n": {"N": str(totals.flows)},
            ":one": {"N": "1"},
            ":file": {"BS": [source]},
            ":digest": {"B": source},
            ":now": {"N": str(now)},
        }
        for _ in range(_ATTEMPTS):
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=_key(day),
                    ExpressionAttributeValues=values,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    UpdateExpression=change.update,
                    ConditionExpression=change.condition,
                )
            except ClientError as error:
                if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                    raise
                item: RawItem = error.response.get("Item", {})  # type: ignore[assignment]  # not in the stubs
            else:
                return True
            if not item or _has_source(item, source) is (change is _ADD):
                return False
            values[":now"] = item["u"]  # another worker's clock is ahead of ours
        raise TryAgain("other workers keep changing this day", where=f"{day.pair} {day.day}")

    def counted(self, days: Sequence[PairDay], source: bytes) -> Iterator[PairDay]:
        """Those of the given days in which this file is counted already.

        The reads are eventually consistent: a day that is missed here is refused by `add_once`.

        Raises:
            TryAgain: the table kept leaving keys unread.
        """
        for start in range(0, len(days), _KEYS_A_CALL):
            wanted = {(day.pair, day.day): day for day in days[start : start + _KEYS_A_CALL]}
            for item in self._read(list(wanted.values())):
                if _has_source(item, source):
                    yield wanted[item["k"]["S"], item["t"]["S"]]

    def _read(self, days: Sequence[PairDay]) -> Iterator[RawItem]:
        request: Any = {self._table: {"Keys": [_key(day) for day in days], "ProjectionExpression": "k, t, s"}}
        for _ in range(_READ_ROUNDS):
            answer = self._dynamodb.batch_get_item(RequestItems=request)
            yield from answer["Responses"].get(self._table, [])
            request = answer.get("UnprocessedKeys")
            if not request:
                return
        raise TryAgain("the table left keys unread", where=self._table)

    def of_pair(self, pair: str) -> list[DailyTotal]:
        """All days of a pair, oldest first, read strongly consistent."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="k = :pair",
            ExpressionAttributeValues={":pair": {"S": pair}},
            ConsistentRead=True,
        )
        return [DailyTotal.from_raw_data(dict(item)) for page in pages for item in page["Items"]]

    def by_pair(self) -> Iterator[tuple[str, list[DailyTotal]]]:
        """All pairs with their days, one scan of the table; not a snapshot while it changes."""
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        items = (DailyTotal.from_raw_data(dict(item)) for page in pages for item in page["Items"])
        for pair, days in groupby(items, key=lambda item: item.pair):
            yield pair, list(days)


def _key(day: PairDay) -> dict[str, Any]:
    return {"k": {"S": day.pair}, "t": {"S": day.day}}


def _has_source(item: RawItem, source: bytes) -> bool:
    return source in item.get("s", {}).get("BS", ())
