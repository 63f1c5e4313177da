"""Following what was sent: whose verdict it is, and for how long it waits. On moto, in this process."""

from pathlib import Path
from typing import Any

import pytest

from clients.uploading.following import Counted, follow
from clients.uploading.local_files import LocalFile
from clients.uploading.outcome import Outcome, Upload
from models.deployment import Deployment
from models.errors import TryAgain
from models.storage.file_records import FilesTable
from models.storage.schema import File
from tests.helpers.deployed import client

KEY = "day.csv"


@pytest.fixture
def files(simple_deployment: Deployment) -> FilesTable:
    """The table of files, empty."""
    return FilesTable(client("dynamodb"), simple_deployment.files)


def record(deployment: Deployment, state: str = "counted", **more: Any) -> None:
    """Notes in the table of files what became of the file."""
    entry = File(branch="paris", key=KEY, state=state, arrived_at=1, attempts=1, **more)
    client("dynamodb").put_item(TableName=deployment.files, Item=entry.serialize())


def test_follow_waits_for_news(simple_deployment: Deployment, files: FilesTable) -> None:
    """The verdict on an earlier try of the same file is not taken for this one's."""
    record(simple_deployment, state="rejected", reason="old")
    sent = Upload(LocalFile(Path(KEY), 1), KEY, Outcome.SENT, files.get("paris", KEY))
    naps = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            record(simple_deployment, rows=5, completed_at=9)

    (told,) = follow(files, "paris", [sent], 60, sleep)
    assert isinstance(told, Counted)
    verdict = told.record
    assert (verdict.state, verdict.rows, len(naps)) == ("counted", 5, 3)


def test_follow_does_not_wait_for_ever(files: FilesTable) -> None:
    """After its time it says which files are still on their way."""
    sent = Upload(LocalFile(Path("day.csv"), 1), "day.csv", Outcome.SENT)
    with pytest.raises(TryAgain, match=r"day\.csv"):
        list(follow(files, "paris", [sent], -1, lambda _: None))
