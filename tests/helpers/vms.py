"""VMs as the processes of each: own name, own network, and what may happen to them."""

import signal
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

from models.deployment import Deployment
from tests.helpers.daemons import DaemonProcess
from tests.helpers.proxy import CuttableProxy


class VM:
    """A machine with the processes of both stages, stopped on leaving the `with` block.

    Args:
        name: of the host.
        deployment: what it works on.
        endpoint_url: where its network leads.
        folder: where its logs go.
        lease: seconds.
        stages: what it runs.
    """

    def __init__(
        self,
        name: str,
        deployment: Deployment,
        endpoint_url: str,
        folder: Path,
        lease: int,
        stages: Sequence[str] = ("consolidate",),
    ) -> None:
        self.name = name
        self.reads: list[float] = []  # when it asked the stream for records
        self._deployment = deployment
        self._folder = folder
        self._lease = lease
        self._stages = stages
        self._proxy = CuttableProxy(endpoint_url, self._observe)
        self.processes: list[DaemonProcess] = []

    def __enter__(self) -> Self:
        self._proxy.__enter__()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()
        self._proxy.__exit__(kind, error, traceback)

    def start(self) -> None:
        """Starts its processes, as systemd does after a failure."""
        self.processes = [
            DaemonProcess(
                stage,
                self._deployment,
                self._folder,
                AWS_ENDPOINT_URL=self._proxy.url,
                FLOWTALLY_WORKER=self.name,
                FLOWTALLY_LEASE=str(self._lease),
            )
            for stage in self._stages
        ]

    def kill(self) -> None:
        """The machine is gone."""
        for running in self.processes:
            running.process.kill()
            running.process.wait()

    def pause(self) -> None:
        """The machine stands still, with its work in its hands."""
        for running in self.processes:
            running.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """The machine wakes up, and does not know that it slept."""
        for running in self.processes:
            running.process.send_signal(signal.SIGCONT)

    def cut(self) -> None:
        """The machine loses its network."""
        self._proxy.cut()

    def restore(self) -> None:
        """The machine has its network again."""
        self._proxy.restore()

    @property
    def is_reading(self) -> bool:
        """Whether it has asked the stream for records in the last two seconds."""
        return bool(self.reads) and time.monotonic() - self.reads[-1] < 2

    def has_logged(self, event: str) -> bool:
        """Whether one of its processes logged an event since it was started."""
        return any(entry["event"] == event for running in self.processes for entry in running.log())

    def _observe(self, sent: bytes) -> None:
        if b"Streams_20120810.GetRecords" in sent:
            self.reads.append(time.monotonic())


def most_at_once(vms: Sequence[VM], window: float = 1.0) -> int:
    """How many machines read the shard within the same second, at the most."""
    reads = sorted((at, vm.name) for vm in vms for at in vm.reads)
    most, first = 0, 0
    for last, (at, _) in enumerate(reads):
        while reads[first][0] < at - window:
            first += 1
        most = max(most, len({name for _, name in reads[first : last + 1]}))
    return most


def longest_unread(vms: Sequence[VM]) -> float:
    """Seconds for which no machine read the shard, at the most."""
    reads = sorted(at for vm in vms for at in vm.reads)
    return max(after - before for before, after in pairwise(reads))
