"""The second stage on a VM: reads every shard of the stream in the order of its lineage.

    describe the stream ─▶ open shards whose parents are read to their end
          ▲                      │ GetRecords, in turn
          │ a shard closed,      ▼
          └ or a minute passed   stage ─▶ checkpoint

A checkpoint moves only over records that the stage has brought to their end.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from models.errors import FlowtallyError
from vm_daemon.checkpoints import FINISHED, Checkpoints

if TYPE_CHECKING:
    from types_boto3_dynamodbstreams import DynamoDBStreamsClient

log = logging.getLogger("flowtally.consolidate")

# Seconds after which records that nobody read may have left the stream. It keeps them for 24 hours; the
# rest is for clocks that differ, and for shards that are noticed late.
STREAM_RETENTION = 23 * 3600
_DISCOVERY = 60  # seconds between two looks for new shards
_IDLE = 1.0  # seconds between two rounds that brought nothing
_SAVING = 1.0  # seconds between two writes of the checkpoints
_RECOVERY = 2.0  # seconds to wait after a failure


class RecordProcessor(Protocol):
    """The stage that the records are for."""

    def process(self, records: Sequence[Any]) -> int | None: ...


@dataclass
class Shard:
    """A shard that is being read."""

    id: str
    read_until: float  # epoch seconds; its records up to then are in the statistics
    iterator: str | None = None
    due_at: float = 0.0  # epoch seconds from which on it is worth a look


class StreamReader:
    """Reads a stream from where its checkpoints end, alone.

    Args:
        streams: a boto3 DynamoDB Streams client.
        stream_arn: the stream.
        stage: what the records are for.
        checkpoints: where it was left off.
        repair: brings everything in line after records were lost.
        now: gives epoch seconds.
    """

    def __init__(
        self,
        streams: "DynamoDBStreamsClient",
        stream_arn: str,
        stage: RecordProcessor,
        checkpoints: Checkpoints,
        repair: Callable[[], object],
        now: Callable[[], float],
    ) -> None:
        self._streams = streams
        self._stream_arn = stream_arn
        self._stage = stage
        self._checkpoints = checkpoints
        self._repair = repair
        self._now = now
        self._open: dict[str, Shard] = {}
        self._discover_at = 0.0
        self._save_at = 0.0
        self._read_until = checkpoints.read_until  # of all shards, those to come included
        self._repair_due = now() - self._read_until >= STREAM_RETENTION

    def round(self) -> float:
        """Reads once from every open shard that is due.

        Returns:
            Seconds until the next shard is due: none while records flow.
        """
        try:
            if self._now() >= self._discover_at:
                self._discover()
            if self._repair_due:
                self._bring_in_line()
        except (ClientError, BotoCoreError, FlowtallyError) as error:
            log.error("stream not read, trying again", extra={"reason": str(error)})
            return _RECOVERY
        for shard in list(self._open.values()):
            if self._now() >= shard.due_at:
                shard.due_at = self._now() + self._read(shard)
        if self._discover_at:  # no shard has just made room for others
            self._read_until = min((s.read_until for s in self._open.values()), default=self._read_until)
        if self._now() >= self._save_at:
            self.save()
        next_due = min((shard.due_at for shard in self._open.values()), default=self._discover_at)
        return max(0.0, min(next_due, self._discover_at) - self._now())

    def save(self) -> None:
        """Writes the checkpoints; call it at the end, too."""
        if self._repair_due:
            return  # a checkpoint would claim that nothing was lost before it
        self._checkpoints.save(self._read_until)
        self._save_at = self._now() + _SAVING

    def _bring_in_line(self) -> None:
        """Repairs everything; what changes from here on is in the shards about to be read."""
        begun = self._now()
        self._repair()
        self._read_until = begun
        for shard in self._open.values():
            shard.read_until = max(begun, shard.read_until)
        self._repair_due = False

    def _discover(self) -> None:
        """Opens the shards whose parents are read to their end, or are gone from the stream."""
        parents = {shard["ShardId"]: shard.get("ParentShardId") for shard in self._describe()}
        self._checkpoints.forget_all_but(set(parents))
        finished = {shard for shard, at in self._checkpoints.positions.items() if at == FINISHED}
        for shard, parent in parents.items():
            parent_is_read = parent is None or parent not in parents or parent in finished
            if parent_is_read and shard not in finished and shard not in self._open:
                log.info("reading shard", extra={"shard": shard, "parent": parent})
                self._open[shard] = Shard(shard, self._read_until)
        self._discover_at = self._now() + _DISCOVERY

    def _describe(self) -> list[Any]:
        shards: list[Any] = []
        page: dict[str, Any] = {"StreamArn": self._stream_arn}
        while True:
            description = self._streams.describe_stream(**page)["StreamDescription"]
            shards += description["Shards"]
            if not (last := description.get("LastEvaluatedShardId")):
                return shards
            page["ExclusiveStartShardId"] = last

    def _read(self, shard: Shard) -> float:
        """Reads a shard once; gives the seconds to wait before it is worth another look."""
        try:
            shard.iterator = shard.iterator or self._iterator(shard.id)
            asked_at = self._now()
            answer = self._streams.get_records(ShardIterator=shard.iterator)
        except (ClientError, BotoCoreError) as error:
            return self._find_back(shard, error)
        records = answer["Records"]
        failed = self._stage.process(records) if records else None
        done = records if failed is None else records[:failed]
        if done:
            self._checkpoints.positions[shard.id] = done[-1]["dynamodb"]["SequenceNumber"]
        if failed is not None:
            shard.iterator = None  # starts again after the checkpoint
            return _RECOVERY
        if not records:
            self._note_read(shard, asked_at)
        shard.iterator = answer.get("NextShardIterator")
        if shard.iterator is None:
            self._finish(shard)
        return 0.0 if records else _IDLE

    def _note_read(self, shard: Shard, until: float) -> None:
        """Notes that a shard held nothing more at a time.

        A frozen process, or a stage that failed for a day, may have missed what came and went since the
        last time. Where nothing was read from a shard before, no error of the stream tells that.
        """
        if until - shard.read_until >= STREAM_RETENTION:
            self._repair_due = True
        shard.read_until = until

    def _iterator(self, shard: str) -> str:
        position = self._checkpoints.positions.get(shard)
        start: dict[str, Any] = {"ShardIteratorType": "TRIM_HORIZON"}
        if position:
            start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": position}
        answer = self._streams.get_shard_iterator(StreamArn=self._stream_arn, ShardId=shard, **start)
        return answer["ShardIterator"]

    def _find_back(self, shard: Shard, error: ClientError | BotoCoreError) -> float:
        """Prepares to go on in a shard whose iterator or records went away, or that did not answer."""
        shard.iterator = None
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        if code == "ExpiredIteratorException":
            return 0.0
        log.error("shard not read", extra={"shard": shard.id, "reason": str(error)})
        if code == "TrimmedDataAccessException":
            self._checkpoints.positions.pop(shard.id, None)
            self._repair_due = True  # records left the stream before they were read
        elif code == "ResourceNotFoundException":
            del self._open[shard.id]
            self._discover_at = 0.0
            self._repair_due = True
        return _RECOVERY

    def _finish(self, shard: Shard) -> None:
        """Notes that a closed shard is read to its end, so that its children may be read."""
        log.info("shard read to its end", extra={"shard": shard.id})
        self._checkpoints.positions[shard.id] = FINISHED
        del self._open[shard.id]
        self._discover_at = 0.0
