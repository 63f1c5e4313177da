"""Kills real workers at random moments, cuts the network now and then, and looks whether all is exact.

    python -m tests.soak.kill_soak --kills 100 --seed 0

A generated dataset trickles in while two summarizing processes and one that consolidates are killed
with SIGKILL, each soon after it has begun to work again. At the end the tables must be those that DuckDB
computes from the same files.
"""

import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from clients.local_aws.engine import EmbeddedEngine
from cloudformation.deploy import deploy_storage
from models.deployment import Deployment
from perf.figures import Figures
from tests.helpers.daemons import DaemonProcess
from tests.helpers.deployed import client, is_at_rest, stored_days
from tests.helpers.proxy import CuttableProxy
from tests.helpers.waiting import eventually
from tests.soak.trickle import Trickle

STAGES = ("summarize", "summarize", "consolidate")
BEGUN = {"summarize": "summarizing", "consolidate": "reading shard"}  # what a worker logs when it begins
KILLS_A_CUT = 10  # the network is cut once for so many kills
REST = 900  # seconds that all may take to come to rest


class KillSoak:
    """One deployment under fire.

    Args:
        kills: how many processes to kill.
        chance: decides who is killed and when.
        folder: where files and logs go.
        proxy: between the workers and the engine.
        deployment: what they work on.
    """

    def __init__(
        self, kills: int, chance: random.Random, folder: Path, proxy: CuttableProxy, deployment: Deployment
    ) -> None:
        self.kills = kills
        self.chance = chance
        self.folder = folder
        self.proxy = proxy
        self.deployment = deployment
        self.trickle = Trickle(deployment, folder, rows=900, pairs=150)
        self.killed = Counter(dict.fromkeys(STAGES, 0))
        self.cuts = 0

    def run(self) -> bool:
        """Whether the tables are exact after all that."""
        workers = [self._start(stage) for stage in STAGES]
        try:
            self.trickle.send()
            eventually(lambda: stored_days(self.deployment) and is_at_rest(self.deployment))
            while self.killed.total() < self.kills:
                self.trickle.send()
                self._kill_one_of(workers)
                if self.killed.total() % KILLS_A_CUT == 0:
                    self._cut_the_network()
            eventually(lambda: is_at_rest(self.deployment), patience=REST)
        finally:
            for worker in workers:
                worker.process.kill()
                worker.process.wait()
        return self.trickle.is_exact()

    def _start(self, stage: str) -> DaemonProcess:
        return DaemonProcess(stage, self.deployment, self.folder, AWS_ENDPOINT_URL=self.proxy.url)

    def _kill_one_of(self, workers: list[DaemonProcess]) -> None:
        """Kills one that is at work; one that still starts would not mind."""
        victim = self.chance.randrange(len(workers))
        begun = BEGUN[STAGES[victim]]
        eventually(lambda: any(event["event"] == begun for event in workers[victim].log()))
        time.sleep(self.chance.uniform(0, 1))
        workers[victim].stop(signal.SIGKILL)
        self.killed[STAGES[victim]] += 1
        workers[victim] = self._start(STAGES[victim])

    def _cut_the_network(self) -> None:
        self.proxy.cut()
        time.sleep(self.chance.uniform(0.5, 2))
        self.proxy.restore()
        self.cuts += 1


@click.command()
@click.option("--kills", default=100, show_default=True, help="Processes to kill.")
@click.option("--seed", default=0, show_default=True, help="Of who is killed and when.")
@click.option("--save", is_flag=True, help="Keep the figures for the docs.")
def main(kills: int, seed: int, save: bool) -> None:
    """Kill workers at random and compare the outcome with DuckDB's."""
    started = time.monotonic()
    with (
        EmbeddedEngine() as engine,
        CuttableProxy(engine.endpoint_url) as proxy,
        TemporaryDirectory() as folder,
    ):
        os.environ.update(engine.environment())
        cloudformation = client("cloudformation")
        deploy_storage(cloudformation, "flowtally")
        deployment = Deployment.from_stack(cloudformation, "flowtally")
        soak = KillSoak(kills, random.Random(seed), Path(folder), proxy, deployment)
        exact = soak.run()
        pair_days = len(stored_days(deployment))
    figures = Figures(
        name="kill_soak",
        title="Real processes killed with SIGKILL at random, and the network cut, while files arrive",
        columns=["kills", *soak.killed, "network cuts", "files", "pair-days", "seconds", "tables"],
        rows=[
            [
                *(f"{count:,}" for count in (soak.killed.total(), *soak.killed.values(), soak.cuts)),
                *(f"{count:,}" for count in (len(soak.trickle.files), pair_days)),
                f"{time.monotonic() - started:,.0f}",
                "exact" if exact else "NOT EXACT",
            ]
        ],
        command=f"make kill-soak KILLS={kills}",
    )
    figures.show()
    if save:
        figures.save()
    sys.exit(not exact)


if __name__ == "__main__":
    main()
