"""Small stand-ins for DynamoDB and its Streams, for what no engine does on demand: shards that close, split,
expire and lose records, and clocks that tests turn."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from botocore.exceptions import ClientError

from tests.helpers.stand_ins import Clock, Shown
from tests.simulation.dynamodb import DynamoDB, Table
from vm_daemon.report import Report
from vm_daemon.start_delay import StartDelay
from vm_daemon.stream.leases import Leases
from vm_daemon.stream.stream_reader import StreamReader

STREAM, LEASES = "arn:stream", "leases"


class LeaseTable:
    """The table of leases in memory, with the conditions of the real one."""

    def __init__(self, clock: Clock) -> None:
        self.table = Table(("stream_arn", "item_name"))
        self._dynamodb = DynamoDB({LEASES: self.table}, Random(0), clock, lambda: False)
        self.is_cut = False

    def __getattr__(self, operation: str) -> Any:
        if self.is_cut:
            raise refused("RequestTimeout")
        return getattr(self._dynamodb, operation)

    def get_paginator(self, operation: str) -> "LeaseTable":
        assert operation == "query"
        return self

    def paginate(self, **request: Any) -> Iterator[Any]:
        page = self.query(**request)
        yield page
        while "LastEvaluatedKey" in page:
            page = self.query(**request, ExclusiveStartKey=page["LastEvaluatedKey"])
            yield page

    def leases(self, worker: str, clock: Callable[[], float], lease: float = 60) -> Leases:
        """A reader's part of it."""
        return Leases(self, LEASES, STREAM, worker, clock, lease, now=clock)  # type: ignore[arg-type]

    def item(self, name: str) -> dict[str, Any]:
        """What an item holds."""
        return self.table.get((STREAM, name))


@dataclass
class FakeShard:
    """A shard: its records are the sequence numbers from `first` on."""

    parent: str | None = None
    count: int = 0
    trimmed: int = 0  # how many of them are gone
    is_closed: bool = False


class FakeStreams:
    """A stream of shards as a test arranges them."""

    def __init__(self, **shards: FakeShard) -> None:
        self.shards = shards
        self.page = 1000  # records a call
        self.calls = 0
        self._issued = self._expired = 0  # iterators

    def expire_iterators(self) -> None:
        """Fifteen minutes pass for all iterators that were given so far."""
        self._expired = self._issued

    def describe_stream(self, **request: Any) -> Any:
        """One shard a page."""
        names = [name for name in sorted(self.shards) if name > request.get("ExclusiveStartShardId", "")]
        page = [{"ShardId": name, "ParentShardId": self.shards[name].parent} for name in names[:1]]
        shards = [{key: value for key, value in shard.items() if value} for shard in page]
        more = {"LastEvaluatedShardId": names[0]} if len(names) > 1 else {}
        return {"StreamDescription": {"Shards": shards, **more}}

    def get_shard_iterator(self, **request: Any) -> Any:
        shard = self._shard(request["ShardId"])
        at = int(request.get("SequenceNumber", shard.trimmed))
        if at < shard.trimmed:
            raise refused("TrimmedDataAccessException")
        return {"ShardIterator": self._issue(request["ShardId"], at)}

    def get_records(self, **request: Any) -> Any:
        self.calls += 1
        name, at, number = request["ShardIterator"].split()
        if int(number) <= self._expired:
            raise refused("ExpiredIteratorException")
        shard = self._shard(name)
        end = min(int(at) + self.page, shard.count)
        numbers = range(max(int(at), shard.trimmed) + 1, end + 1)
        records = [{"shard": name, "dynamodb": {"SequenceNumber": str(number)}} for number in numbers]
        is_over = shard.is_closed and end == shard.count
        return {"Records": records} | ({} if is_over else {"NextShardIterator": self._issue(name, end)})

    def _issue(self, shard: str, at: int) -> str:
        self._issued += 1
        return f"{shard} {at} {self._issued}"

    def _shard(self, name: str) -> FakeShard:
        if name not in self.shards:
            raise refused("ResourceNotFoundException")
        return self.shards[name]


def refused(code: str) -> ClientError:
    """The error that a service answers with."""
    return ClientError({"Error": {"Code": code, "Message": ""}}, "Call")


class NotingStage:
    """Notes what it is given; fails from a record on if told to."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []
        self.fails_at: tuple[str, int] | None = None
        self.takes: Callable[[], None] = lambda: None
        self.batches: list[int] = []

    def process(self, records: Sequence[Any]) -> int | None:
        self.takes()
        self.batches.append(len(records))
        for place, record in enumerate(records):
            name, number = record["shard"], int(record["dynamodb"]["SequenceNumber"])
            if (name, number) == self.fails_at:
                return place
            self.seen.append((name, number))
        return None


class Bench:
    """Readers of one stream, and the time they live in."""

    def __init__(self, streams: FakeStreams) -> None:
        self.streams = streams
        self.clock = Clock()
        self.table = LeaseTable(self.clock)
        self.stage = NotingStage()
        self.repairs = 0
        self.shown = Shown()
        self.said_before_repair: list[str] = []

    def reader(self, name: str = "one", **watching: Any) -> StreamReader:
        def repair() -> None:
            self.said_before_repair = list(self.shown.said)
            self.repairs += 1

        return StreamReader(
            self.streams,  # type: ignore[arg-type]
            "arn:stream",
            self.stage,
            self.table.leases(name, self.clock),
            repair,
            self.clock,
            Report(self.shown, StartDelay(None), "records"),
            **watching,
        )

    def pass_time(self, seconds: float, *readers: StreamReader) -> None:
        """Lets readers work through a time, each as often as it wants to."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            pauses = [reader.round() for reader in readers]
            self.clock.now += max(0.01, min(pauses, default=seconds))

    def holders(self) -> list[str]:
        """Who has each shard, by the table."""
        items = {item["item_name"]["S"]: item for item in self.table.table.items()}
        workers = {
            item["held_by"]["S"]: name.removeprefix("worker#")
            for name, item in items.items()
            if name.startswith("worker#")
        }
        return [
            workers.get(item.get("held_by", {}).get("S", ""), "-")
            for name, item in sorted(items.items())
            if name.startswith("shard#")
        ]
