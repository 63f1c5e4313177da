"""Tables as DynamoDB keeps them: conditional writes on single items, one after the other.

Stored attribute values are never changed in place, so items and images share them.
"""

# ruff: noqa: N803  # the parameters are named as AWS names them

from collections.abc import Callable, Mapping
from math import ceil
from random import Random
from typing import Any

from tests.simulation.errors import refusal
from tests.simulation.expressions import Invalid, Item, Terms, condition, update

Observer = Callable[[Item, Item], None]  # of the item before and after a write

_STALE = 2.0  # seconds for which a read that is not consistent may show the item before its last write


class Table:
    """One table.

    Args:
        keys: the names of partition key and sort key.
        observe: is told of every write, and of every condition that failed with no change.
    """

    def __init__(self, keys: tuple[str, str], observe: Observer = lambda before, after: None) -> None:
        self.keys = keys
        self.observe = observe
        self.partitions: dict[str, dict[str, Item]] = {}
        self.is_replacing = False  # whether the write under way replaces an item whole
        self.closed_until = 0.0  # until then nobody may write
        self.closes_with = "AccessDeniedException"  # what writers are told then
        self.largest = 400 * 1024  # bytes of an item
        self.replaced: dict[tuple[str, str], tuple[float, Item]] = {}  # what an item was, and until when

    def key_of(self, item: Mapping[str, Any]) -> tuple[str, str]:
        """Partition and sort key of an item."""
        return item[self.keys[0]]["S"], item[self.keys[1]]["S"]

    def get(self, key: tuple[str, str]) -> Item:
        """An item; empty if there is none."""
        return self.partitions.get(key[0], {}).get(key[1], {})

    def put(self, key: tuple[str, str], item: Item, now: float) -> None:
        """Replaces an item; an empty one deletes it."""
        before = self.get(key)
        self.replaced[key] = (now, before)
        if item:
            self.partitions.setdefault(key[0], {})[key[1]] = item
        else:
            self.partitions[key[0]].pop(key[1], None)
        self.observe(before, item)

    def items(self) -> list[Item]:
        """All items, by partition and sort key."""
        return [items[sort] for items in self.partitions.values() for sort in sorted(items)]


class DynamoDB:
    """The operations on tables.

    Args:
        tables: by name.
        random: decides how reads are paged and how stale they are.
        clock: gives the true time.
        leaves_unread: whether BatchGetItem is under load; asked each time.
    """

    def __init__(
        self,
        tables: dict[str, Table],
        random: Random,
        clock: Callable[[], float],
        leaves_unread: Callable[[], bool],
    ) -> None:
        self.tables = tables
        self._random = random
        self._clock = clock
        self._leaves_unread = leaves_unread

    def update_item(self, TableName: str, Key: Item, UpdateExpression: str, **request: Any) -> dict[str, Any]:
        """Changes one item on a condition, or makes it."""
        table, terms = self.tables[TableName], _terms(request)
        key = table.key_of(Key)
        before = table.get(key)
        self._check_open(table, "UpdateItem")
        try:
            self._check(before, request, terms, "UpdateItem")
            after = dict(before) if before else dict(Key)
            for action in update(UpdateExpression):
                action(before, after, terms)
            if item_bytes(after) > table.largest:
                raise Invalid("Item size to update has exceeded the maximum allowed size")
        except Invalid as error:
            raise refusal("ValidationException", "UpdateItem", str(error)) from error
        table.put(key, after, self._clock())
        return {"Attributes": after} if request.get("ReturnValues") == "ALL_NEW" else {}

    def put_item(self, TableName: str, Item: Item, **request: Any) -> dict[str, Any]:
        """Replaces one item on a condition."""
        table = self.tables[TableName]
        key = table.key_of(Item)
        self._check_open(table, "PutItem")
        self._check(table.get(key), request, _terms(request), "PutItem")
        table.is_replacing = True
        table.put(key, dict(Item), self._clock())
        table.is_replacing = False
        return {}

    def delete_item(self, TableName: str, Key: Item, **request: Any) -> dict[str, Any]:
        """Deletes one item on a condition; one that is not there is no error."""
        table = self.tables[TableName]
        key = table.key_of(Key)
        self._check(table.get(key), request, _terms(request), "DeleteItem")
        if table.get(key):
            table.put(key, {}, self._clock())
        return {}

    def get_item(self, TableName: str, Key: Item, ConsistentRead: bool = False) -> dict[str, Any]:
        """Reads one item."""
        table = self.tables[TableName]
        item = self._read(table, table.key_of(Key), ConsistentRead)
        return {"Item": item} if item else {}

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        """Reads up to 100 items, not consistently, and under load not all."""
        responses: dict[str, Any] = {}
        unread: dict[str, Any] = {}
        for name, request in RequestItems.items():
            table, keys = self.tables[name], request["Keys"]
            assert 0 < len(keys) <= 100
            read = len(keys)
            if self._leaves_unread():
                read = self._random.randrange(len(keys) + 1)
            items = [
                self._read(table, table.key_of(key), request.get("ConsistentRead")) for key in keys[:read]
            ]
            responses[name] = [_project(item, request) for item in items if item]
            if keys[read:]:
                unread[name] = request | {"Keys": keys[read:]}
        return {"Responses": responses, "UnprocessedKeys": unread}

    def query(self, TableName: str, ExclusiveStartKey: str = "", **request: Any) -> dict[str, Any]:
        """Reads a page of one partition."""
        table = self.tables[TableName]
        (partition,) = (value["S"] for value in request["ExpressionAttributeValues"].values())
        sorts = [sort for sort in sorted(table.partitions.get(partition, ())) if sort > ExclusiveStartKey]
        page = sorts[: self._random.choice((3, 10, 100, 1000))]
        items = [self._read(table, (partition, sort), request.get("ConsistentRead")) for sort in page]
        answer: dict[str, Any] = {"Items": [_project(item, request) for item in items if item]}
        return answer | ({"LastEvaluatedKey": page[-1]} if len(page) < len(sorts) else {})

    def scan(self, TableName: str, ExclusiveStartKey: int = 0, **request: Any) -> dict[str, Any]:
        """Reads a page of the table; partitions never move, those that come new are seen last."""
        table = self.tables[TableName]
        partitions = list(table.partitions)
        page = partitions[ExclusiveStartKey : ExclusiveStartKey + self._random.choice((1, 2, 5))]
        keys = [(partition, sort) for partition in page for sort in sorted(table.partitions[partition])]
        items = [self._read(table, key, request.get("ConsistentRead")) for key in keys]
        end = ExclusiveStartKey + len(page)
        answer: dict[str, Any] = {"Items": [_project(item, request) for item in items if item]}
        return answer | ({"LastEvaluatedKey": end} if end < len(partitions) else {})

    def _read(self, table: Table, key: tuple[str, str], consistent: bool | None) -> Item:
        if not consistent and key in table.replaced:
            replaced_at, before = table.replaced[key]
            if self._clock() - replaced_at < _STALE and self._random.random() < 0.5:
                return before
        return table.get(key)

    def _check_open(self, table: Table, operation: str) -> None:
        if self._clock() < table.closed_until:
            raise refusal(table.closes_with, operation)

    def _check(self, item: Item, request: Mapping[str, Any], terms: Terms, operation: str) -> None:
        expression = request.get("ConditionExpression")
        if expression is None or condition(expression)(item, terms):
            return
        wanted = item and request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        raise refusal(
            "ConditionalCheckFailedException",
            operation,
            "The conditional request failed",
            **({"Item": item} if wanted else {}),
        )


def write_units(item: Item) -> int:
    """What writing an item costs: one unit per started KB."""
    return ceil(item_bytes(item) / 1024)


def item_bytes(item: Item) -> int:
    """How large an item is."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "N":
        digits = content.lstrip("-")
        return (len(digits.strip("0")) + 1) // 2 + 1 + int(content.startswith("-"))
    if kind == "S":
        return len(content.encode())
    return len(content) if kind == "B" else sum(map(len, content))


def _terms(request: Mapping[str, Any]) -> Terms:
    return Terms(request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {}))


def _project(item: Item, request: Mapping[str, Any]) -> Item:
    expression = request.get("ProjectionExpression")
    if not expression:
        return item
    names = request.get("ExpressionAttributeNames", {})
    wanted = [names.get(name.strip(), name.strip()) for name in expression.split(",")]
    return {name: item[name] for name in wanted if name in item}
