"""The change stream of a table, after what DynamoDB Streams promises, and nothing more.

Each change appears once, the changes of one item appear in order; items are spread over shards by
their whole key. Shards split, close and roll over on their own, and records are kept for 24 hours.
"""

# ruff: noqa: N803  # the parameters are named as AWS names them

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from zlib import crc32

from tests.simulation.errors import refusal
from tests.simulation.event_loop import Scheduler, Signal
from tests.simulation.expressions import Item

RETENTION = 24 * 3600
_ITERATOR_LIFE = 15 * 60
_FIRST_NUMBER = 10**24  # sequence numbers have 21 to 40 digits
_HASHES = 1 << 32


@dataclass
class Shard:
    """A part of the stream: the changes of some items, for some time."""

    id: str
    parent: str | None
    low: int  # the hashes of the items whose changes it takes
    high: int
    closes_at: float
    closed_at: float | None = None
    records: list[dict[str, Any]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def trimmed(self, now: float) -> int:
        """How many of its records are older than the stream keeps them."""
        return bisect_left(self.times, now - RETENTION)

    def after(self, number: int) -> int:
        """The place of the first record after a sequence number."""
        return bisect_right(self.numbers, number)

    def is_kept(self, now: float) -> bool:
        """Whether the stream still lists it."""
        return self.closed_at is None or now - self.closed_at < RETENTION


class Streams:
    """The operations on one stream, and the table's end of it.

    Args:
        scheduler: has the time.
        random: decides how shards come and go, and how records are paged.
        changed: fires when a record appears.
        shard_life: about how many seconds a shard takes records.
        shards: how many there are at first.
    """

    def __init__(
        self, scheduler: Scheduler, random: Random, changed: Signal, shard_life: float, shards: int
    ) -> None:
        self.shards: dict[str, Shard] = {}
        self._taking: list[Shard] = []  # those that are open
        self._scheduler = scheduler
        self._random = random
        self._changed = changed
        self._life = shard_life
        self._written = 0
        for part in range(shards):
            self._open(None, part * _HASHES // shards, (part + 1) * _HASHES // shards)

    def append(self, table_keys: tuple[str, str], before: Item, after: Item) -> None:
        """Records a change of an item."""
        if before == after:
            return
        now = self._scheduler.now
        keys = {name: (after or before)[name] for name in table_keys}
        shard = self._shard_for(crc32("/".join(value["S"] for value in keys.values()).encode()))
        self._written += 1
        number = _FIRST_NUMBER + self._written
        change = {
            "Keys": keys,
            "SequenceNumber": str(number),
            "ApproximateCreationDateTime": datetime.fromtimestamp(int(now), UTC),
        }
        change |= {"OldImage": before} if before else {}
        change |= {"NewImage": after} if after else {}
        name = "REMOVE" if not after else "MODIFY" if before else "INSERT"
        shard.records.append({"eventName": name, "dynamodb": change})
        shard.numbers.append(number)
        shard.times.append(now)
        self._changed.fire()

    def kept(self) -> list[Shard]:
        """The shards that the stream lists now."""
        self._turn_over()
        return [shard for shard in self.shards.values() if shard.is_kept(self._scheduler.now)]

    def close(self, shard: Shard, *, split: bool) -> None:
        """Closes a shard; one child or two take its place."""
        shard.closed_at = self._scheduler.now
        self._taking.remove(shard)
        middle = (shard.low + shard.high) // 2 if split else shard.high
        self._open(shard.id, shard.low, middle)
        if split:
            self._open(shard.id, middle, shard.high)

    def describe_stream(self, StreamArn: str, ExclusiveStartShardId: str = "") -> dict[str, Any]:
        """Lists a page of the shards."""
        kept = [shard for shard in self.kept() if shard.id > ExclusiveStartShardId]
        page = kept[: self._random.choice((2, 3, 100))]
        listed = [{"ShardId": s.id} | ({"ParentShardId": s.parent} if s.parent else {}) for s in page]
        description: dict[str, Any] = {"Shards": listed}
        if len(page) < len(kept):
            description["LastEvaluatedShardId"] = page[-1].id
        return {"StreamDescription": description}

    def get_shard_iterator(
        self, StreamArn: str, ShardId: str, ShardIteratorType: str, SequenceNumber: str = ""
    ) -> dict[str, Any]:
        """Gives a place in a shard from which to read."""
        shard = self._find(ShardId, "GetShardIterator")
        first = shard.trimmed(self._scheduler.now)
        place = first
        if ShardIteratorType == "AFTER_SEQUENCE_NUMBER":
            if not SequenceNumber.isdigit():
                raise refusal("ValidationException", "GetShardIterator", "Invalid SequenceNumber")
            place = shard.after(int(SequenceNumber))
            if place <= first and first:
                raise refusal("TrimmedDataAccessException", "GetShardIterator")
        return {"ShardIterator": self._iterator(shard, place)}

    def get_records(self, ShardIterator: str) -> dict[str, Any]:
        """Gives what comes next in a shard: at most 1,000 records, often fewer."""
        shard_id, place_text, issued_at = ShardIterator.split("|")
        now, place = self._scheduler.now, int(place_text)
        if now - float(issued_at) > _ITERATOR_LIFE:
            raise refusal("ExpiredIteratorException", "GetRecords")
        shard = self._find(shard_id, "GetRecords")
        if place < shard.trimmed(now):
            raise refusal("TrimmedDataAccessException", "GetRecords")
        records = shard.records[place : place + self._random.choice((1, 3, 20, 1000, 1000))]
        end = place + len(records)
        answer: dict[str, Any] = {"Records": records}
        if shard.closed_at is None or end < len(shard.records) or self._random.random() < 0.3:
            answer["NextShardIterator"] = self._iterator(shard, end)
        return answer

    def _iterator(self, shard: Shard, place: int) -> str:
        return f"{shard.id}|{place}|{self._scheduler.now!r}"

    def _find(self, shard_id: str, operation: str) -> Shard:
        shard = self.shards.get(shard_id)
        if shard is None or not shard.is_kept(self._scheduler.now):
            raise refusal(
                "ResourceNotFoundException", operation, "Requested resource not found: Shard does not exist"
            )
        return shard

    def _open(self, parent: str | None, low: int, high: int) -> Shard:
        life = self._life * self._random.uniform(0.5, 1.5)
        shard = Shard(
            f"shardId-{len(self.shards):08}", parent, low, high, closes_at=self._scheduler.now + life
        )
        self.shards[shard.id] = shard
        self._taking.append(shard)
        return shard

    def _turn_over(self) -> None:
        """Closes the shards whose time has come."""
        for shard in list(self._taking):
            if shard.closes_at <= self._scheduler.now:
                narrow = shard.high - shard.low < _HASHES // 4
                self.close(shard, split=not narrow and self._random.random() < 0.3)

    def _shard_for(self, item_hash: int) -> Shard:
        self._turn_over()
        return next(shard for shard in self._taking if shard.low <= item_hash < shard.high)
