"""Processes of the daemon, as the units of systemd start them, and the table that they share."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from models.deployment import Deployment
from tests.helpers.deployed import client
from tests.helpers.waiting import PATIENCE

LEASES = "flowtally-leases"


class DaemonProcess:
    """One process of `flowtally-daemon`, its log kept."""

    def __init__(
        self, command: str, deployment: Deployment, state_directory: Path, **settings: str | None
    ) -> None:
        make_leases()
        self.log_path = state_directory / f"{command}-{time.monotonic_ns()}.log"
        # Few seconds, so that a killed worker is soon replaced.
        own = {"FLOWTALLY_LEASES": LEASES, "FLOWTALLY_VISIBILITY": "6", "FLOWTALLY_LEASE": "6"}
        wanted = os.environ | deployment.to_environment() | own | settings
        environment = {name: value for name, value in wanted.items() if value is not None}
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "vm_daemon", command], env=environment, stdout=log, stderr=log
            )

    def log(self) -> list[dict[str, Any]]:
        """The events logged so far."""
        *lines, _unfinished = self.log_path.read_text().split("\n")
        return [json.loads(line) for line in lines if line.startswith("{")]

    def peak(self) -> int:
        """The most memory in kB that it has had."""
        (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text())
        return int(peak)

    def stop(self, sent: signal.Signals = signal.SIGTERM) -> int:
        """Sends a signal and gives the exit status."""
        self.process.send_signal(sent)
        return self.process.wait(PATIENCE)


def make_leases() -> None:
    """The table that daemons share, unless it is there."""
    attributes = ("stream_arn", "HASH"), ("item_name", "RANGE")
    dynamodb = client("dynamodb")
    with suppress(dynamodb.exceptions.ResourceInUseException):
        dynamodb.create_table(
            TableName=LEASES,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in attributes],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in attributes],
        )


@contextmanager
def daemon(deployment: Deployment, state_directory: Path, *commands: str) -> Iterator[list[DaemonProcess]]:
    """Processes of the daemon, by default one for each stage; killed at the end if they still run."""
    processes = [
        DaemonProcess(command, deployment, state_directory)
        for command in commands or ("summarize", "consolidate")
    ]
    try:
        yield processes
    finally:
        for running in processes:
            running.process.kill()
            running.process.wait()
