"""Three VMs on one stream and queue under fire: killed, paused and cut off at random.

    python -m tests.soak.vm_soak --minutes 5 --seed 0

At every moment one VM is left alone, and it is not always the same. Prints whether the tables are exact, for
how long the shard was unread, and how many VMs read it at once.
"""

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from clients.local_aws.engine import EmbeddedEngine
from cloudformation.deploy import deploy_storage
from models.deployment import Deployment
from tests.helpers.deployed import client, is_at_rest
from tests.helpers.vms import VM, longest_unread, most_at_once
from tests.helpers.waiting import eventually
from tests.soak.trickle import Trickle

LEASE = 12  # seconds


class VMSoak:
    """Three VMs, the files that trickle in, and what is done to the VMs."""

    def __init__(self, vms: list[VM], deployment: Deployment, folder: Path, chance: random.Random) -> None:
        self.vms = vms
        self.deployment = deployment
        self.chance = chance
        self.trickle = Trickle(deployment, folder, rows=300, pairs=60)
        self.done: Counter[str] = Counter()

    def phase(self) -> None:
        """Two VMs suffer, the reading one among them, and the third has to take over; then there is calm."""
        reading = max(self.vms, key=lambda vm: vm.reads[-1] if vm.reads else 0)
        left_alone = self.chance.choice([vm for vm in self.vms if vm is not reading])
        victims = [vm for vm in self.vms if vm is not left_alone]
        for _ in range(self.chance.randint(1, 4)):
            self._disturb(self.chance.choice([reading, *victims]))
        self._work_for(LEASE)  # so that whoever is left alone next has watched the others for long enough

    def _disturb(self, vm: VM) -> None:
        seconds = self.chance.choice((0.5, LEASE / 2, 1.5 * LEASE))
        kinds: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
            "kill": (vm.kill, vm.start),
            "pause": (vm.pause, vm.go_on),
            "cut": (vm.cut, vm.restore),
        }
        kind = self.chance.choice(list(kinds))
        self.done[kind] += 1
        begin, end = kinds[kind]
        begin()
        self._work_for(seconds)
        end()
        self._work_for(self.chance.uniform(0, 2))

    def _work_for(self, seconds: float) -> None:
        """Lets files trickle in for a time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.trickle.send()
            time.sleep(max(0.0, min(1.5, end - time.monotonic())))

    def is_exact(self) -> bool:
        """Whether the tables hold what DuckDB computes from the same files."""
        eventually(lambda: is_at_rest(self.deployment))
        return self.trickle.is_exact()


@click.command()
@click.option("--minutes", default=5.0, show_default=True, help="For how long.")
@click.option("--seed", default=0, show_default=True, help="Of what happens to whom and when.")
def main(minutes: float, seed: int) -> None:
    """Put three VMs under fire, and compare the outcome with DuckDB's."""
    with EmbeddedEngine() as engine, TemporaryDirectory() as scratch, ExitStack() as stack:
        os.environ.update(engine.environment())
        cloudformation = client("cloudformation")
        deploy_storage(cloudformation, "flowtally")
        deployment, folder = Deployment.from_stack(cloudformation, "flowtally"), Path(scratch)
        stages = ("summarize", "consolidate")
        vms = [
            stack.enter_context(VM(name, deployment, engine.endpoint_url, folder, LEASE, stages))
            for name in ("one", "two", "three")
        ]
        eventually(lambda: any(vm.is_reading for vm in vms))
        eventually(lambda: all(vm.has_logged("consolidating") for vm in vms))
        soak = VMSoak(vms, deployment, folder, random.Random(seed))
        end = time.monotonic() + minutes * 60
        while time.monotonic() < end:
            soak.phase()
        exact = soak.is_exact()
    unread, readers = longest_unread(vms), most_at_once(vms)
    print(f"disturbances: {', '.join(f'{count} {kind}' for kind, count in sorted(soak.done.items()))}")
    print(f"files: {len(soak.trickle.files)}, tables: {'exact' if exact else 'NOT EXACT'}")
    print(f"longest time the shard was unread: {unread:.1f} s (lease {LEASE} s)")
    print(f"VMs that read it within one second, at the most: {readers}")
    sys.exit(not (exact and unread <= LEASE and readers <= 2))


if __name__ == "__main__":
    main()
