"""The shards of a stream: which there are, and which may be read now."""

from collections.abc import Iterable, Mapping, Set
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_dynamodbstreams import DynamoDBStreamsClient

Parents = Mapping[str, str | None]  # the parent of each shard that the stream lists


def parents_of(streams: "DynamoDBStreamsClient", stream_arn: str) -> Parents:
    """All shards that the stream lists, however many pages that takes."""
    parents: dict[str, str | None] = {}
    page: dict[str, Any] = {"StreamArn": stream_arn}
    while True:
        description = streams.describe_stream(**page)["StreamDescription"]
        parents |= {shard["ShardId"]: shard.get("ParentShardId") for shard in description["Shards"]}
        if not (last := description.get("LastEvaluatedShardId")):
            return parents
        page["ExclusiveStartShardId"] = last


def readable(parents: Parents, finished: Set[str]) -> Iterable[str]:
    """The shards that are not read to their end, but their parents are, or are gone from the stream."""
    for shard, parent in parents.items():
        if shard not in finished and (parent is None or parent not in parents or parent in finished):
            yield shard


def fair_share(shards: int, readers: int) -> int:
    """How many shards each reader has at the most."""
    return ceil(shards / max(1, readers))
