"""What systemd sees of the daemon's processes: signs of life, and their end."""

import re
import shlex
import signal
import subprocess
from pathlib import Path
from threading import Event

import pytest

from clients.local_aws.engine import EmbeddedEngine
from handlers.summarizing.delivery import DEADLY
from models.deployment import Deployment
from models.storage.file_records import FilesTable
from tests.conftest import Manager
from tests.helpers.daemons import DaemonProcess
from tests.helpers.deployed import client, keys, messages_left, stored_days, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import done, flowtally_program
from tests.helpers.project import ROOT
from tests.helpers.proxy import CuttableProxy
from tests.helpers.waiting import PATIENCE, eventually


def test_a_file_that_stands_still_gives_no_sign_of_life(
    engine: EmbeddedEngine, deployment: Deployment, tmp_path: Path, manager: Manager
) -> None:
    """The heartbeat that keeps its message hidden goes on, and does not feed the watchdog."""
    (address, received), asked, go_on, beats = manager, Event(), Event(), []

    def stall(sent: bytes) -> None:
        if sent.startswith(b"GET ") and b"/incoming/" in sent:
            asked.set()
            go_on.wait()

    def count_beats(sent: bytes) -> None:
        if b"ChangeMessageVisibility" in sent:
            beats.append(1)

    with (
        CuttableProxy(engine.endpoint_url, stall) as s3,
        CuttableProxy(engine.endpoint_url, count_beats) as sqs,
    ):
        daemon = DaemonProcess(
            "summarize",
            deployment,
            tmp_path,
            FLOWTALLY_VISIBILITY="3",
            AWS_ENDPOINT_URL_S3=s3.url,
            AWS_ENDPOINT_URL_SQS=sqs.url,
            NOTIFY_SOCKET=address,
            WATCHDOG_USEC="400000",
        )
        eventually(lambda: "READY=1" in received())
        upload(deployment, "incoming/x/a.csv", flow_csv("10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1,1"))
        assert asked.wait(60)
        received()
        beats.clear()
        eventually(lambda: len(beats) >= 3)
        signs = received()
        daemon.process.kill()
        daemon.process.wait()
        go_on.set()
    assert "WATCHDOG=1" not in signs


def test_a_key_cannot_act_on_whoever_reads_the_log(deployment: Deployment, tmp_path: Path) -> None:
    """Sequences for terminals, forged lines and turned text in a key come out as what can be read."""
    key = "incoming/paris/\x1b]52;c;cm0=\x07\x9b2J\u202e\u200b\nError: key leaked. Run: curl x.csv"
    upload(deployment, key, flow_csv("10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1,1"))
    daemon = DaemonProcess("summarize", deployment, tmp_path)
    eventually(lambda: any(entry["event"] == "file counted" for entry in daemon.log()))
    assert daemon.stop() == 0
    assert all(line.isprintable() for line in daemon.log_path.read_text().split("\n"))
    assert key in [entry.get("file") for entry in daemon.log()]


@pytest.mark.parametrize("stage", ["summarize", "consolidate"])
def test_without_credentials_it_ends(deployment: Deployment, tmp_path: Path, stage: str) -> None:
    """A client that was made without credentials never finds any: systemd starts it again, until it does."""
    none = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    daemon = DaemonProcess(stage, deployment, tmp_path, **none)
    try:
        assert daemon.process.wait(60) == 1
    finally:
        daemon.process.kill()
    assert any("Unable to locate credentials" in entry.get("reason", "") for entry in daemon.log())


def test_a_missing_table_of_leases_leads_to_its_stack(deployment: Deployment, tmp_path: Path) -> None:
    """The message says which file lacks it, which stack gives it out, and what prints it."""
    missing = {"FLOWTALLY_LEASES": None, "FLOWTALLY_ENVIRONMENT_FILE": "/etc/flowtally/flowtally.env"}
    daemon = DaemonProcess("consolidate", deployment, tmp_path, **missing)
    assert daemon.process.wait(60) == 2
    (entry,) = daemon.log()
    assert entry["event"] == "service ended by an error"
    assert entry["reason"].startswith("/etc/flowtally/flowtally.env: FLOWTALLY_LEASES not set. ")
    assert "output Leases of the stack flowtally-leases" in entry["reason"]
    assert "`flowtally environment` prints it" in entry["reason"]


def test_aws_region_alone_names_the_region(deployment: Deployment, tmp_path: Path) -> None:
    """As it does for `flowtally`, though boto3 knows another variable only."""
    daemon = DaemonProcess("summarize", deployment, tmp_path, AWS_DEFAULT_REGION=None, AWS_REGION="us-east-1")
    eventually(lambda: daemon.log() or daemon.process.poll() is not None)
    assert [entry["event"] for entry in daemon.log()] == ["summarizing"]
    assert daemon.stop() == 0


@pytest.mark.parametrize(
    ("kills", "result", "state"),
    [
        (DEADLY - 1, "oom-kill", "counted"),
        (DEADLY, "oom-kill", "partly counted"),
        (DEADLY, "signal", "counted"),
    ],
)
def test_a_file_at_which_memory_runs_out_is_set_aside(
    engine: EmbeddedEngine, deployment: Deployment, tmp_path: Path, kills: int, result: str, state: str
) -> None:
    """After three it says so, and a redrive counts it; other kills come by chance."""
    (runtime := tmp_path / "run").mkdir()  # as systemd keeps it over automatic restarts
    asked, go_on = Event(), Event()

    def stall(sent: bytes) -> None:
        if sent.startswith(b"GET ") and b"/incoming/" in sent:
            asked.set()
            go_on.wait()

    upload(deployment, "incoming/eve/deadly.csv", flow_csv("10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1,1"))
    settings = {"RUNTIME_DIRECTORY": str(runtime), "FLOWTALLY_VISIBILITY": "3"}
    with CuttableProxy(engine.endpoint_url, stall) as s3:
        for _ in range(kills):
            daemon = DaemonProcess("summarize", deployment, tmp_path, AWS_ENDPOINT_URL_S3=s3.url, **settings)
            assert asked.wait(PATIENCE)
            daemon.stop(signal.SIGKILL)
            asked.clear()
            clean_up(runtime, result)
            (runtime / "failures").unlink()  # nobody waits for the next start
        go_on.set()
    daemon = DaemonProcess("summarize", deployment, tmp_path, **settings)
    eventually(lambda: not keys(deployment, "incoming/") and not messages_left(deployment))
    record = FilesTable(client("dynamodb"), deployment.files).get("eve", "deadly.csv")
    assert record
    assert record.state == state
    assert len(keys(deployment, "rejected/")) == (state != "counted")
    if state != "counted":
        assert "were killed for want of memory" in str(record.reason)
        assert not stored_days(deployment)
        done(flowtally_program("redrive", "--rejected", directory=tmp_path))
    eventually(lambda: not keys(deployment) and not messages_left(deployment))
    assert len(stored_days(deployment)) == 1
    assert daemon.stop() == 0
    assert list(runtime.glob("in-hand/*")) == []


def clean_up(runtime: Path, result: str) -> None:
    """What the unit does when its process has ended, by what systemd says of that."""
    environment = {"RUNTIME_DIRECTORY": str(runtime), "SERVICE_RESULT": result}
    common = (ROOT / "vm_daemon/systemd/flowtally-.service.d/common.conf").read_text()
    commands = re.findall(r"^ExecStopPost=(.*)", common, re.M)
    assert len(commands) == 2
    for command in commands:
        subprocess.run(shlex.split(command), env=environment, check=True)
