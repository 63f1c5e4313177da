"""One simulated deployment: services, network, people's ledger, and production code connected to them."""

import json
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import Any
from urllib.parse import quote_plus

from greenlet import getcurrent

from handlers.consolidating.stage import Consolidator
from handlers.summarizing.stage import Summarizer
from models.storage.daily_totals import DailyTotalsStore
from models.storage.file_records import FilesTable
from models.storage.pair_statistics import PairStatisticsStore
from tests.simulation import faults as kinds
from tests.simulation.applied import Applied
from tests.simulation.connections import Body, Connection, Network, Trace
from tests.simulation.dynamodb import DynamoDB, Table, item_bytes, write_units
from tests.simulation.event_loop import Process, Scheduler, Signal, TasksForEach
from tests.simulation.expressions import Item
from tests.simulation.faults import Faults
from tests.simulation.ledger import Ledger
from tests.simulation.s3 import S3, Object
from tests.simulation.sqs import SQS
from tests.simulation.streams import Streams
from tests.simulation.traffic import SOURCE_KEY, Content, PairWeekKey

START = 1_669_600_000.0  # epoch seconds: 28 November 2022
BUCKET, QUEUE, STREAM = "bucket", "queue", "stream"
DAILY, STATISTICS, FILES, LEASES = "DailyTotals", "PairStatistics", "Files", "Leases"


class World:
    """Everything that a schedule happens in.

    Args:
        seed: decides everything.
        faults: what goes wrong.
        shard_life: about how many seconds a shard takes records.
        trace: is told of every call.
    """

    def __init__(self, seed: str, faults: Faults, shard_life: float, trace: Trace | None = None) -> None:
        self.random = Random(f"{seed} world")
        self.pair_days = Random(f"{seed} passes").choice(
            (2, 5, 1000)
        )  # of a file in hand, before it is parted
        self.faults = faults
        self.scheduler = Scheduler(Random(f"{seed} order"), START)
        self.violations: list[str] = []
        self.spoilt: set[str] = set()  # pairs of which no statistics can be computed
        self.mended: dict[str, tuple[int, ...]] = {}  # what those of others must be, who were spoilt before
        self.ledger = Ledger()
        self.applied = Applied()
        self.processes: list[Process] = []
        self.trace = trace or (lambda name, text: None)
        clock = partial(getattr, self.scheduler, "now")
        services = Random(f"{seed} services")
        self.records_came = Signal(self.scheduler, services)
        self.messages_came = Signal(self.scheduler, services)
        self.network = Network(self.scheduler, Random(f"{seed} network"), faults, trace)
        self.daily = Table(("k", "t"), self._on_daily)
        self.statistics = Table(("src", "dst"), self._on_statistics)
        self.files = Table(("branch", "key"))
        self.leases = Table(("stream_arn", "item_name"))
        tables = {DAILY: self.daily, STATISTICS: self.statistics, FILES: self.files, LEASES: self.leases}
        self.dynamodb = DynamoDB(tables, services, clock, partial(faults.happens, kinds.UNREAD))
        self.streams = Streams(
            self.scheduler, services, self.records_came, shard_life, shards=self.random.choice((1, 2, 4))
        )
        self.sqs = SQS(self.scheduler, services, self.messages_came, partial(faults.happens, kinds.TWICE))
        self.s3 = S3(services, clock, self._body, self._on_deleted)
        self._services = {"s3": self.s3, "sqs": self.sqs, "dynamodb": self.dynamodb, "streams": self.streams}

    # What people do to the bucket.

    def upload(self, key: str, content: Content, notice: float) -> None:
        """Somebody uploads a file; S3 tells the queue a little later, perhaps twice.

        What was retracted is not uploaded again while a request of the retraction may still arrive.
        """
        if self.ledger.claims[content.digest].was_retracted and self.network.late_until > self.scheduler.now:
            self.scheduler.at(self.network.late_until + 1, lambda: self.upload(key, content, notice))
            return
        self.trace("people", f"upload {key}, file {content.digest[:4].hex()}")
        self.ledger.upload(key, content)
        self.s3.store(key, content.stored)
        self.notify(key, notice)
        if self.faults.happens(kinds.TWICE):
            self.notify(key, notice + self.random.choice((0, 5, 4000)))

    def notify(self, key: str, delay: float) -> None:
        """Puts a notification of S3 into the queue."""
        record = {"s3": {"bucket": {"name": BUCKET}, "object": {"key": quote_plus(key, safe="/")}}}
        self.sqs.send(json.dumps({"Records": [record]}), delay)

    def withdraw(self, key: str) -> None:
        """Somebody deletes an object."""
        if key in self.s3.objects:
            self.trace("people", f"delete {key}")
            self.ledger.withdraw(key)
            del self.s3.objects[key]

    def is_in_work(self, digest: bytes) -> bool:
        """Whether a content may still be added by somebody: from the bucket, from memory, or late."""
        waiting = (self.ledger.stored[found.content].digest for key, found in self.incoming().items())
        held = (held for process in self.processes if process.alive for held in process.hands)
        return digest in {*waiting, *held} or self.network.late_until > self.scheduler.now

    def incoming(self) -> dict[str, Object]:
        """The objects that wait to be counted."""
        return {key: found for key, found in self.s3.objects.items() if key.startswith("incoming/")}

    # Production code in a process.

    def skew(self) -> float:
        """By how many seconds the clock of a machine is wrong."""
        seconds = self.random.choice((0, 1, 1, 300, 300, 300, 300, 5 * 3600))  # mostly as in practice
        return self.random.uniform(-seconds, seconds)

    def process(
        self, name: str, on_death: Callable[[], None] = lambda: None, skew: float | None = None
    ) -> Process:
        """A new process; without a machine of its own it comes with another clock each time."""
        skew = self.skew() if skew is None else skew
        self.processes = [process for process in self.processes if process.alive]
        process = Process(name, skew=skew, on_death=on_death)
        self.processes.append(process)
        return process

    def connect(self, process: Process, service: str) -> Any:
        """A client of a service."""
        return Connection(self.network, process, service, self._services[service])

    def now(self, process: Process) -> Callable[[], float]:
        """The clock of a process."""
        return lambda: self.scheduler.now + process.skew

    def stores(self, process: Process) -> tuple[DailyTotalsStore, PairStatisticsStore]:
        """The two storage operations."""
        dynamodb = self.connect(process, "dynamodb")
        daily_totals = DailyTotalsStore(dynamodb, DAILY)
        return daily_totals, PairStatisticsStore(dynamodb, STATISTICS, daily_totals)

    def summarizer(self, process: Process) -> Summarizer:
        """The first stage."""
        return Summarizer(
            s3=self.connect(process, "s3"),
            daily_totals=self.stores(process)[0],
            files=FilesTable(self.connect(process, "dynamodb"), FILES),
            address_scope="enterprise",
            source_key=SOURCE_KEY,
            now=self.now(process),
            for_each=self._for_each(process),
            pair_days=self.pair_days,
        )

    def consolidator(self, process: Process) -> Consolidator:
        """The second stage."""
        return Consolidator(self.stores(process)[1], self._for_each(process))

    def heartbeat(self, process: Process) -> Any:
        """Stands in for `vm_daemon.heartbeat`: another task of the process."""

        @contextmanager
        def heartbeat(beat: Callable[[], object], interval: float) -> Any:
            over: list[bool] = []

            def keep_beating() -> None:
                while True:
                    self.scheduler.sleep(interval)
                    if over:
                        return
                    beat()

            self.scheduler.spawn(process, keep_beating)
            try:
                yield
            finally:
                over.append(True)

        return heartbeat

    def _for_each(self, process: Process) -> TasksForEach:
        return TasksForEach(self.scheduler, process, self.random.choice((1, 1, 3)))

    def _body(self, content: bytes) -> Body:
        reader = getattr(getcurrent(), "process", None)
        if reader is not None and (known := self.ledger.stored.get(content)):
            reader.hands.add(known.digest)
        is_torn = reader is not None and self.faults.happens(kinds.TORN)
        return Body(content, lambda: self.scheduler.sleep(self.random.random() * 0.05), is_torn)

    # What is watched all the time.

    def _on_daily(self, before: Item, after: Item) -> None:
        self.streams.append(self.daily.keys, before, after)
        self.applied.week_changed(*self.daily.key_of(after or before), after)

    def _on_statistics(self, before: Item, after: Item) -> None:
        units = max(write_units(before) if before else 1, write_units(after))
        if units > 1:
            self.violations.append(f"an update of statistics took {units} write units")
        pair = ">".join(self.statistics.key_of(after))
        is_rebuild = self.statistics.is_replacing
        self.violations += self.applied.written(pair, before, after, is_rebuild=is_rebuild)

    def _on_deleted(self, key: str, found: Object) -> None:
        """A worker deleted an object: what it held must be safe elsewhere."""
        content = self.ledger.stored.get(found.content)
        elsewhere = (kept.content for kept in self.incoming().values())
        if content is None or not key.startswith("incoming/") or content.stored in elsewhere:
            return
        if content.is_bad:
            if found.content not in (kept.content for kept in self.s3.objects.values()):
                self.violations.append(f"source lost unread: {key} is neither in incoming/ nor in rejected/")
        elif content.digest not in self.ledger.retracting:
            self._on_counted(key, content)

    def _on_counted(self, key: str, content: Content) -> None:
        """A worker is done with a file: it is in every item, or in rejected/ with the reason."""
        reasons = {
            kept.metadata.get("reason", "")
            for at, kept in self.s3.objects.items()
            if at.startswith("rejected/") and kept.content == content.stored
        }
        is_full = any("are full" in reason for reason in reasons)  # or else its runs were cut off
        if reasons:
            self.ledger.partly.add(content.digest)
        for week, days in content.weeks.items():
            item = self.daily.get(week)
            if content.source in item.get("s", {}).get("BS", ()):
                continue
            if self.ledger.must_hold(content.digest, week):
                self.violations.append(f"source lost unread: {key} deleted before {week} was counted")
            elif self.ledger.is_plain and is_full and self._has_room(week, item, len(days)):
                self.violations.append(f"source lost unread: {key} set aside, though {week} has room")
            else:
                continue
            return

    def _has_room(self, week: PairWeekKey, item: Item, days: int) -> bool:
        """Whether an item, or one to be, certainly takes one more file: a day has at most 30 bytes."""
        pair, monday = week
        taken = item_bytes(item or {"k": {"S": pair}, "t": {"S": monday}})
        return taken + days * 30 + 60 + 8 <= self.daily.largest
