"""The shards of a stream: which there are, which may be read now, and how far a reader is in one."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from vm_daemon.stream.lease_snapshot import ShardState

if TYPE_CHECKING:
    from types_boto3_dynamodbstreams import DynamoDBStreamsClient

Parents = Mapping[str, str | None]  # the parent of each shard that the stream lists

# Seconds after which records that nobody read may have left the stream. It keeps them for 24 hours; the
# rest is for clocks that differ.
UNREAD = 12 * 3600


@dataclass
class Shard:
    """A shard that this reader has.

    Attributes:
        id: the name that the stream has for it.
        position: the last sequence number that is in the statistics; empty before the first.
        intact_at: epoch seconds when the stream was last known to hold all that is unread of it.
        saved: position and time as the table has them.
        iterator: where the next call reads on; None if one is to be opened at the position.
        is_trimmed: whether the stream said that records after the position are gone.
        is_empty: whether it is closed, and nothing of it is left.
        due_at: epoch seconds from which on it is worth a look.
    """

    id: str
    position: str
    intact_at: float
    saved: tuple[str, float]
    iterator: str | None = None
    is_trimmed: bool = False
    is_empty: bool = False
    due_at: float = 0.0

    @classmethod
    def taken(cls, shard: str, state: ShardState) -> "Shard":
        """A shard as its last reader left it."""
        return cls(shard, state.position, state.intact_at, saved=(state.position, state.intact_at))

    def may_lack_records(self, now: float) -> bool:
        """Whether unread records may have left the stream.

        Without a position to go on from, no error of the stream tells what came and went meanwhile.
        """
        return self.is_trimmed or (not self.position and abs(now - self.intact_at) >= UNREAD)

    def start_over(self, now: float) -> None:
        """Has it read from the oldest record that is left."""
        self.position, self.intact_at, self.is_trimmed = "", now, False

    @property
    def start(self) -> dict[str, Any]:
        """Where an iterator for what comes next begins, as GetShardIterator takes it."""
        if self.position:
            return {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self.position}
        return {"ShardIteratorType": "TRIM_HORIZON"}


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
