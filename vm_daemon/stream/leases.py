"""Who reads which shard, and how far each is read: a few items in a table that all readers share.

    worker#<name>   held_by, beats, beat_at               a reader is alive while its beats go on
    shard#<id>      held_by, sequence_number, intact_at   read so far by that reader, if it is alive
    repair          held_by, loss_id                      records were lost; that reader repairs
    stream          checked_at                            when all shards were last known to be in here

Readers are told apart by tokens. A reader has a new token each time it joins, and beats for all its shards
with one small write. The others measure on their own clocks for how long a beat has stood still, so no
clocks are compared; `beat_at`, epoch seconds, is for people. A reader that cannot beat stops reading before
the others take its shards. All it could do after that (a process frozen in the middle of a call) is to read
records that another reads as well, and they are found to be duplicates. Its checkpoint is refused: every
write is on condition of its token.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore.exceptions import ClientError

from models.errors import error_code
from models.storage.schema import RawItem
from vm_daemon.stream.lease_snapshot import LeaseSnapshot, ShardState, Worker

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

log = logging.getLogger("flowtally.consolidate")

FINISHED = "finished"  # in place of a sequence number: the shard is closed and read to its end
_BEATS = 6  # for each lease time; four of them may be missed before the lease ends


class LeaseLost(Exception):
    """This reader was taken for dead, and others may have its shards."""


class Leases:
    """This reader's part of a stream that it shares with others.

    Args:
        dynamodb: a boto3 DynamoDB client.
        table: the table of leases.
        stream_arn: the stream.
        worker: the name of this reader. One that is started again under its name need not wait until its
            predecessor's leases end.
        clock: gives seconds, also through a suspension of the machine.
        lease: seconds within which the shards of a dead reader are taken over.
        now: gives epoch seconds, for people who look at the table.
    """

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        table: str,
        stream_arn: str,
        worker: str,
        clock: Callable[[], float],
        lease: float = 60.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._stream_arn = stream_arn
        self._worker = f"worker#{worker}"
        self._clock = clock
        self._now = now
        self._beat_every = lease / _BEATS
        # The others see a beat up to one interval late, and that the next is missing up to another.
        self._patience = lease - 2 * self._beat_every
        self._beaten_at = -float("inf")
        self._seen: dict[str, tuple[int, float]] = {}  # beats of each token, and since when they are so many
        self.token = ""
        self.snapshot = LeaseSnapshot()

    @property
    def is_due(self) -> bool:
        """Whether it is time for the next beat."""
        return self._clock() >= self._beaten_at + self._beat_every

    @property
    def is_held(self) -> bool:
        """Whether nobody can have taken this reader for dead."""
        return self._clock() < self._beaten_at + self._patience

    @property
    def _others(self) -> set[str]:
        """The tokens of the other readers that are alive."""
        return self.snapshot.workers.keys() - {self.token}

    def renew(self) -> None:
        """Says that this reader is alive, joining if it has not yet.

        Raises:
            LeaseLost: it had been taken for dead; the next beat joins again.
        """
        now = self._clock()
        at = _number(int(self._now()))
        if not self.token:
            self.token = uuid4().hex
            first = {"held_by": _text(self.token), "beats": _number(1), "beat_at": at}
            self._call("put_item", Item=self._key(self._worker) | first)
        elif not self._write(self._worker, "ADD beats :b SET beat_at = :at", {":b": _number(1), ":at": at}):
            self.token = ""
            raise LeaseLost
        self._beaten_at = now

    def renew_if_due(self) -> None:
        """Beats if it is time; for the middle of long work. Raises LeaseLost like `renew`."""
        if self.is_due:
            self.renew()

    def refresh(self) -> None:
        """Reads the table, and removes the readers whose beat has stood still for too long."""
        snapshot = LeaseSnapshot.of(self._items())
        now = self._clock()
        self._seen = {
            token: self._still_since(token, worker, now) for token, worker in snapshot.workers.items()
        }
        for token, worker in list(snapshot.workers.items()):
            _, since = self._seen[token]
            if now - since >= self._patience and self._evict(token, worker):
                del snapshot.workers[token]
        self.snapshot = snapshot

    def add(self, shard: str, now: float) -> None:
        """Notes a shard that nobody saw before."""
        state = ShardState("", int(now), "")
        item = self._key(f"shard#{shard}") | {"intact_at": _number(state.intact_at)}
        self._unless_refused("put_item", Item=item, ConditionExpression="attribute_not_exists(intact_at)")
        self.snapshot.shards.setdefault(shard, state)

    def take(self, shard: str) -> ShardState | None:
        """Takes a shard; None if another has it who is alive, was faster, or has read it to its end."""
        token = self.snapshot.shards[shard].token
        if token in self._others:
            return None
        item = self._take(f"shard#{shard}", "intact_at", token)
        if item is None:
            return None
        state = self.snapshot.shards[shard] = ShardState.of(item)
        return state if state.position != FINISHED else None

    def take_repair(self) -> bool:
        """Takes the repair that is due, unless another who is alive has it."""
        if self.snapshot.repairer in self._others:
            return False
        return self._take("repair", "loss_id", self.snapshot.repairer) is not None

    def save(self, shard: str, position: str, intact_at: int, *, release: bool = False) -> None:
        """Writes how far a shard is read.

        Args:
            shard: one that this reader has.
            position: the last sequence number that is in the statistics, `FINISHED`, or none.
            intact_at: epoch seconds when the stream was last known to hold all that is unread of the shard.
            release: whether this reader gives it up.

        Raises:
            LeaseLost: it has it no more; nothing was written.
        """
        change, values = "SET intact_at = :until", {":until": _number(intact_at)}
        removed = ["held_by"] if release else []
        if position:
            change, values = (
                f"{change}, sequence_number = :position",
                {**values, ":position": _text(position)},
            )
        else:
            removed.append("sequence_number")
        if removed:
            change = f"{change} REMOVE {', '.join(removed)}"
        if not self._write(f"shard#{shard}", change, values):
            raise LeaseLost

    def forget(self, shard: str) -> None:
        """Removes a shard that the stream does not list any more."""
        self._call("delete_item", Key=self._key(f"shard#{shard}"))
        self.snapshot.shards.pop(shard, None)

    def lost_records(self) -> None:
        """Notes that records left the stream before they were read; somebody alive will repair."""
        loss = uuid4().hex
        values = {":loss": _text(loss)}
        self._call("update_item", Key=self._key("repair"), UpdateExpression="SET loss_id = :loss",
                   ExpressionAttributeValues=values)  # fmt: skip
        self.snapshot.loss = loss

    def repaired(self) -> None:
        """Notes that the loss seen before the repair is made good; a later one stays noted."""
        self._unless_refused(
            "delete_item",
            Key=self._key("repair"),
            ConditionExpression="loss_id = :loss",
            ExpressionAttributeValues={":loss": _text(self.snapshot.loss)},
        )
        self.snapshot.loss = ""

    def checked(self, now: float) -> None:
        """Notes that all shards of the stream are in the table."""
        values = {":now": _number(int(now))}
        self._call("update_item", Key=self._key("stream"), UpdateExpression="SET checked_at = :now",
                   ExpressionAttributeValues=values)  # fmt: skip
        self.snapshot.checked = int(now)

    def leave(self) -> None:
        """Gives up everything, so that others take it at once."""
        if self.token:
            self._unless_refused(
                "delete_item",
                Key=self._key(self._worker),
                ConditionExpression="held_by = :token",
                ExpressionAttributeValues={":token": _text(self.token)},
            )
            self.token = ""

    def _items(self) -> Iterator[RawItem]:
        """The items of the stream, all of them as they are now."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="stream_arn = :stream",
            ExpressionAttributeValues={":stream": _text(self._stream_arn)},
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]

    def _still_since(self, token: str, worker: Worker, now: float) -> tuple[int, float]:
        """The beats of a reader, and the time since which there were no more."""
        known = self._seen.get(token)
        return known if known and known[0] == worker.beats else (worker.beats, now)

    def _evict(self, token: str, worker: Worker) -> bool:
        """Removes a dead reader; False if it beat after all."""
        log.warning("reader is dead, its shards are free", extra={"worker": worker.name})
        return self._unless_refused(
            "delete_item",
            Key=self._key(f"worker#{worker.name}"),
            ConditionExpression="held_by = :token AND beats = :beats",
            ExpressionAttributeValues={":token": _text(token), ":beats": _number(worker.beats)},
        )

    def _take(self, name: str, must_have: str, seen: str) -> Mapping[str, Any] | None:
        """Puts this reader's token on an item; None if the item has changed hands, or is gone."""
        unchanged = "held_by = :seen" if seen else "attribute_not_exists(held_by)"
        try:
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key=self._key(name),
                UpdateExpression="SET held_by = :token",
                # An answer may have been lost, and the SDK repeated the call: then the token is there.
                ConditionExpression=f"attribute_exists({must_have}) AND ({unchanged} OR held_by = :token)",
                ExpressionAttributeValues={":token": _text(self.token)}
                | ({":seen": _text(seen)} if seen else {}),
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return None
        return answer["Attributes"]

    def _write(self, item: str, change: str, values: Mapping[str, Any]) -> bool:
        """Changes an item of this reader; False if it is not this reader's any more."""
        return self._unless_refused(
            "update_item",
            Key=self._key(item),
            UpdateExpression=change,
            ConditionExpression="held_by = :token",
            ExpressionAttributeValues={":token": _text(self.token), **values},
        )

    def _unless_refused(self, operation: str, **request: Any) -> bool:
        try:
            self._call(operation, **request)
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def _call(self, operation: str, **request: Any) -> None:
        getattr(self._dynamodb, operation)(TableName=self._table, **request)

    def _key(self, item: str) -> dict[str, Any]:
        return {"stream_arn": _text(self._stream_arn), "item_name": _text(item)}


def _text(value: str) -> dict[str, str]:
    """An attribute value that is a text."""
    return {"S": value}


def _number(value: int) -> dict[str, str]:
    """An attribute value that is a number."""
    return {"N": str(value)}
