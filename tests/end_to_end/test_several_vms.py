"""Several VMs on one stream, as processes with names and networks of their own."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from clients.local_aws.engine import EmbeddedEngine
from models.deployment import Deployment
from models.traffic import PairDay, Totals
from perf.data.oracle import statistics_of
from tests.helpers.daemons import daemon
from tests.helpers.deployed import is_at_rest, stored_days, stored_statistics, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.vms import VM, most_at_once
from tests.helpers.waiting import eventually

LEASE = 4  # seconds


@pytest.fixture
def vms(engine: EmbeddedEngine, deployment: Deployment, tmp_path: Path) -> Iterator[tuple[VM, VM]]:
    """One VM that reads, and one that is ready to take over; files are counted elsewhere."""
    with ExitStack() as stack:
        stack.enter_context(daemon(deployment, tmp_path, "summarize"))
        first = stack.enter_context(VM("one", deployment, engine.endpoint_url, tmp_path, LEASE))
        eventually(lambda: first.is_reading)
        second = stack.enter_context(VM("two", deployment, engine.endpoint_url, tmp_path, LEASE))
        eventually(lambda: second.has_logged("consolidating"))
        yield first, second


def consolidates(deployment: Deployment, files: int) -> None:
    """Uploads one more flow of the same day, and waits until it is in the statistics."""
    upload(deployment, f"incoming/x/{files}.csv", flow_csv(f"10.0.0.1,10.0.0.2,07/12/2022,{10**files},1"))
    total = Totals(sum(10**number for number in range(1, files + 1)), files, files)
    expected = {PairDay("10.0.0.1", "10.0.0.2", "2022-12-07"): total}
    eventually(lambda: is_at_rest(deployment) and stored_days(deployment) == expected)
    assert stored_statistics(deployment) == statistics_of(expected)


def test_a_dead_vm_is_taken_over(vms: tuple[VM, VM], deployment: Deployment) -> None:
    """After `kill -9` the other VM reads on where the dead one was; `make vm-soak` tells how soon."""
    first, second = vms
    consolidates(deployment, 1)
    first.kill()
    eventually(lambda: second.is_reading)
    consolidates(deployment, 2)


def test_a_zombie_does_no_harm(vms: tuple[VM, VM], deployment: Deployment) -> None:
    """A VM that slept through its lease wakes up, learns that, and leaves the shard to the other."""
    first, second = vms
    consolidates(deployment, 1)
    first.pause()
    eventually(lambda: second.is_reading)
    consolidates(deployment, 2)
    first.go_on()
    eventually(lambda: first.has_logged("taken for dead, joining again"))
    consolidates(deployment, 3)
    assert not first.is_reading
    assert most_at_once(vms) <= 2


def test_a_vm_without_network_is_replaced(vms: tuple[VM, VM], deployment: Deployment) -> None:
    """The other VM takes over; with its network back, the first is there for the next time."""
    first, second = vms
    consolidates(deployment, 1)
    first.cut()
    eventually(lambda: second.is_reading)
    consolidates(deployment, 2)
    first.restore()
    second.kill()
    eventually(lambda: first.is_reading)
    consolidates(deployment, 3)
    assert most_at_once(vms) == 1
