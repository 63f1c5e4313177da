"""How commands show what they found: on terminals, in pipes, as JSON and as CSV."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clients.cli import command, flowtally
from handlers.assembly import summarizer_for
from handlers.consolidating.repair import repair_all
from models.deployment import Deployment
from models.s3_events import notification_of
from models.storage.pair_statistics import PairStatisticsStore
from models.storage.schema import File
from tests.helpers.deployed import client, keys
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run, done

LONG_NAME = "a" * 90 + ".csv"
ROWS = (
    "10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,777777777777,3",
    "10.0.0.1,10.0.0.2,08/12/2022 10:00:00 AM,1,5",
    "10.0.0.1,10.0.0.2,no day,1,5",
)
NOTHING = type(None)
KINDS: dict[str, tuple[type, ...]] = {
    "text": (str, NOTHING),
    "integer": (int, NOTHING),
    "number": (float, int, NOTHING),
    "boolean": (bool,),
}


def fits(value: Any, shape: Any) -> bool:
    """Whether a document is as the help describes it."""
    if isinstance(shape, dict):
        return value.keys() == shape.keys() and all(fits(value[key], shape[key]) for key in shape)
    if isinstance(shape, list):
        return all(fits(element, shape[0]) for element in value)
    if " or " in shape:
        return value in shape.split(" or ")
    return isinstance(value, KINDS[shape])


def described(name: str) -> Any:
    """The JSON document that the help of a command shows."""
    epilog = command(name).epilog or ""
    return json.loads(epilog.partition("JSON:\n")[2].partition("\n\n")[0])


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["top"], ()),
        (["export"], ("pairs",)),
        (["export", "--rows", "pairs"], ("days",)),
        (["show", "10.0.0.1"], ()),
        (["status"], ("files",)),
        (["status", "--branch", "paris"], ("stored", "stages", "work", "branches", "problems")),
        (["verify", "--all"], ()),
        (["redrive", "--rejected", "--dead-letters"], ()),
    ],
    ids=" ".join,
)
def test_json_is_as_the_help_says(
    counted: Deployment, run: Run, arguments: list[str], absent: tuple[str, ...]
) -> None:
    """--json prints one document, and nothing else, with the names and kinds that the help lists."""
    document = json.loads(done(run(*arguments, "--json")))
    shape = {name: value for name, value in described(arguments[0]).items() if name not in absent}
    assert fits(document, shape), (document, shape)


def test_the_json_of_a_check_is_as_the_help_says(counted: Deployment, run: Run) -> None:
    """A monitor gets what needs somebody, by its kind, and nothing else; the status says so, too."""
    checked = run("status", "--check", "--json")
    document = json.loads(checked.stdout)
    assert fits(document, {"problems": described("status")["problems"]}), document
    assert (checked.returncode, {problem["kind"] for problem in document["problems"]}) == (3, {"rejected"})


def test_the_json_of_an_upload_is_as_the_help_says(deployment: Deployment, run: Run, tmp_path: Path) -> None:
    """What was done with each file, and what became of each that is known by then."""
    (tmp_path / "day.csv").write_bytes(flow_csv(*ROWS))
    sent = json.loads(done(run("upload", "day.csv", "--json")))
    assert fits(sent, described("upload")), sent
    (key,) = keys(deployment, "incoming/")
    summarizer_for(deployment).process(notification_of(deployment.bucket, key), 1)
    repair_all(PairStatisticsStore.of(deployment, client("dynamodb")))
    known = json.loads(done(run("upload", "day.csv", "--wait", "--json")))
    assert fits(known, described("upload")), known
    assert [it["state"] for it in known["became"]] == ["counted"]


def test_the_json_of_an_environment_is_texts_by_their_variables(deployment: Deployment, run: Run) -> None:
    """Those that the help names are there, and all others are flowtally's."""
    document = json.loads(done(run("environment", "--branch", "paris", "--json")))
    named = {name for name in described("environment") if "…" not in name}
    assert named <= document.keys()
    assert all(name.startswith("FLOWTALLY_") for name in document.keys() - named)
    assert all(isinstance(value, str) for value in document.values())


def test_every_command_that_offers_json_describes_it() -> None:
    """An option --json without its document in the help would be worth little."""
    for name in flowtally.commands:
        if any("--json" in option.opts for option in command(name).params):
            assert described(name), name


def test_programs_get_exact_values(counted: Deployment, run: Run) -> None:
    """Sums keep all their digits, and CSV holds what JSON holds."""
    (pair,) = json.loads(done(run("top", "--json")))["pairs"]
    assert pair["duration_total_us"] == 777777777778
    assert pair["duration_avg_us"] == 388888888889.0
    (row,) = csv.DictReader(io.StringIO(done(run("top", "--csv"))))
    assert row == {name: str(value) for name, value in pair.items()}


def test_csv_of_several_listings_is_one_table(counted: Deployment, run: Run) -> None:
    """Each value has a line with its section, its item and its measure."""
    rows = list(csv.DictReader(io.StringIO(done(run("status", "--csv")))))
    values = {(row["section"], row["item"], row["measure"]): row["value"] for row in rows}
    assert values["stored", "bucket incoming/", "items"] == "1"
    assert "Src IP" in values["rejected", "paris/bad.csv", "reason"]


def test_names_that_a_spreadsheet_would_run_are_texts(deployment: Deployment, run: Run) -> None:
    """A cell that begins like a formula gets an apostrophe before it."""
    record = File(branch="=1+1", key="x.csv", state="counted", arrived_at=1, attempts=1)
    client("dynamodb").put_item(TableName=deployment.files, Item=record.serialize())
    rows = list(csv.DictReader(io.StringIO(done(run("status", "--branch", "=1+1", "--csv")))))
    assert {row["item"] for row in rows} == {"'=1+1/x.csv"}


def test_pipes_get_a_line_for_each_row(deployment: Deployment, run: Run) -> None:
    """200 files give 200 lines, however long their names are."""
    for number in range(200):
        record = File(
            branch="paris", key=f"{number:03}-{LONG_NAME}", state="counted", arrived_at=number, attempts=1
        )
        client("dynamodb").put_item(TableName=deployment.files, Item=record.serialize())
    shown = done(run("status", "--branch", "paris", "--files", "200")).splitlines()
    assert sum(LONG_NAME in line for line in shown) == 200
    assert all(line == line.rstrip() for line in shown)


def test_quiet_says_nothing_but_what_was_asked_for(counted: Deployment, run: Run) -> None:
    """Results, warnings and errors stay, before and behind the command."""
    assert done(run("redrive", "--quiet")) == ""
    assert done(run("--quiet", "verify", "--all")) == ""
    assert "10.0.0.1" in done(run("top", "-q"))
    assert "Next:" in done(run("status"))
    assert "Next:" not in done(run("status", "-q"))
    failed = run("status", "--branch", "nobody", "-q")
    assert (failed.returncode, "no file of this branch" in failed.stderr) == (1, True)


def test_errors_have_codes_for_programs(deployment: Deployment, run: Run) -> None:
    """With --json an error is a document, too: a code that no rewording changes, and the words."""
    for arguments, status, code in (
        (["top"], 1, "not_found"),
        (["verify"], 2, "usage"),
        (["top", "-n", "0"], 2, "usage"),
        (["top", "--endpoint-url", "http://127.0.0.1:9"], 1, "service_unavailable"),
        (["top", "--csv"], 2, "usage"),
    ):
        failed = run(*arguments, "--json")
        error = json.loads(failed.stdout)["error"]
        assert (failed.returncode, error["code"]) == (status, code)
        assert error["found"] in " ".join(failed.stderr.split())
        assert "Traceback" not in failed.stderr


def test_the_endpoint_may_be_an_option(counted: Deployment, run: Run) -> None:
    """--endpoint-url leads to another address than AWS's, before and behind the command."""
    address = os.environ["AWS_ENDPOINT_URL"]
    for arguments in (("--endpoint-url", address, "top"), ("top", "--endpoint-url", address)):
        assert "10.0.0.1" in done(run(*arguments, AWS_ENDPOINT_URL=""))
    lost = run("top", "--endpoint-url", "http://127.0.0.1:9")
    assert lost.returncode == 1
    assert "--endpoint-url" in lost.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete(shell: str, run: Run, tmp_path: Path) -> None:
    """The script is the shell's own, and asks the program, which knows commands and options."""
    assert "_FLOWTALLY_COMPLETE" in done(run("completion", shell))
    for words, offered in (("flowtally to", "top"), ("flowtally top --js", "--json")):
        asked = subprocess.run(
            [sys.executable, "-c", "from clients.cli import main; main()"],
            env={
                **os.environ,
                "_FLOWTALLY_COMPLETE": f"{shell}_complete",
                "COMP_WORDS": words,
                "COMP_CWORD": words.rpartition(" ")[2] if shell == "fish" else str(words.count(" ")),
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert offered in asked.stdout
