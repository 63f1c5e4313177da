"""Files at which memory ran out again and again: set aside unread, and found again."""

from hashlib import sha256
from pathlib import Path

import pytest

from clients.recovering.retract import Retractor
from handlers.assembly import summarizer_for
from handlers.summarizing.delivery import DEADLY
from models.deployment import Deployment
from models.storage.daily_totals import DailyTotalsStore
from models.storage.file_records import FilesTable
from models.storage.schema import File
from tests.handlers.summarizing.test_stage import message
from tests.helpers.deployed import client, keys, stored_days, upload
from tests.helpers.flow_files import flow_csv

CONTENT = flow_csv("10.0.0.1,10.0.0.2,07/12/2022,1000,3", "10.0.0.1,10.0.0.2,08/12/2022,1,-1")


def name_of(content: bytes) -> str:
    """As `upload` names it."""
    return f"day-{sha256(content).hexdigest()[:16]}.csv"


def process(deployment: Deployment, deaths: int) -> File:
    """Brings the file to its end, and gives what is recorded then."""
    key = f"incoming/paris/{name_of(CONTENT)}"
    upload(deployment, key, CONTENT)
    summarizer_for(deployment).process(message(deployment, key), 1, deaths=deaths)
    record = FilesTable(client("dynamodb"), deployment.files).get("paris", name_of(CONTENT))
    assert record
    return record


def test_what_was_read_of_a_file_before_is_kept(deployment: Deployment) -> None:
    """One that is in the totals already, and comes again: by its digest and days it is found there."""
    counted = process(deployment, deaths=0)
    killed = process(deployment, deaths=DEADLY)
    assert (killed.state, killed.quarantined) == ("partly counted", 1)
    assert (killed.digest, killed.first_day) == (counted.digest, counted.first_day)
    assert "three processes that worked on it were killed" in str(killed.reason)
    assert [key.partition("/")[0] for key in keys(deployment)] == ["quarantine", "rejected"]


@pytest.mark.parametrize("is_counted", [True, False])
def test_such_a_file_can_be_retracted(deployment: Deployment, tmp_path: Path, is_counted: bool) -> None:
    """Nobody read it, but its name tells; that a copy is left is told also where nothing was counted."""
    if is_counted:
        process(deployment, deaths=0)
        FilesTable(client("dynamodb"), deployment.files).put(
            File(branch="paris", key=name_of(CONTENT), state="rejected", arrived_at=1, attempts=1)
        )
    process(deployment, deaths=DEADLY)
    files = FilesTable(client("dynamodb"), deployment.files)
    store = DailyTotalsStore(client("dynamodb"), deployment.daily_totals)
    retractor = Retractor(store, files, "enterprise", deployment.source_key)
    (tmp_path / "day.csv").write_bytes(CONTENT)
    done = retractor.retract("paris", tmp_path / "day.csv", files.all())
    assert (done.taken_out, done.partly) == (int(is_counted), (f"paris/{name_of(CONTENT)}",))
    assert {totals.flows for totals in stored_days(deployment).values()} <= {0}
    assert [record.state for record in files.all()] == ["retracted"]
