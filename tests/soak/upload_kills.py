"""Kills uploads with SIGKILL at random moments, and looks whether repeating them makes all exact.

    python -m tests.soak.upload_kills --kills 50 --seed 0

Files appear and grow in a folder, plain and gzipped, and are sent with `--replace`. Each upload is killed at
some moment between its first and its last; what reached the bucket is counted now or later; and the upload is
repeated until it says that all is done. Then the daily totals must have every row of every file once.
"""

import gzip
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import click

import clients.commands.upload  # noqa: F401  # each fork has it then, and begins at once
from clients.cli import run
from clients.local_aws.engine import EmbeddedEngine
from clients.uploading.content import IN_MEMORY
from cloudformation.deploy import deploy_storage
from handlers.assembly import summarizer_for
from models.deployment import Deployment
from models.s3_events import notification_of
from models.traffic import PairDay, Totals
from tests.helpers.deployed import client, keys, stored_days
from tests.helpers.flow_files import flow_csv

BRANCH = "paris"
NEW_FILES, GROWING_FILES, NEW_ROWS = 3, 2, 5  # a round
KEPT = 4  # files in the folder, besides the new ones
LARGE = 10  # so many rounds from one file that is sent in parts to the next
TRIES = 10  # of one upload, at most


class GrowingFile:
    """A flow file to which rows are added.

    Args:
        path: where it lies; gzipped by its suffix.
        number: tells its rows from those of others.
        size: bytes of its content at least, which blank lines take.
    """

    def __init__(self, path: Path, number: int, size: int) -> None:
        self.rows: list[tuple[PairDay, int]] = []
        self.path = path
        self._source = f"10.1.{number // 250}.{number % 250}"
        self._size = size

    def grow(self) -> None:
        """Adds some rows."""
        for row in range(len(self.rows), len(self.rows) + NEW_ROWS):
            self.rows.append((PairDay(self._source, f"10.2.0.{row % 3}", f"2022-12-{1 + row % 20:02}"), row))
        lines = (f"{day.source},{day.destination},{day.day},{1000 + row},3" for day, row in self.rows)
        content = flow_csv("\n" * self._size, *lines)
        self.path.write_bytes(gzip.compress(content) if self.path.suffix == ".gz" else content)


class UploadKills:
    """One folder, sent again and again.

    Args:
        chance: decides what grows, and when an upload is killed.
        folder: where the files lie.
        deployment: where they are sent to.
    """

    def __init__(self, chance: random.Random, folder: Path, deployment: Deployment) -> None:
        self.killed = 0
        self.tries: Counter[int] = Counter()  # how many repetitions it took
        self._chance = chance
        self._folder = folder
        self._deployment = deployment
        self._files: list[GrowingFile] = []
        self._seconds = 1.0  # that the last upload took which was not killed

    def one_more(self) -> None:
        """Changes the folder, has an upload of it killed, and repeats it until all is done."""
        self._change()
        pid = self._start()
        time.sleep(self._chance.uniform(0, self._seconds))
        os.kill(pid, signal.SIGKILL)
        self.killed += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
        if self._chance.random() < 0.5:
            self._count()
        for tries in range(1, TRIES + 1):
            began = time.monotonic()
            _, status = os.waitpid(self._start(), 0)
            self._seconds = time.monotonic() - began
            self._count()
            if not status:
                self.tries[tries] += 1
                return
        raise AssertionError(f"not done by repeating:\n{self._log.read_text()}")

    def is_exact(self) -> bool:
        """Whether every row of every file was counted once."""
        expected: dict[PairDay, Totals] = {}
        for day, row in (counted for file in self._files for counted in file.rows):
            before = expected.get(day, Totals())
            expected[day] = Totals(before.duration + 1000 + row, before.packets + 3, before.flows + 1)
        stored = {day: totals for day, totals in stored_days(self._deployment).items() if totals.flows}
        return stored == expected

    @property
    def _log(self) -> Path:
        return self._folder.with_suffix(".log")

    def _change(self) -> None:
        for done in self._files[:-KEPT]:
            done.path.unlink(missing_ok=True)
        growing = self._chance.sample(self._files[-KEPT:], min(GROWING_FILES, len(self._files)))
        for _ in range(NEW_FILES):
            number = len(self._files)
            size = IN_MEMORY + 1 if number % (NEW_FILES * LARGE) == 0 else 0
            suffix = ".csv" if size else self._chance.choice([".csv", ".csv.gz"])
            self._files.append(GrowingFile(self._folder / f"day-{number}{suffix}", number, size))
        for file in (*growing, *self._files[-NEW_FILES:]):
            file.grow()

    def _start(self) -> int:
        """The process of an upload of the folder."""
        if pid := os.fork():
            return pid
        status = 1
        try:
            with self._log.open("w") as log:
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
            status = run(["upload", str(self._folder), "--branch", BRANCH, "--replace"])
        finally:
            sys.stdout.flush()
            os._exit(status)

    def _count(self) -> None:
        """Does what a worker does with all that was sent."""
        for key in keys(self._deployment, "incoming/"):
            summarizer_for(self._deployment).process(notification_of(self._deployment.bucket, key), 1)


@click.command()
@click.option("--kills", default=50, show_default=True, help="Uploads to kill.")
@click.option("--seed", default=0, show_default=True, help="Of what grows and when uploads are killed.")
def main(kills: int, seed: int) -> None:
    """Kill uploads at random, repeat them, and compare the totals with the files."""
    with EmbeddedEngine() as engine, TemporaryDirectory() as directory:
        os.environ.update(engine.environment())
        cloudformation = client("cloudformation")
        deploy_storage(cloudformation, "flowtally")
        folder = Path(directory, "flows")
        folder.mkdir()
        soak = UploadKills(random.Random(seed), folder, Deployment.from_stack(cloudformation, "flowtally"))
        rounds = 0
        while soak.killed < kills:
            soak.one_more()
            rounds += 1
            if not soak.is_exact():
                sys.exit(f"NOT EXACT after {rounds} uploads with seed {seed}")
    again = ", ".join(f"{count} × {tries}" for tries, count in sorted(soak.tries.items()))
    print(f"{kills} of {rounds} uploads killed before their end, repeated ({again} times): totals exact")


if __name__ == "__main__":
    main()
