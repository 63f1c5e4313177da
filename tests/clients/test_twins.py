"""`flowtally status --branch`: whose content a duplicate has."""

import json

from models.deployment import Deployment
from tests.clients.test_status import MARCH, process, record
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
