"""The daemon on VMs: production pollers in processes that crash and are started again."""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError

from handlers.consolidating.repair import repair_all
from tests.simulation import faults as kinds
from tests.simulation.event_loop import Process
from tests.simulation.world import LEASES, QUEUE, STREAM, World
from vm_daemon.queue_poller import QueuePoller
from vm_daemon.stopping import Stop
from vm_daemon.stream import leases
from vm_daemon.stream.leases import FINISHED, Leases
from vm_daemon.stream.stream_reader import StreamReader

_LONGEST_IDLE = 4 * 3600  # seconds


def seed_tokens(world: World) -> None:
    """Has the readers draw their tokens from the seed."""
    leases.uuid4 = lambda: UUID(int=world.random.getrandbits(128))  # type: ignore[attr-defined]


class RestartedDaemon:
    """A daemon under systemd: it is started again when it dies."""

    def __init__(self, world: World, name: str, run: Callable[[Process], None]) -> None:
        self._world = world
        self._name = name
        self._run = run
        self._skew = world.skew()
        self._start()

    def _start(self) -> None:
        process = self.process = self._world.process(self._name, self._start_again, self._skew)
        self._world.scheduler.spawn(process, lambda: self._run(process), after=self._world.random.random())

    def _start_again(self) -> None:
        delay = self._world.random.choice((1, 5, 60, 7200, 100_000))
        self._world.scheduler.at(self._world.scheduler.now + delay, self._start)


def queue_daemon(world: World, name: str) -> RestartedDaemon:
    """`flowtally-daemon summarize` on a VM."""

    def run(process: Process) -> None:
        QueuePoller(
            world.connect(process, "sqs"),
            QUEUE,
            world.summarizer(process),
            Stop(),
            heartbeat=world.heartbeat(process),
            sleep=world.scheduler.sleep,
        ).run()

    return RestartedDaemon(world, name, run)


class StreamDaemon:
    """`flowtally-daemon consolidate` on a VM, which shares the stream with the others."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._lag = world.random.choice((0, 0, 1, 60, 900))  # seconds before it looks at what is new
        self._lease = world.random.choice((10, 60))
        self.daemon = RestartedDaemon(world, name, self._run)

    def _run(self, process: Process) -> None:
        world = self._world
        failed_before = -1
        reader = self._reader(process)
        while True:
            failed, begun = process.failed_calls, world.scheduler.now
            pause = reader.round()
            if world.faults.happens(kinds.STOPPED):
                with suppress(ClientError, BotoCoreError):  # the others will find out by themselves
                    reader.leave()
                reader = self._reader(process)
            elif world.statistics.closed_until > world.scheduler.now:  # a slow machine, to save time
                world.scheduler.sleep(world.random.uniform(1, _LONGEST_IDLE))
            elif failed_before != process.failed_calls or world.scheduler.now - begun > 60 or unread(world):
                # After a round that was frozen, nothing unread may mean that it has left the stream.
                world.scheduler.sleep(pause * world.random.choice((1, 1, 10)) + 0.001)
            else:  # a slow reader may sleep longer than it is told to
                world.records_came.wait(None if world.faults.healed else self._idle_time())
                world.scheduler.sleep(self._lag * world.random.random())
            failed_before = failed

    def _reader(self, process: Process) -> StreamReader:
        world = self._world
        stores = world.stores(process)
        shared = Leases(
            world.connect(process, "dynamodb"),
            LEASES,
            STREAM,
            process.name,
            clock=lambda: world.scheduler.now,
            lease=self._lease,
            now=world.now(process),
        )
        return StreamReader(
            world.connect(process, "streams"),
            STREAM,
            world.consolidator(process),
            shared,
            repair=lambda: repair_all(stores[1]),
            now=world.now(process),
        )

    def _idle_time(self) -> float:
        return self._world.random.uniform(1, _LONGEST_IDLE)


def positions(world: World) -> dict[str, str]:
    """How far each shard is read, as the readers on VMs have noted."""
    items = {item["item_name"]["S"]: item for item in world.leases.items()}
    return {
        name.removeprefix("shard#"): item["sequence_number"]["S"]
        for name, item in items.items()
        if name.startswith("shard#") and "sequence_number" in item
    }


def unread(world: World) -> bool:
    """Whether the stream holds records that no reader on a VM has noted as read."""
    read, now = positions(world), world.scheduler.now
    for shard in world.streams.kept():
        at = read.get(shard.id, "0")
        is_over = at == FINISHED or shard.trimmed(now) == len(shard.records)
        if not is_over and int(at) < shard.numbers[-1]:
            return True
    return False
