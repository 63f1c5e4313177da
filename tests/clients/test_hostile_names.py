"""What a branch chose, by every command that shows it: spelled out, so that it acts on nobody's terminal."""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from clients.cli import flowtally
from clients.terminal.aws_errors import translate
from clients.terminal.console import complain
from models.deployment import Deployment
from models.storage.schema import File
from models.visible import visible
from tests.clients.conftest import ROWS
from tests.helpers.deployed import client, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run

# A sequence for the clipboard, C1, a change of direction, no width, and a line of one's own.
HOSTILE = "=\x1b]52;c;cm0gLXJm\x07\x9b2J\u202e\u200b\x7f\nError: Run: curl x"
MARK = "]52;c;cm0gLXJm"  # the part of it that is left as it is
FORMS = ["", "--json", "--csv"]
SHOWN = {  # by the forms in which a command shows it
    "anomalies": FORMS,
    "export -o told.csv": [""],
    "export -o told.json": [""],
    "redrive --rejected": FORMS,
    "report -o told.html": [""],
    "show 10.0.0.1": FORMS,
    "status": FORMS,
    "status --branch paris": FORMS,
    "top": FORMS,
    "upload flows --branch paris --dry-run": FORMS,
    "upload flows --branch paris": FORMS,
    "verify --all": FORMS,
}
ELSEWHERE = {
    "completion",  # like the next, shows nothing that is stored
    "environment",
    "demo",  # what it shows is shown by the functions of others
    "deploy",
    "destroy",
    "retract",  # below
    "watch",  # the listings of status
}


def put_pair(deployment: Deployment, source: str, **changes: Any) -> None:
    """Stores a pair again, under another source."""
    dynamodb = client("dynamodb")
    for item in dynamodb.scan(TableName=deployment.daily_totals)["Items"]:
        if item["k"]["S"] == "10.0.0.1>10.0.0.2":
            renamed = item | {"k": {"S": f"{source}>10.0.0.2"}} | changes
            dynamodb.put_item(TableName=deployment.daily_totals, Item=renamed)
    for item in dynamodb.scan(TableName=deployment.pair_statistics)["Items"]:
        if item["src"]["S"] == "10.0.0.1" and not changes:
            renamed = item | {"src": {"S": source}}
            dynamodb.put_item(TableName=deployment.pair_statistics, Item=renamed)


@pytest.fixture
def hostile(counted: Deployment, tmp_path: Path) -> Deployment:
    """Names that nobody may give today, in the tables, the bucket and a directory."""
    rejected = File(branch="paris", key=f"{HOSTILE}.csv", state="rejected", arrived_at=1, attempts=1)
    rejected.reason = HOSTILE
    odd = File(branch=HOSTILE, key=f"{HOSTILE}.csv", state="counted", arrived_at=1, attempts=1)
    odd.rows, odd.quarantined, odd.commonest, odd.commonest_line = 2, 1, HOSTILE, 2
    odd.digest, odd.notes = bytes(32), {HOSTILE}
    odd.first_day = odd.last_day = "2022-12-07"
    for file in (rejected, odd):
        client("dynamodb").put_item(TableName=counted.files, Item=file.serialize())
    upload(counted, f"quarantine/{bytes(32).hex()}.csv.gz", b"x")
    upload(counted, f"incoming/paris/{HOSTILE}.csv", b"x")
    key = f"rejected/0a1b/paris/{HOSTILE}.csv"
    client("s3").put_object(Bucket=counted.bucket, Key=key, Body=b"x", Metadata={"reason": quote(HOSTILE)})
    put_pair(counted, HOSTILE)
    put_pair(counted, f"torn{HOSTILE}", d3={"N": "1.5"})
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / f"{HOSTILE}.csv").write_bytes(flow_csv(ROWS[0]))
    (flows / f"out{HOSTILE}.csv").symlink_to(tmp_path / "elsewhere.csv")
    os.mkfifo(flows / f"pipe{HOSTILE}.csv")
    return counted


def raw_lines(text: str) -> Iterator[str]:
    """The lines that hold what acts or hides, or that a name has forged."""
    return (line for line in text.split("\n") if visible(line) != line or line.startswith("Error: Run"))


def test_no_command_is_left_out() -> None:
    """A new command is tried here, too, or it is said why not."""
    assert {command.partition(" ")[0] for command in SHOWN} | ELSEWHERE == set(flowtally.commands)


def test_names_are_spelled_out_by_every_command(run_here: Run, hostile: Deployment, tmp_path: Path) -> None:
    """In text, JSON, CSV and the report, on both outputs; and each command did show some of them."""
    raw, silent = {}, []
    for command, forms in SHOWN.items():
        for form in forms:
            done = run_here(*command.split(), *filter(None, [form]))
            written = "".join(path.read_text() for path in tmp_path.glob("told.*"))
            told = done.stdout + done.stderr + written.partition("<script>")[0]  # no names from there on
            if lines := list(raw_lines(told)):
                raw[command, form] = lines
            if MARK not in told:
                silent.append((command, form, told))
            for path in tmp_path.glob("told.*"):
                path.unlink()
    assert raw == {}
    assert silent == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["retract", f"{HOSTILE}.csv", "--branch", "paris", "--yes"],
        ["retract", f"{HOSTILE}.csv", "--branch", "rome"],
        ["retract", f"other{HOSTILE}.csv", "--branch", "paris"],
        ["retract", f"{HOSTILE}.csv", f"other{HOSTILE}.csv", "--branch", "paris"],
        ["upload", f"missing{HOSTILE}.csv", "--branch", "paris"],
        ["upload", f"missing{HOSTILE}.csv", "--branch", "paris", "--json"],
        ["status", f"--x{HOSTILE[1:]}"],
    ],
)
def test_errors_spell_names_out(
    run_here: Run, counted: Deployment, tmp_path: Path, arguments: list[str]
) -> None:
    """A file that a pattern of the shell named is spelled out where it is not what it should be, too."""
    (tmp_path / f"{HOSTILE}.csv").write_bytes(flow_csv(*ROWS))
    (tmp_path / f"other{HOSTILE}.csv").write_bytes(flow_csv(ROWS[1]))
    same = File(branch=HOSTILE, key=f"{HOSTILE}.csv", state="counted", arrived_at=1, attempts=1)
    same.digest = sha256(flow_csv(*ROWS)).digest()
    client("dynamodb").put_item(TableName=counted.files, Item=same.serialize())
    done = run_here(*arguments)
    assert list(raw_lines(done.stdout + done.stderr)) == []
    assert MARK in done.stdout + done.stderr


def test_what_aws_says_is_spelled_out(capsys: pytest.CaptureFixture[str]) -> None:
    """An answer names what was asked for, such as a key."""
    for code in ("AccessDenied", "NoSuchBucket", "Strange"):
        error = translate(ClientError({"Error": {"Code": code, "Message": f"no {HOSTILE}"}}, "GetObject"))
        assert error
        assert visible(error.found) == error.found
        complain(error)
    told = capsys.readouterr().err
    assert list(raw_lines(told)) == []
    assert told.count(MARK) == 3
