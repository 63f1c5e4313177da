"""The daemon on VMs: production pollers in processes that crash and are started again."""

from collections.abc import Callable
from typing import Any

from handlers.repair import repair_all
from tests.simulation import faults as kinds
from tests.simulation.scheduler import Process
from tests.simulation.world import QUEUE, STREAM, World
from vm_daemon.checkpoints import FINISHED, Checkpoints
from vm_daemon.queue_poller import QueuePoller
from vm_daemon.stopping import Stop
from vm_daemon.stream_reader import StreamReader

_LONGEST_IDLE = 4 * 3600  # seconds


class MemoryFile:
    """As much of a `Path` as `Checkpoints` uses; its content outlives the process."""

    def __init__(self) -> None:
        self.content: bytes | None = None
        self.older: bytes | None = None

    def read_bytes(self) -> bytes:
        if self.content is None:
            raise FileNotFoundError
        return self.content

    def write_bytes(self, content: bytes) -> None:
        self.content = content

    def with_suffix(self, _suffix: str) -> "MemoryFile":
        return MemoryFile()

    def replace(self, target: "MemoryFile") -> None:
        target.older = target.older or target.content
        target.content = self.content


class Machine:
    """A daemon under systemd: it is started again when it dies."""

    def __init__(self, world: World, name: str, run: Callable[[Process], None]) -> None:
        self._world = world
        self._name = name
        self._run = run
        self._skew = world.skew()
        self.process = self._start()

    def _start(self) -> Process:
        process = self.process = self._world.process(self._name, self._start_again, self._skew)
        self._world.scheduler.spawn(process, lambda: self._run(process), after=self._world.random.random())
        return process

    def _start_again(self) -> None:
        delay = self._world.random.choice((1, 5, 60, 7200, 100_000))
        self._world.scheduler.at(self._world.scheduler.now + delay, self._start)


def queue_machine(world: World, name: str) -> Machine:
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

    return Machine(world, name, run)


class StreamMachine:
    """`flowtally-daemon consolidate` on a VM with a disk."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._lag = world.random.choice((0, 0, 1, 60, 900))  # seconds before it looks at what is new
        self.disk = MemoryFile()
        self.machine = Machine(world, name, self._run)

    def _run(self, process: Process) -> None:
        world, disk = self._world, self.disk
        if disk.content and world.faults.happens(kinds.RESTORED):
            disk.content = world.random.choice((None, disk.older))
        path: Any = disk
        checkpoints = Checkpoints(path, STREAM)
        stores = world.stores(process)
        reader = StreamReader(
            world.connect(process, "streams"),
            STREAM,
            world.consolidator(process),
            checkpoints,
            repair=lambda: repair_all(*stores),
            now=world.now(process),
        )
        failed_before = -1
        while True:
            failed = process.failed_calls
            pause = reader.round()
            if failed_before != process.failed_calls or self._is_behind(checkpoints):
                world.scheduler.sleep(pause + 0.001)
            else:  # a slow reader may sleep longer than it is told to
                world.records_came.wait(None if world.faults.healed else self._idle_time())
                world.scheduler.sleep(self._lag * world.random.random())
            failed_before = failed

    def settled(self) -> dict[str, int]:
        """The last sequence number by shard that is certainly in the statistics."""
        path: Any = self.disk
        positions = Checkpoints(path, STREAM).positions
        return {shard: int(at) for shard, at in positions.items() if at != FINISHED}

    def _is_behind(self, checkpoints: Checkpoints) -> bool:
        now = self._world.scheduler.now
        for shard in self._world.streams.kept():
            at = checkpoints.positions.get(shard.id)
            if at != FINISHED and shard.trimmed(now) < len(shard.records):
                if at is None or int(at) < shard.numbers[-1]:
                    return True
        return False

    def _idle_time(self) -> float:
        return self._world.random.uniform(1, _LONGEST_IDLE)
