"""`flowtally status --branch` and `upload --wait`: whose content a duplicate has."""

import json
from pathlib import Path

from clients.queries.twins import Twins
from models.deployment import Deployment
from models.storage.file_records import FilesTable
from models.storage.schema import File
from tests.clients.conftest import Calls
from tests.clients.test_status import MARCH, process, record
from tests.helpers.daemons import daemon
from tests.helpers.deployed import client
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run, done


def test_a_duplicate_names_the_file_of_another_branch(run: Run, deployment: Deployment) -> None:
    """As the worker records it: people read it below the name, programs as `same_as`; others have none."""
    same = flow_csv("10.0.0.1,10.0.0.2,07/12/2022,1000,3")
    process(deployment, "incoming/paris/day.csv", same)
    process(deployment, "incoming/rome/copy.csv", same)
    process(deployment, "incoming/rome/other.csv", flow_csv("10.0.0.1,10.0.0.2,08/12/2022,1000,3"))
    shown = done(run("status", "--branch", "rome"))
    (line,) = [line.strip() for line in shown.splitlines() if "same content" in line]
    assert "same content as paris/day.csv" in line
    files = json.loads(done(run("status", "--branch", "rome", "--json")))["files"]
    assert {row["file"]: row["same_as"] for row in files} == {
        "rome/copy.csv": "paris/day.csv",
        "rome/other.csv": "",
    }


def test_the_twin_is_the_file_that_was_counted_first(run: Run, deployment: Deployment) -> None:
    """Not another duplicate, not one that was taken out; and where none is known, none is named."""
    content = bytes(32)
    record(deployment, "paris", "a.csv", "retracted", arrived_at=MARCH - 2, digest=content)
    record(deployment, "paris", "b.csv", "duplicate", arrived_at=MARCH - 1, digest=content)
    for branch, key, later in (("lyon", "d.csv", 1), ("paris", "c.csv", 0), ("zurich", "e.csv", 2)):
        record(deployment, branch, key, arrived_at=MARCH + later, digest=content)
    record(deployment, "rome", "copy.csv", "duplicate", digest=content)
    record(deployment, "rome", "alone.csv", "duplicate", digest=b"1" * 32)
    files = json.loads(done(run("status", "--branch", "rome", "--json")))["files"]
    assert {row["file"]: row["same_as"] for row in files} == {
        "rome/copy.csv": "paris/c.csv",
        "rome/alone.csv": "",
    }


def test_upload_names_the_twin_of_what_it_waited_for(
    run: Run, deployment: Deployment, tmp_path: Path
) -> None:
    """As `status` does, whatever branch counted it; of two in one command the one that was counted."""
    known, new = (flow_csv(f"10.0.0.1,10.0.0.2,0{day}/12/2022,1000,3") for day in (7, 8))
    process(deployment, "incoming/rome/day.csv", known)
    for name, content in (("known", known), ("new", new), ("new-again", new)):
        (tmp_path / f"{name}.csv").write_bytes(content)
    with daemon(deployment, tmp_path):
        sent = json.loads(done(run("upload", ".", "--branch", "paris", "--wait", "--json")))["became"]
        shown = done(run("upload", "known.csv", "--branch", "lyon", "--wait"))
    assert [row["same_as"] for row in sent if "known" in row["file"]] == ["rome/day.csv"]
    (counted,) = [row["file"] for row in sent if row["state"] == "counted"]
    assert sorted(row["same_as"] for row in sent if "new" in row["file"]) == ["", counted]
    assert [line.strip() for line in shown.splitlines() if "same content" in line] == [
        "same content as rome/day.csv"
    ]


def test_a_hundred_duplicates_read_all_files_once(simple_deployment: Deployment, calls: Calls) -> None:
    """Twins of the same branch are found without the others; what is counted meanwhile is known, too."""
    table = FilesTable(client("dynamodb"), simple_deployment.files)
    contents = [bytes([number]) * 32 for number in range(100)]
    for content in contents[1:]:
        record(simple_deployment, "rome", f"{content[0]}.csv", digest=content)
    duplicates = [
        File(branch="paris", key=f"{it[0]}.csv", state="duplicate", arrived_at=1, attempts=1, digest=it)
        for it in contents
    ]
    twins = Twins(table, "paris", (content.hex()[:16] for content in contents))
    found = [twins.of(duplicate) for duplicate in duplicates]
    assert [twin and twin.key for twin in found] == [None, *(f"{number}.csv" for number in range(1, 100))]
    twins.take(File(branch="paris", key="x", state="counted", arrived_at=1, attempts=1, digest=contents[0]))
    assert twins.of(duplicates[0]) is not None
    assert calls.count(("Scan", simple_deployment.files)) == 1
