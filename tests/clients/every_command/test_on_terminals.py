"""Every command as people meet it: on narrow and wide terminals, and in pipes."""

import re
from pathlib import Path

import pytest

from clients.cli import flowtally
from clients.local_aws.engine import EmbeddedEngine
from handlers.assembly import summarizer_for
from models.deployment import Deployment
from models.s3_events import notification_of
from tests.clients.every_command.each_command import CALLING, FOUND_SOMETHING, SHOWN, each_shown
from tests.helpers.deployed import keys
from tests.helpers.program import Run
from tests.helpers.terminal import on_terminal

ELSEWHERE = {"demo", "watch"}  # tests/end_to_end/test_demo.py, test_monitoring.py
WIDE_BY_NATURE = {"completion", "environment", "export"}  # their lines are for programs


def test_no_command_is_left_out() -> None:
    """A new command is tried here, too, or where it is said."""
    assert {arguments[0] for arguments in CALLING + SHOWN} | ELSEWHERE == set(flowtally.commands)


@each_shown
def test_terminals_are_not_overrun(
    counted: Deployment, tmp_path: Path, day: Path, arguments: list[str]
) -> None:
    """On 80 columns in colour, on 140 without: no line is wider, nothing of a name is lost."""
    for columns, settings in ((80, {}), (140, {"NO_COLOR": "1"})):
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


@each_shown
def test_pipes_get_text_alone(counted: Deployment, run: Run, day: Path, arguments: list[str]) -> None:
    """No colour and no movement of a cursor, on neither output."""
    finished = run(*arguments)
    assert finished.returncode in (0, FOUND_SOMETHING), finished.stderr
    assert "\x1b" not in finished.stdout.replace("\\x1b", "") + finished.stderr
    assert "Traceback" not in finished.stderr
