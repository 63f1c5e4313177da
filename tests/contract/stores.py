"""Tables and a stream on one engine: the simulator's, the embedded one's, or DynamoDB Local's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any, NamedTuple
from uuid import uuid4

from botocore.exceptions import ClientError

from tests.helpers.template import create_tables, tables
from tests.simulation.dynamodb import DynamoDB, Table
from tests.simulation.event_loop import Scheduler, Signal
from tests.simulation.streams import Streams

RawItem = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Store:
    """The tables of a deployment, new and empty.

    Attributes:
        dynamodb, streams: clients, as far as production code uses them.
        daily_totals: the table with the stream.
        let_hours_pass: makes the stream older, where time can be moved.
    """

    dynamodb: Any
    streams: Any
    daily_totals: str
    pair_statistics: str
    stream_arn: str
    let_hours_pass: Callable[[int], None]


class Answer(NamedTuple):
    """What a write answered: an item after success, or a code and the item that refused it."""

    error: str
    item: dict[str, Any]


def _time_cannot_be_moved(hours: int) -> None:
    raise NotImplementedError


def store_on(engine: Any, let_hours_pass: Callable[[int], None] = _time_cannot_be_moved) -> Store:
    """New tables, after the template, on an engine that is reached through boto3."""
    dynamodb = engine.client("dynamodb")
    names = {logical: f"{logical}-{uuid4().hex[:12]}" for logical in tables()}
    stream_arn = create_tables(dynamodb, names)
    return Store(
        dynamodb,
        engine.client("dynamodbstreams"),
        names["DailyTotals"],
        names["PairStatistics"],
        stream_arn,
        let_hours_pass,
    )


def simulated_store() -> Store:
    """New tables of the simulator; no read is stale and no shard closes unless time is made to pass."""
    random = Random(1)
    scheduler = Scheduler(random, start=1_669_600_000.0)
    streams = Streams(scheduler, random, Signal(scheduler, random), shard_life=1e9, shards=1)
    daily_totals, pair_statistics = "DailyTotals", "PairStatistics"
    made = {
        daily_totals: Table(("k", "t"), partial(streams.append, ("k", "t"))),
        pair_statistics: Table(("src", "dst")),
    }
    clock = iter(range(0, 10**9, 10)).__next__
    dynamodb = DynamoDB(made, random, clock, leaves_unread=lambda: False)

    def let_hours_pass(hours: int) -> None:
        scheduler.now += hours * 3600
        if hours >= 4:
            for shard in [shard for shard in streams.shards.values() if shard.closed_at is None]:
                streams.close(shard, split=False)

    return Store(Simulated(dynamodb), streams, daily_totals, pair_statistics, "stream", let_hours_pass)


class Simulated:
    """The simulator's DynamoDB with the paginators that boto3 adds."""

    def __init__(self, dynamodb: DynamoDB) -> None:
        self._dynamodb = dynamodb

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._dynamodb, operation)

    def get_paginator(self, operation: str) -> "Simulated.Paginator":
        return Simulated.Paginator(getattr(self._dynamodb, operation))

    class Paginator:
        def __init__(self, operation: Callable[..., Any]) -> None:
            self._operation = operation

        def paginate(self, **request: Any) -> Iterator[Any]:
            page = self._operation(**request)
            yield page
            while "LastEvaluatedKey" in page:
                page = self._operation(**request, ExclusiveStartKey=page["LastEvaluatedKey"])
                yield page


def answer_to(operation: Callable[..., Any], **request: Any) -> Answer:
    """What a write comes to, in values that can be compared between engines."""
    try:
        answer = operation(**request)
    except ClientError as error:
        refused_by: RawItem = error.response.get("Item", {})  # type: ignore[assignment]  # unknown to its stub
        return Answer(error.response["Error"]["Code"], plain(refused_by))
    return Answer("", plain((answer or {}).get("Attributes", {})))


def plain(item: RawItem) -> dict[str, Any]:
    """An item as Python values: numbers by value, sets without order."""
    return {name: _plain(*value.items()) for name, value in item.items()}


def _plain(typed: tuple[str, Any]) -> Any:
    kind, value = typed
    if kind == "N":
        return Decimal(value)
    return frozenset(value) if kind.endswith("S") and kind != "S" else value


def read_stream(store: Store) -> list[dict[str, Any]]:
    """All records that the stream holds, shard by shard, parents first."""
    return [record for shard in shards_of(store) for record in read_shard(store, shard["ShardId"])]


def shards_of(store: Store) -> list[dict[str, Any]]:
    """The shards that the stream lists, parents first."""
    page: dict[str, Any] = {}
    listed: list[dict[str, Any]] = []
    while True:
        description = store.streams.describe_stream(StreamArn=store.stream_arn, **page)["StreamDescription"]
        listed += description["Shards"]
        if "LastEvaluatedShardId" not in description:
            return sorted(listed, key=lambda shard: shard["ShardId"])  # the ids begin with their time
        page = {"ExclusiveStartShardId": description["LastEvaluatedShardId"]}


def read_shard(store: Store, shard: str, **start: str) -> list[dict[str, Any]]:
    """The records of a shard from a place on, by default from its beginning."""
    start = start or {"ShardIteratorType": "TRIM_HORIZON"}
    iterator = store.streams.get_shard_iterator(StreamArn=store.stream_arn, ShardId=shard, **start)[
        "ShardIterator"
    ]
    records: list[dict[str, Any]] = []
    while iterator:
        answer = store.streams.get_records(ShardIterator=iterator)
        if not answer["Records"] and "NextShardIterator" in answer:
            break
        records += answer["Records"]
        iterator = answer.get("NextShardIterator")
    return records
