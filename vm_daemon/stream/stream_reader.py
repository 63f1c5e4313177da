"""The second stage on a VM: reads this reader's share of a stream parents before their children.

    renew, read the leases ─▶ describe the stream ─▶ take free shards whose parents are read, give up
          ▲                                          what is more than a fair share
          │ every ten seconds,                            │
          └ or a shard closed ◀─ checkpoints ◀─ stage ◀─ GetRecords, in turn

A checkpoint moves only over records that the stage has brought to their end.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from models.errors import FlowtallyError, error_code
from vm_daemon.report import Report, Unwatched
from vm_daemon.stopping import Stop
from vm_daemon.stream.leases import FINISHED, LeaseLost, Leases
from vm_daemon.stream.shards import UNREAD, Parents, Shard, fair_share, parents_of, readable

if TYPE_CHECKING:
    from types_boto3_dynamodbstreams import DynamoDBStreamsClient

log = logging.getLogger("flowtally.consolidate")

_NOTE = 600  # seconds between two notes of what was read, where no record tells
_DISCOVERY = 60  # seconds between two looks for new shards
_IDLE = 1.0  # seconds between two reads of a shard that brought nothing
_RECOVERY = 2.0  # seconds to wait after a failure
_FULL_PAGE = 500  # records in an answer that tell of a backlog; a page has 1,000 at the most, or 1 MB
_BATCH = 4000  # records in a batch, give or take a page


class RecordProcessor(Protocol):
    """The stage that the records are for."""

    def process(self, records: Sequence[Any]) -> int | None: ...


class StreamReader:
    """Reads a stream from where it was left off, together with other readers.

    Args:
        streams: a boto3 DynamoDB Streams client.
        stream_arn: the stream.
        stage: what the records are for.
        leases: who reads what, from where.
        repair: brings everything in line after records were lost.
        now: gives epoch seconds.
        report: is told how it goes.
        check: raises what keeps the stage from working; called until it does not.
    """

    def __init__(
        self,
        streams: "DynamoDBStreamsClient",
        stream_arn: str,
        stage: RecordProcessor,
        leases: Leases,
        repair: Callable[[], object],
        now: Callable[[], float],
        report: Report | None = None,
        check: Callable[[], object] = lambda: None,
    ) -> None:
        self._streams = streams
        self._stream_arn = stream_arn
        self._stage = stage
        self._leases = leases
        self._repair = repair
        self._now = now
        self._report = report or Unwatched()
        self._check = check
        self._is_checked = False
        self._parents: Parents = {}
        self._mine: dict[str, Shard] = {}
        self._discover_at = 0.0

    def run(self, stop: Stop) -> None:
        """Works until it is told to stop, then hands over."""
        try:
            while not stop.requested:
                pause = self.round()
                with stop.waiting():
                    time.sleep(pause)
        finally:
            self.leave()

    def round(self) -> float:
        """Keeps the leases, and reads once from every shard that is due.

        Returns:
            Seconds until there is something to do: none while records flow.
        """
        try:
            if self._leases.is_due or self._now() >= self._discover_at:
                self._keep_up()
        except LeaseLost:
            log.warning("taken for dead, joining again")
            self._mine.clear()
            return 0.0
        except NoCredentialsError:
            raise  # a client that was made without them never gets any
        except (ClientError, BotoCoreError, FlowtallyError) as error:
            log.error("stream not read, trying again", extra={"reason": str(error)})
            self._report.trouble(f"trying again: {error}")
            if not self._leases.is_held:
                return _RECOVERY
        else:
            if not self._mine:
                self._report.reached("no shards")
        for shard in list(self._mine.values()):
            if self._now() >= shard.due_at and self._leases.is_held:
                shard.due_at = self._now() + self._attempt(shard)
        return max(0.0, min((shard.due_at - self._now() for shard in self._mine.values()), default=_IDLE))

    def leave(self) -> None:
        """Saves the checkpoints and gives up everything; call it at the end."""
        try:
            self._save()
            self._leases.leave()
        except LeaseLost:
            log.warning("taken for dead, nothing to hand over")
        except (ClientError, BotoCoreError) as error:
            log.error("shards not handed over, others take them later", extra={"reason": str(error)})

    def _keep_up(self) -> None:
        """Renews the leases, takes and gives up shards, and repairs if records were lost."""
        if not self._is_checked:
            self._check()
            self._is_checked = True
        self._leases.renew()
        self._save()
        self._leases.refresh()
        snapshot = self._leases.snapshot
        if self._now() >= self._discover_at or not snapshot.shards.keys() <= self._parents.keys():
            self._discover()
        self._share()
        if snapshot.loss and self._leases.take_repair():
            # It may take longer than a start may, and all that is needed for the work has answered.
            self._report.reached("repairing")
            # After the discovery: what changes from here on is in shards that are about to be read.
            self._repair()
            self._leases.repaired()

    def _save(self) -> None:
        for shard in self._mine.values():
            position, intact_at = shard.saved
            if shard.position != position or shard.intact_at - intact_at >= _NOTE:
                self._leases.save(shard.id, shard.position, int(shard.intact_at))
                shard.saved = shard.position, shard.intact_at

    def _discover(self) -> None:
        """Brings the table in line with what the stream lists."""
        self._parents = parents_of(self._streams, self._stream_arn)
        snapshot, now = self._leases.snapshot, self._now()
        if abs(now - snapshot.checked) >= UNREAD:
            self._miss_shards(snapshot.checked)
        for gone in snapshot.shards.keys() - self._parents.keys():
            if snapshot.shards[gone].position != FINISHED:
                self._miss_records(gone, "the shard is gone before it was read to its end")
            self._leases.forget(gone)
            self._mine.pop(gone, None)
        for new in self._parents.keys() - snapshot.shards.keys():
            self._leases.add(new, now)
        if abs(now - snapshot.checked) >= _NOTE:
            self._leases.checked(now)
        self._discover_at = now + _DISCOVERY

    def _miss_shards(self, checked: int) -> None:
        """Has all repaired, as shards may have come and gone since the stream was last described."""
        if checked:
            self._miss_records("any", "no reader looked for shards for too long")
        else:
            log.info("stream never read before, comparing all statistics")
            self._leases.lost_records()

    def _miss_records(self, shard: str, reason: str) -> None:
        """Has all repaired, as records were lost, or may have been."""
        log.error("records left the stream before they were read", extra={"shard": shard, "reason": reason})
        self._leases.lost_records()

    def _share(self) -> None:
        """Gives up what is more than a fair share, takes what is less of it from what is free."""
        snapshot = self._leases.snapshot
        finished = {shard for shard, state in snapshot.shards.items() if state.position == FINISHED}
        active = [shard for shard in readable(self._parents, finished) if shard in snapshot.shards]
        share = fair_share(len(active), len(snapshot.workers))
        for shard in list(self._mine.values())[share:]:
            log.info("shard given up to another reader", extra={"shard": shard.id})
            self._leases.save(shard.id, shard.position, int(shard.intact_at), release=True)
            del self._mine[shard.id]
        for name in active:
            if len(self._mine) < share and name not in self._mine and (state := self._leases.take(name)):
                log.info("reading shard", extra={"shard": name, "parent": self._parents[name]})
                self._mine[name] = Shard.taken(name, state)

    def _attempt(self, shard: Shard) -> float:
        """Reads a shard once; gives the seconds to wait before it is worth another look."""
        try:
            return self._read(shard)
        except LeaseLost:
            log.warning("shard was taken over", extra={"shard": shard.id})
            del self._mine[shard.id]
            return _RECOVERY
        except (ClientError, BotoCoreError) as error:
            return self._recover(shard, error)

    def _read(self, shard: Shard) -> float:
        if shard.is_empty:
            self._miss_records(shard.id, "the stream has nothing left of the shard")
            self._finish(shard)
            return 0.0
        asked_at = self._now()
        records = self._next_records(shard)
        failed = self._stage.process(records) if records else None
        done = records if failed is None else records[:failed]
        if done:
            shard.position = done[-1]["dynamodb"]["SequenceNumber"]
            self._report.done(len(done), self._lag(done[-1]))
        if failed is not None:
            shard.iterator = None  # starts again after the checkpoint
            self._report.lagging(self._lag(records[failed]))
            self._report.trouble("trying again: a record is not consolidated, see the journal")
            return _RECOVERY
        self._report.reached(f"{len(self._mine)} shards")
        if not records:
            shard.intact_at = asked_at
        if shard.iterator is None:
            self._finish(shard)
        return 0.0 if records else _IDLE

    def _next_records(self, shard: Shard) -> list[Any]:
        """What comes next: of a backlog several pages, so that many changes of a pair fall into one write."""
        shard.iterator = shard.iterator or self._open_iterator(shard)
        records: list[Any] = []
        while True:
            answer = self._streams.get_records(ShardIterator=shard.iterator)
            records += answer["Records"]
            shard.iterator = answer.get("NextShardIterator")
            is_backlog = len(answer["Records"]) >= _FULL_PAGE and len(records) < _BATCH
            if not (is_backlog and shard.iterator):
                return records

    def _finish(self, shard: Shard) -> None:
        """Notes that a closed shard is read to its end, so that its children may be read."""
        self._leases.save(shard.id, FINISHED, int(shard.intact_at), release=True)
        log.info("shard read to its end", extra={"shard": shard.id})
        del self._mine[shard.id]
        self._discover_at = 0.0

    def _lag(self, record: Any) -> float:
        created = record["dynamodb"].get("ApproximateCreationDateTime")
        return self._now() - created.timestamp() if created else 0.0

    def _open_iterator(self, shard: Shard) -> str:
        """An iterator for what comes next; if records may be lost, for the oldest that is left."""
        if shard.may_lack_records(self._now()):
            self._miss_records(shard.id, "the shard was not read for too long")
            shard.start_over(self._now())
            self._discover_at = 0.0  # where the repair is begun
        answer = self._streams.get_shard_iterator(StreamArn=self._stream_arn, ShardId=shard.id, **shard.start)
        return answer["ShardIterator"]

    def _recover(self, shard: Shard, error: ClientError | BotoCoreError) -> float:
        """Takes in why a shard could not be read; gives the seconds to wait before the next attempt."""
        shard.iterator = None
        code = error_code(error) if isinstance(error, ClientError) else ""
        if code == "ExpiredIteratorException":
            return 0.0
        log.error("shard not read", extra={"shard": shard.id, "reason": str(error)})
        self._report.trouble(f"trying again: {error}")
        # DynamoDB Local lists shards of which nothing is left; their children wait for them to be read.
        is_closed = shard.id in self._parents.values()
        if code == "TrimmedDataAccessException":
            shard.is_trimmed, shard.is_empty = True, is_closed and not shard.position
        elif code == "ResourceNotFoundException":
            shard.is_empty = is_closed
            self._discover_at = 0.0
        return _RECOVERY
