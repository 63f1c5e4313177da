"""Readers of one stream on a bench: a simulated stream, a table of leases, and a clock that tests turn."""

from collections.abc import Callable, Sequence
from typing import Any

from tests.streams import Clock, FakeStreams, LeaseTable
from tests.support import Shown
from vm_daemon.report import Report
from vm_daemon.stream_reader import StreamReader
from vm_daemon.systemd import StartDelay


class Stage:
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
        self.stage = Stage()
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


def numbers(shard: str, first: int, last: int) -> list[tuple[str, int]]:
    """Records of a shard, as `Stage` notes them."""
    return [(shard, number) for number in range(first, last + 1)]
