"""Every command where answers are late, amiss or missing, and where somebody presses Ctrl-C."""

import os
import signal
from pathlib import Path
from time import sleep

import pytest

from models.deployment import Deployment
from tests.clients.every_command.each_command import FOUND_SOMETHING, each_calling, each_shown
from tests.helpers.deployed import client
from tests.helpers.program import Run
from tests.helpers.proxy import CuttableProxy
from tests.helpers.strange_servers import page_server, silent_server
from tests.helpers.terminal import in_terminal
from tests.helpers.waiting import PATIENCE


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
