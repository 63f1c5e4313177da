"""Reads of one item, of many, of a partition and of a whole table."""

from itertools import chain
from typing import Any

from tests.contract.stores import Store, plain

BULK = 100_000  # bytes of ballast, so that a page of 1 MB holds few items


def put_days(store: Store, pair: str, days: int, ballast: int = 0) -> None:
    for day in range(days):
        item: dict[str, Any] = {"k": {"S": pair}, "t": {"S": f"{day:03}"}, "d": {"N": str(day)}}
        if ballast:
            item["b"] = {"B": bytes(ballast)}
        store.dynamodb.put_item(TableName=store.daily_totals, Item=item)


def pages(store: Store, operation: str, **request: Any) -> list[list[tuple[str, str]]]:
    """The keys of each page."""
    answers = store.dynamodb.get_paginator(operation).paginate(
        TableName=store.daily_totals, ConsistentRead=True, **request
    )
    return [[(item["k"]["S"], item["t"]["S"]) for item in answer["Items"]] for answer in answers]


def test_an_absent_item_is_no_item(store: Store) -> None:
    """An answer without an item has no `Item` at all."""
    key = {"k": {"S": "a"}, "t": {"S": "1"}}
    answer = store.dynamodb.get_item(TableName=store.daily_totals, Key=key, ConsistentRead=True)
    assert "Item" not in answer


def test_a_batch_brings_what_is_there(store: Store) -> None:
    """BatchGetItem takes 100 keys, gives only what was asked for, in any order, and omits what is absent."""
    put_days(store, "a", 60)
    store.dynamodb.update_item(
        TableName=store.daily_totals,
        Key={"k": {"S": "a"}, "t": {"S": "007"}},
        UpdateExpression="ADD s :s",
        ExpressionAttributeValues={":s": {"BS": [b"x"]}},
    )
    request = {
        "Keys": [{"k": {"S": "a"}, "t": {"S": f"{day:03}"}} for day in range(100)],
        "ProjectionExpression": "#t, s",
        "ExpressionAttributeNames": {"#t": "t"},
        "ConsistentRead": True,
    }
    answer = store.dynamodb.batch_get_item(RequestItems={store.daily_totals: request})
    items = sorted(map(plain, answer["Responses"][store.daily_totals]), key=lambda item: item["t"])
    assert items == [{"t": f"{day:03}"} | ({"s": frozenset({b"x"})} if day == 7 else {}) for day in range(60)]
    assert not answer["UnprocessedKeys"]


def test_a_partition_is_read_in_order(store: Store) -> None:
    """A Query pages through one partition, all of it, by sort key, and sees the last write."""
    put_days(store, "a", 25, ballast=BULK)
    put_days(store, "a!", 3)
    query = {
        "KeyConditionExpression": "#k = :pair",
        "ExpressionAttributeNames": {"#k": "k"},
        "ExpressionAttributeValues": {":pair": {"S": "a"}},
    }
    found = pages(store, "query", **query)
    assert len(found) > 1
    assert list(chain(*found)) == [("a", f"{day:03}") for day in range(25)]


def test_an_absent_partition_is_an_empty_page(store: Store) -> None:
    """A Query of nothing has no items and no further page."""
    query = {"KeyConditionExpression": "src = :src", "ExpressionAttributeValues": {":src": {"S": "a"}}}
    (answer,) = store.dynamodb.get_paginator("query").paginate(TableName=store.pair_statistics, **query)
    assert answer["Items"] == []


def test_a_scan_keeps_partitions_together(store: Store) -> None:
    """A Scan gives each item once; the items of a partition follow one another, by sort key, over pages."""
    pairs = [f"10.0.0.{number}>10.0.1.1" for number in range(6)]
    for pair in reversed(pairs):
        put_days(store, pair, 5, ballast=BULK)
    found = pages(store, "scan")
    assert len(found) > 1
    keys = list(chain(*found))
    assert sorted(keys) == [(pair, f"{day:03}") for pair in pairs for day in range(5)]
    for start in range(0, len(keys), 5):
        assert keys[start : start + 5] == sorted(keys[start : start + 5])
        assert len({pair for pair, _ in keys[start : start + 5]}) == 1
