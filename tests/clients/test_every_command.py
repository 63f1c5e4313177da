"""Every command, as people meet it: on narrow and wide terminals, in pipes, and where answers are amiss."""

import os
import re
import signal
from itertools import product
from pathlib import Path
from time import sleep

import pytest

from clients.cli import flowtally
from clients.local_aws.engine import EmbeddedEngine
from handlers.assembly import summarizer_for
from models.deployment import Deployment
from models.s3_events import notification_of
from tests.helpers.deployed import client, keys
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run
from tests.helpers.proxy import CuttableProxy
from tests.helpers.strange_servers import page_server, silent_server
from tests.helpers.terminal import in_terminal, on_terminal
from tests.helpers.waiting import PATIENCE

ROW = "10.0.0.1,10.0.0.2,09/12/2022 10:00:00 AM,5,1"
SHOWN = [
    ["anomalies"],
    ["completion", "bash"],
    ["environment", "--branch", "paris"],
    ["export", "10.0.0.1"],
    ["redrive"],
    ["report", "-o", "report.html"],
    ["show", "10.0.0.1", "10.0.0.2"],
    ["status"],
    ["status", "--branch", "paris"],
    ["top"],
    ["upload", "day.csv", "--branch", "paris", "--dry-run"],
    ["verify", "--all"],
]
CALLING = [
    *(arguments for arguments in SHOWN if arguments[0] != "completion"),
    ["deploy", "--yes", "--compute", "none"],
    ["destroy", "--yes", "--no-export"],
    ["retract", "day.csv", "--branch", "paris"],
]
ELSEWHERE = {"demo", "watch"}  # tests/end_to_end/test_demo.py, test_monitoring.py
FOUND_SOMETHING = 3
WIDE_BY_NATURE = {"completion", "environment", "export"}  # their lines are for programs

each_shown = pytest.mark.parametrize("arguments", SHOWN, ids=" ".join)
each_calling = pytest.mark.parametrize("arguments", CALLING, ids=" ".join)


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A file to send or to take out."""
    path = tmp_path / "day.csv"
    path.write_bytes(flow_csv(ROW))
    return path


def test_no_command_is_left_out() -> None:
    """A new command is tried here, too, or where it is said."""
    assert {arguments[0] for arguments in CALLING + SHOWN} | ELSEWHERE == set(flowtally.commands)


@each_shown
def test_terminals_are_not_overrun(
    counted: Deployment, tmp_path: Path, day: Path, arguments: list[str]
) -> None:
    """On 80 and 140 columns, in colour and without: no line is wider, nothing of a name is lost."""
    for columns, settings in product((80, 140), ({}, {"NO_COLOR": "1"})):
        screen = on_terminal(*arguments, directory=tmp_path, columns=columns, **settings)
        assert screen.status in (0, FOUND_SOMETHING), screen.text
        assert "Traceback" not in screen.text
        if arguments[0] not in WIDE_BY_NATURE:
            assert max(map(len, screen.text.split("\n"))) <= columns
        if arguments[0] == "status":
            assert screen.text.count("a") >= 90
            assert "\x1b[" in screen.raw
        if settings:
            assert not re.search(r"\x1b\[[0-9;]*3[0-9]", screen.raw)


@pytest.mark.parametrize("columns", [80, 140])
def test_what_changes_something_fits_terminals_too(
    place: EmbeddedEngine, tmp_path: Path, day: Path, columns: int
) -> None:
    """From nothing to a deployment, a file in it and out of it again, and to nothing, line by line."""
    settings = {} if columns == 80 else {"NO_COLOR": "1"}

    def shown(*arguments: str) -> str:
        screen = on_terminal(*arguments, directory=tmp_path, columns=columns, **settings)
        assert screen.status == 0, screen.text
        assert max(map(len, screen.text.split("\n"))) <= columns
        return " ".join(screen.text.split())

    assert "Ready. Next: flowtally upload" in shown("deploy", "--yes", "--compute", "none")
    assert "1 file sent" in shown("upload", "day.csv", "--branch", "paris")
    deployed = Deployment.from_stack(place.client("cloudformation"), "flowtally")
    (key,) = keys(deployed, "incoming/paris/")
    summarizer_for(deployed).process(notification_of(deployed.bucket, key), 1)
    assert "taken out of 1 pair-day" in shown("retract", "day.csv", "--branch", "paris")
    assert "Nothing of flowtally is left" in shown("destroy", "--yes", "--no-export")


@pytest.mark.parametrize("arguments", [["deploy", "--compute", "none"], ["destroy"]], ids=" ".join)
def test_ctrl_c_at_a_question_changes_nothing(
    deployment: Deployment, tmp_path: Path, arguments: list[str]
) -> None:
    """Before the answer nothing was begun; the status is that of shells."""
    before = stacks(deployment)
    with in_terminal(arguments, tmp_path) as terminal:
        terminal.wait_for(r"\[y/N\]|\[y/n|: $")
        terminal.interrupt()
        screen = terminal.finish()
    assert (screen.status, "Interrupted" in screen.text) == (128 + signal.SIGINT, True)
    assert "Traceback" not in screen.text
    assert stacks(deployment) == before


def stacks(_: Deployment) -> list[tuple[str, str]]:
    """Those that there are, with their states."""
    listed = client("cloudformation").describe_stacks()["Stacks"]
    return [(stack["StackName"], stack["StackStatus"]) for stack in listed]


@each_shown
def test_a_slow_engine_is_waited_for(counted: Deployment, run: Run, day: Path, arguments: list[str]) -> None:
    """What is shown is the same when each request takes its time."""
    with CuttableProxy(os.environ["AWS_ENDPOINT_URL"], observe=lambda _: sleep(0.1)) as slow:
        finished = run(*arguments, AWS_ENDPOINT_URL=slow.url)
    assert finished.returncode in (0, FOUND_SOMETHING), finished.stderr
    assert finished.stderr == run(*arguments).stderr


@each_calling
def test_an_engine_that_fails_is_told(
    run: Run, deployment: Deployment, day: Path, arguments: list[str]
) -> None:
    """After some attempts, with what it said; nothing of its page."""
    with page_server(503, b"<html>no healthy upstream</html>") as address:
        failed = run(*arguments, AWS_ENDPOINT_URL=address)
    assert failed.returncode == 1, failed.stdout
    assert "AWS is busy" in failed.stderr
    assert "Try again in a while" in " ".join(failed.stderr.split())
    assert "<html>" not in failed.stderr


@each_calling
def test_an_engine_that_dies_midway_is_told(
    run: Run, counted: Deployment, day: Path, arguments: list[str]
) -> None:
    """After its first answer it is gone, in the middle of the next: one message, with the address."""
    answers = 0 if arguments[0] == "environment" else 1  # which asks for one thing only

    def observe(block: bytes) -> None:
        nonlocal answers
        answers -= b"HTTP/1.1\r\n" in block
        if answers < 0:
            dying.cut()

    with CuttableProxy(os.environ["AWS_ENDPOINT_URL"], observe) as dying:
        address = dying.url
        failed = run(*arguments, AWS_ENDPOINT_URL=address)
    assert failed.returncode == 1, failed.stdout
    assert address in failed.stderr
    assert "AWS_ENDPOINT_URL" in failed.stderr


@each_shown
def test_pipes_get_text_alone(counted: Deployment, run: Run, day: Path, arguments: list[str]) -> None:
    """No colour and no movement of a cursor, on neither output."""
    finished = run(*arguments)
    assert finished.returncode in (0, FOUND_SOMETHING), finished.stderr
    assert "\x1b" not in finished.stdout.replace("\\x1b", "") + finished.stderr
    assert "Traceback" not in finished.stderr


@each_calling
def test_what_is_not_aws_is_told(run: Run, deployment: Deployment, day: Path, arguments: list[str]) -> None:
    """A proxy's page in the place of an answer is one message, and nothing of the page."""
    with page_server() as address:
        failed = run(*arguments, AWS_ENDPOINT_URL=address)
    assert failed.returncode == 1, failed.stdout
    assert "something else than AWS answered, with status 200" in " ".join(failed.stderr.split())
    assert "<html>" not in failed.stderr
    assert "Traceback" not in failed.stderr


@each_calling
def test_nobody_answers(run: Run, deployment: Deployment, day: Path, arguments: list[str]) -> None:
    """The message names the address, and what to look at."""
    failed = run(*arguments, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert failed.returncode == 1, failed.stdout
    assert "http://127.0.0.1:9" in failed.stderr
    assert "AWS_ENDPOINT_URL" in failed.stderr
    assert "Traceback" not in failed.stderr


@each_calling
def test_ctrl_c_ends_what_waits(
    deployment: Deployment, tmp_path: Path, day: Path, arguments: list[str]
) -> None:
    """While an answer does not come, Ctrl-C ends the command with the status of shells, and no traceback."""
    with (
        silent_server() as (address, came),
        in_terminal(arguments, tmp_path, AWS_ENDPOINT_URL=address) as terminal,
    ):
        assert came.wait(PATIENCE)
        terminal.interrupt()
        screen = terminal.finish()
    assert screen.status == 128 + signal.SIGINT
    assert "Traceback" not in screen.text
