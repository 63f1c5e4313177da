"""Files that are counted in part: everybody who looks is told, until they are completed."""

import json
import time

from models.deployment import Deployment
from tests.clients.test_status import record
from tests.helpers.program import Run, done


def test_a_partly_counted_file_needs_somebody(deployment: Deployment, run: Run) -> None:
    """`status` says why, for all and for its branch; monitors hear of it until it is completed."""
    now = int(time.time())
    record(deployment, "paris", "a.csv", "partly counted", reason="items are full", arrived_at=now)
    record(deployment, "rome", "b.csv", arrived_at=now)
    for of_branch in ([], ["--branch", "paris"]):
        shown = json.loads(done(run("status", *of_branch, "--json")))
        assert [(it["file"], it["reason"]) for it in shown["partly"]] == [("paris/a.csv", "items are full")]
        assert "Partly counted files" in done(run("status", *of_branch))
        checked = run("status", *of_branch, "--check", "--json")
        (problem,) = json.loads(checked.stdout)["problems"]
        assert (checked.returncode, problem["kind"]) == (3, "partly_counted")
        assert problem["what"] == "1 file partly counted, until completed or retracted"
    assert done(run("status", "--branch", "rome", "--check")) == ""
    record(deployment, "paris", "a.csv", arrived_at=now)
    assert done(run("status", "--check")) == ""
