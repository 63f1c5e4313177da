"""The first storage operation: add a file's share to a pair's week, once.

An item remembers the files that contributed to it, so the same content adds nothing a second time,
whoever delivers it. One write for all days of a pair and week, no transaction, no marker item.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import blake2b
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from models.errors import TryAgain
from models.storage.batch_read import KEYS_A_CALL, read_items
from models.storage.changes import states_of
from models.storage.item_size import LARGEST_ITEM, item_size
from models.storage.numbers import integer
from models.storage.schema import DAY_ATTRIBUTES, RawItem
from models.traffic import DailyTotal, DaysOfWeek, PairWeek, Totals, day_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_SOURCE_BYTES = 8  # kept for each file in each item that it contributed to
FULL = LARGEST_ITEM - 1024  # bytes; an item that refuses beyond is full: sizes of numbers are approximate
_ATTEMPTS = 20  # each lost to another writer of the same week

# The time of change never goes back, whatever the clocks of the workers say: the statistics tell news
# from repetitions by it.
_IN_ORDER = "(attribute_not_exists(u) OR u <= :now)"


class _Change(NamedTuple):
    rest: str  # of the update, after the numbers of the days
    condition: str


_ADD = _Change(", r :one, s :file SET u = :now", f"NOT contains(s, :digest) AND {_IN_ORDER}")
_TAKE_OUT = _Change(", r :one DELETE s :file SET u = :now", f"contains(s, :digest) AND {_IN_ORDER}")


class DailyTotalsStore:
    """The daily totals of all pairs, in one table: an item for each pair and ISO week.

    Args:
        dynamodb: a boto3 DynamoDB client.
        table: the name of the table.
    """

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def add_once(self, week: PairWeek, days: DaysOfWeek, source: bytes, now: int) -> bool:
        """Adds a file's totals to a pair's week unless this file is in it already.

        Args:
            week: the pair and week.
            days: what the file holds for it, all of it, at least one day.
            source: what names the file, see `source_of`.
            now: epoch seconds.

        Returns:
            False if the file had been counted before.

        Raises:
            ClientError: the table refused; nothing was added.
            TryAgain: other writers kept getting in between.
        """
        return self._change(_ADD, week, days, source, now)

    def take_out_once(self, week: PairWeek, days: DaysOfWeek, source: bytes, now: int) -> bool:
        """Takes a file's totals out of a pair's week again if this file is in it.

        Arguments and errors are those of `add_once`.

        Returns:
            False if the file is not in it.
        """
        negated = {
            weekday: Totals(-totals.duration, -totals.packets, -totals.flows)
            for weekday, totals in days.items()
        }
        return self._change(_TAKE_OUT, week, negated, source, now)

    def _change(self, change: _Change, week: PairWeek, days: DaysOfWeek, source: bytes, now: int) -> bool:
        """One conditional write; False if the file is already as the change would have it."""
        values: dict[str, Any] = {
            ":one": {"N": "1"},
            ":file": {"BS": [source]},
            ":digest": {"B": source},
            ":now": {"N": str(now)},
        }
        for weekday, totals in days.items():
            for name, number in zip(DAY_ATTRIBUTES[weekday], totals, strict=True):
                values[f":{name}"] = {"N": str(number)}
        for _ in range(_ATTEMPTS):
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=_key(week),
                    ExpressionAttributeValues=values,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    UpdateExpression=_adding(tuple(days)) + change.rest,
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
        raise TryAgain("other workers keep changing this week", where=f"{week.pair} {week.week}")

    def counted(self, weeks: Sequence[PairWeek], source: bytes) -> Iterator[PairWeek]:
        """Those of the given weeks in which this file is counted already.

        The reads are eventually consistent: a week that is missed here is refused by `add_once`.

        Raises:
            TryAgain: the table kept leaving keys unread.
        """
        for start in range(0, len(weeks), KEYS_A_CALL):
            wanted = {(week.pair, week.week): week for week in weeks[start : start + KEYS_A_CALL]}
            request = {"Keys": [_key(week) for week in wanted.values()], "ProjectionExpression": "k, t, s"}
            for item in read_items(self._dynamodb, self._table, request):
                if _has_source(item, source):
                    yield wanted[item["k"]["S"], item["t"]["S"]]

    def has_room(self, week: PairWeek, days: DaysOfWeek, source: bytes) -> bool:
        """Whether an item, as it is stored now, takes a file's totals, by DynamoDB's rule of sizes.

        Args:
            week, days, source: what `add_once` would add.
        """
        answer = self._dynamodb.get_item(TableName=self._table, Key=_key(week), ConsistentRead=True)
        item: dict[str, Any] = {**_key(week), **answer.get("Item", {})}
        for weekday, totals in days.items():
            for name, number in zip(DAY_ATTRIBUTES[weekday], totals, strict=True):
                item[name] = {"N": str(integer(item.get(name, {}).get("N", "0")) + number)}
        item["s"] = {"BS": [*item.get("s", {}).get("BS", ()), source]}
        return item_size(item) <= FULL

    def of_pair(self, pair: str) -> list[RawItem]:
        """All weeks of a pair, oldest first, read strongly consistent."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="k = :pair",
            ExpressionAttributeValues={":pair": {"S": pair}},
            ConsistentRead=True,
        )
        return [item for page in pages for item in page["Items"]]

    def by_pair(self) -> Iterator[tuple[str, list[RawItem]]]:
        """All pairs with their weeks, one scan of the table; not a snapshot while it changes."""
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        items = (item for page in pages for item in page["Items"])
        for pair, weeks in groupby(items, key=lambda item: item["k"]["S"]):
            yield pair, list(weeks)


def source_of(digest: bytes, key: bytes) -> bytes:
    """What names a file in the items that it contributed to.

    It is keyed: 8 bytes of a plain digest collide after minutes of search, and a file that passes for
    another one would not be counted, and would take the other's traffic out.

    Args:
        digest: SHA-256 of the file's content.
        key: the secret of the deployment.
    """
    return blake2b(digest, digest_size=_SOURCE_BYTES, key=key).digest()


def days_of(pair: str, weeks: Iterable[RawItem]) -> list[DailyTotal]:
    """The days on which a pair had flows, oldest first.

    Args:
        pair: its key.
        weeks: its items of the daily totals, all of them.

    Raises:
        NotComputable: one of them is not what a worker writes.
    """
    return [
        DailyTotal(pair, day_of(week, weekday), *totals)
        for week, state in sorted(states_of(weeks).items())
        for weekday, totals in sorted(state.days.items())
        if totals.flows
    ]


@cache
def _adding(weekdays: tuple[int, ...]) -> str:
    """The beginning of an update that adds the numbers of some days: `ADD d3 :d3, p3 :p3, n3 :n3`."""
    names = [name for weekday in weekdays for name in DAY_ATTRIBUTES[weekday]]
    return f"ADD {', '.join(f'{name} :{name}' for name in names)}"


def _key(week: PairWeek) -> dict[str, Any]:
    return {"k": {"S": week.pair}, "t": {"S": week.week}}


def _has_source(item: RawItem, source: bytes) -> bool:
    return source in item.get("s", {}).get("BS", ())
