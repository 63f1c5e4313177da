"""The second storage operation: apply steps to the statistics of a pair, exactly once.

An update is one conditional write: it adds the differences, sets the marks of the weeks concerned,
and holds only if the statistics are in the state from which the steps start. Where they are not,
the item that comes back with the failure tells which steps are duplicates; anything else is settled
by a rebuild from the daily totals, which is always right.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from models.deployment import Deployment
from models.errors import NotComputable, TryAgain, error_code
from models.storage.batch_read import read_items
from models.storage.changes import (
    Bookkeeping,
    Step,
    Sums,
    difference,
    prune,
    recompute,
    states_of,
    still_due,
)
from models.storage.daily_totals import DailyTotalsStore
from models.storage.schema import RawItem
from models.storage.statistics_item import (
    SUMS,
    as_numbers,
    attribute_of,
    bookkeeping,
    integer_in,
    is_key,
    key_of,
    sums_of,
)
from models.traffic import join_pair, split_pair

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# With 24 marks before them, two updates of so many weeks stay within one write unit: a worker may die
# between its update and its pruning.
WEEKS_AT_ONCE = 12
_ATTEMPTS = 20  # each lost to another writer of the same pair


class Applied(StrEnum):
    """What became of the steps of a pair."""

    ADDED = "added"
    DUPLICATE = "duplicate"
    REBUILT = "rebuilt"


Observer = Callable[[str, Sums, Sequence[Step]], None]  # a pair, its sums now, what was added to them


class PairStatisticsStore:
    """The statistics of all pairs, in one table.

    Args:
        dynamodb: a boto3 DynamoDB client.
        table: the name of the table.
        daily_totals: what the statistics are rebuilt from.
        observer: called after steps were added, with what the write gave back; not for duplicates and
            rebuilds. May be called from several threads.
    """

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        table: str,
        daily_totals: DailyTotalsStore,
        observer: Observer | None = None,
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self.daily_totals = daily_totals
        self._observer = observer

    @classmethod
    def of(
        cls, deployment: Deployment, dynamodb: "DynamoDBClient", observer: Observer | None = None
    ) -> "PairStatisticsStore":
        """Both stores of a deployment, this one and the daily totals."""
        daily_totals = DailyTotalsStore(dynamodb, deployment.daily_totals)
        return cls(dynamodb, deployment.pair_statistics, daily_totals, observer)

    def apply(self, pair: str, steps: Sequence[Step]) -> Applied:
        """Brings the steps into the statistics, each once, however often it is delivered.

        Args:
            pair: the key of the pair, `source>destination`.
            steps: one for each week that changed; weeks in any order, at least one.

        Raises:
            NotComputable: see `rebuild`.
            TryAgain: other writers kept getting in between.
            ClientError: the table refused; deliver the steps again.
        """
        if len(steps) > WEEKS_AT_ONCE:
            return self.rebuild(pair)
        for _ in range(_ATTEMPTS):
            try:
                item, applied = self._update(pair, steps)
            except ClientError as error:
                if error_code(error) != "ValidationException":
                    raise
                return self.rebuild(pair)  # what is stored tells whether it can ever be
            if applied:
                if self._observer:
                    self._observer(pair, sums_of(item), steps)
                self._prune(item)
                return Applied.ADDED
            due = still_due(steps, bookkeeping(item))
            if due is None:
                return self.rebuild(pair)
            if not due:
                self._prune(item)  # whoever applied them may have died before pruning
                return Applied.DUPLICATE
            steps = due
        raise TryAgain("other workers keep changing these statistics", where=pair)

    def rebuild(self, pair: str, *, horizon: int = 0) -> Applied:
        """Replaces the statistics by what the daily totals of the pair give, whatever happened before.

        Args:
            pair: the key of the pair, `source>destination`.
            horizon: epoch seconds; changes up to here are never news again.

        Raises:
            NotComputable: the daily totals were read and give no statistics. The pair is set aside: its
                statistics are flagged, until a rebuild succeeds.
            TryAgain: other writers kept getting in between.
            ClientError: a table refused.
        """
        for _ in range(_ATTEMPTS):
            before = self.get(pair)  # first: a change that comes in after this makes the put fail
            known = bookkeeping(before)
            known = known._replace(horizon=max(known.horizon, horizon))
            try:
                sums, marks = recompute(states_of(self.daily_totals.of_pair(pair)), known)
            except NotComputable as reason:
                if self._put(pair, sums_of(before), known, before, set_aside=reason.found):
                    raise
                continue
            if self._put(pair, sums, marks, before):
                return Applied.REBUILT
        raise TryAgain("other workers keep changing these statistics", where=pair)

    def get(self, pair: str) -> RawItem:
        """The stored item, read strongly consistent; empty if there is none."""
        return self._dynamodb.get_item(TableName=self._table, Key=key_of(pair), ConsistentRead=True).get(
            "Item", {}
        )

    def get_all(self, pairs: Sequence[str]) -> dict[str, RawItem]:
        """The stored items of pairs, read strongly consistent by one call.

        Args:
            pairs: their keys, at most `KEYS_A_CALL`.

        Returns:
            By pair; those without an item, and keys that are no pair, are left out.

        Raises:
            TryAgain: the table kept leaving pairs unread.
        """
        keys = [key_of(pair) for pair in pairs if is_key(*split_pair(pair))]
        if not keys:
            return {}
        items = read_items(self._dynamodb, self._table, {"Keys": keys, "ConsistentRead": True})
        return {join_pair(item["src"]["S"], item["dst"]["S"]): item for item in items}

    def pairs(self) -> Iterator[str]:
        """The keys of all pairs that have an item, one scan of the table."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._table, ProjectionExpression="src, dst"
        )
        return (join_pair(item["src"]["S"], item["dst"]["S"]) for page in pages for item in page["Items"])

    def _update(self, pair: str, steps: Sequence[Step]) -> tuple[RawItem, bool]:
        """One conditional write: the item after it and True, or the item that refused it and False.

        Attributes and values are named after the weeks: `#20221205 = :before20221205`.
        """
        by_mark = {attribute_of(step.week): step for step in steps}
        heard_of = {mark: step for mark, step in by_mark.items() if not step.is_new_week}
        news = {mark: step for mark, step in by_mark.items() if step.is_new_week}
        conditions = [f"#{mark} = :before{mark}" for mark in heard_of]
        conditions += [f"attribute_not_exists(#{mark})" for mark in news]
        values = {f":{name}": number for name, number in zip(SUMS, difference(steps), strict=True)}
        values |= {f":before{mark}": step.before.mark for mark, step in heard_of.items()}
        values |= {f":after{mark}": step.after.mark for mark, step in by_mark.items()}
        if news:
            conditions.append("(attribute_not_exists(h) OR h < :news)")
            values[":news"] = min(step.first_change for step in news.values())
        added = ", ".join(f"{name} :{name}" for name in SUMS)
        marked = ", ".join(f"#{mark} = :after{mark}" for mark in by_mark)
        return self._write(
            self._dynamodb.update_item,
            Key=key_of(pair),
            UpdateExpression=f"ADD {added}, r :one SET {marked}",
            ConditionExpression=" AND ".join(conditions),
            ExpressionAttributeNames={f"#{mark}": mark for mark in by_mark},
            ExpressionAttributeValues=as_numbers(values | {":one": 1}),
            ReturnValues="ALL_NEW",
        )

    def _prune(self, item: RawItem) -> None:
        """Forgets the oldest marks of an item that has too many, unless somebody changed it since."""
        known = bookkeeping(item)
        kept = prune(known)
        forgotten = [attribute_of(week) for week in known.marks if week not in kept.marks]
        if not forgotten:
            return
        names = {f"#{mark}": mark for mark in forgotten}
        self._write(
            self._dynamodb.update_item,
            Key={"src": item["src"], "dst": item["dst"]},
            UpdateExpression=f"ADD r :one SET h = :horizon REMOVE {', '.join(names)}",
            ConditionExpression="r = :seen",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=as_numbers({":one": 1, ":horizon": kept.horizon})
            | {":seen": item["r"]},
        )

    def _put(self, pair: str, sums: Sums, known: Bookkeeping, before: RawItem, set_aside: str = "") -> bool:
        """Writes a whole item unless the one that was there before has changed."""
        revision = integer_in(before, "r")
        numbers = dict(zip(SUMS, sums, strict=True)) | {"r": revision + 1}
        if known.horizon:
            numbers["h"] = known.horizon
        numbers |= {attribute_of(week): mark for week, mark in known.marks.items()}
        item = key_of(pair) | as_numbers(numbers) | ({"x": {"S": set_aside}} if set_aside else {})
        unchanged: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(r)"}
        if "r" in before:
            unchanged = {
                "ConditionExpression": "r = :seen",
                "ExpressionAttributeValues": {":seen": before["r"]},
            }
        return self._write(self._dynamodb.put_item, Item=item, **unchanged)[1]

    def _write(self, operation: Callable[..., Any], **request: Any) -> tuple[RawItem, bool]:
        try:
            answer = operation(
                TableName=self._table, ReturnValuesOnConditionCheckFailure="ALL_OLD", **request
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return error.response.get("Item", {}), False  # type: ignore[return-value]  # not in the stubs
        return answer.get("Attributes", {}), True
