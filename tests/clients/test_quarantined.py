"""`flowtally status`: which rows are in quarantine, where and why."""

import json
from hashlib import sha256

import pytest

from clients.queries.file_report import reasons_of
from models.deployment import Deployment
from models.flow_csv.notes import Note
from models.storage.schema import File
from tests.clients.test_status import GOOD, ONE_WRONG_ROW, lines_with, process, record
from tests.helpers.deployed import keys, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run, done

NOBODY_SET_THE_CLOCK = flow_csv(
    "10.0.0.1,10.0.0.2,07/12/2022,1000,3",
    "10.0.0.1,10.0.0.2,01/01/1970,1000,3",
    *["10.0.0.3,10.0.0.2,8.12.22,1,5"] * 2,
)


def test_status_tells_where_quarantined_rows_lie(run: Run, deployment: Deployment) -> None:
    """The key is that of the object; files without quarantined rows are not listed."""
    process(deployment, "incoming/paris/torn.csv", ONE_WRONG_ROW)
    process(deployment, "incoming/paris/good.csv", GOOD)
    shown = done(run("status", COLUMNS="200"))
    assert lines_with(shown, "torn.csv")[0][-2:] == ["2", "1"]
    key = f"quarantine/{sha256(ONE_WRONG_ROW).hexdigest()}.csv.gz"
    assert lines_with(shown, key)
    assert keys(deployment, "quarantine/") == [key]
    assert deployment.bucket in shown
    assert "flowtally upload FILE --branch BRANCH" in shown
    assert "good.csv" not in shown
    assert "Rejected files" not in shown


@pytest.mark.parametrize("arguments", [["status"], ["status", "--branch", "paris"]], ids=" ".join)
def test_status_tells_why_rows_are_in_quarantine(
    run: Run, deployment: Deployment, arguments: list[str]
) -> None:
    """The commonest reason, the first line that has it and what to do, and what was assumed of the file."""
    process(deployment, "incoming/paris/torn.csv", ONE_WRONG_ROW)
    process(deployment, "incoming/paris/clock.csv", NOBODY_SET_THE_CLOCK)
    shown = " ".join(done(run(*arguments)).split())
    assert "Flow Duration is negative (line 3): leave the row out" in shown
    assert "most often: Timestamp is not a date (from line 4 on): write it day first or as" in shown
    assert Note.CLOCK_NOT_SET.text in shown
    found = json.loads(done(run(*arguments, "--json")))
    rows = {row["file"]: row for row in found["quarantined"] + found.get("files", [])}
    assert {why["reason"].partition(":")[0]: (why["rows"], why["files"]) for why in found["reasons"]} == {
        "Flow Duration is negative": (1, 1),
        "Timestamp is not a date": (2, 1),
    }
    assert rows["paris/torn.csv"]["commonest"].startswith("Flow Duration is negative: leave")
    assert [rows[f"paris/{name}.csv"]["commonest_line"] for name in ("torn", "clock")] == [3, 4]
    assert [rows[f"paris/{name}.csv"]["notes"] for name in ("torn", "clock")] == ["", Note.CLOCK_NOT_SET.text]


def test_quarantined_rows_are_added_up_by_reason(run: Run, deployment: Deployment) -> None:
    """Over all files, not only those listed, that with the most rows first; same content counts once."""
    negative, no_date = "Flow Duration is negative: leave the row out", "Timestamp is not a date: write one"
    for number, (reason, rows) in enumerate([(no_date, 2), (negative, 4), (no_date, 1500)]):
        record(
            deployment,
            "paris",
            f"{number}.csv",
            quarantined=rows,
            commonest=reason,
            digest=bytes([number] * 32),
        )
        upload(deployment, f"quarantine/{bytes([number] * 32).hex()}.csv.gz", b"x")
    record(
        deployment, "rome", "a.csv", "duplicate", quarantined=4, commonest=negative, digest=bytes([1] * 32)
    )
    record(deployment, "rome", "dealt-with.csv", quarantined=7, commonest=negative, digest=bytes([9] * 32))
    found = json.loads(done(run("status", "--files", "1", "--json")))
    assert found["reasons"] == [
        {"reason": no_date, "rows": 1502, "files": 2},
        {"reason": negative, "rows": 4, "files": 2},
    ]
    shown = done(run("status"))
    assert lines_with(shown, no_date)[-1][-2:] == ["1,502", "2"]
    of_rome = json.loads(done(run("status", "--branch", "rome", "--json")))
    assert of_rome["reasons"] == [{"reason": negative, "rows": 11, "files": 2}]


def test_files_whose_content_is_not_known_are_not_taken_for_one() -> None:
    """Only the same digest makes the same rows; a file without one counts by itself."""
    files = [File(branch="paris", key=key, quarantined=2, commonest="r") for key in ("a.csv", "b.csv")]
    assert [(why.rows, why.files) for why in reasons_of(files)] == [(4, 2)]
