"""What a key may do that somebody chose who may upload: nothing to others, and nothing unseen."""

import pytest

from clients.queries.file_report import SetAside, read_file_report
from clients.uploading.uploader import check_branch
from handlers.assembly import summarizer_for
from models.bucket_layout import check_incoming_key
from models.deployment import Deployment
from models.errors import FileRejected, UsageError
from models.s3_events import notification_of
from models.storage.file_records import FilesTable
from tests.helpers.deployed import client, keys, stored_days, upload
from tests.helpers.flow_files import flow_csv

CONTENT = flow_csv("10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1000,3")
IMPOSTORS = ["-", "=1+1", "a>b", "pаris", " paris", "paris ", "new  york", "paris\u200b", "..", "p" * 65]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("incoming/paris/", "ends in /"),
        ("incoming/paris/day.csv/", "ends in /"),
        (f"incoming/paris/{'é' * 480}.csv", "too long"),
        *((f"incoming/{branch}/day.csv", "no name for") for branch in IMPOSTORS),
    ],
)
def test_a_key_that_cannot_be_handled_is_set_aside_and_listed(
    deployment: Deployment, key: str, reason: str
) -> None:
    """Nothing of the file counts; it lies in rejected/, and the list of what needs somebody has it."""
    upload(deployment, key, CONTENT)
    summarizer_for(deployment).process(notification_of(deployment.bucket, key), 1)
    assert stored_days(deployment) == {}
    assert keys(deployment, "incoming/") == []
    (set_aside,) = keys(deployment, "rejected/")
    files = FilesTable(client("dynamodb"), deployment.files)
    (listed,) = read_file_report(files, SetAside([set_aside]), 10).rejected.files
    assert reason in str(listed.reason)
    assert f"{listed.branch}/{listed.key}".removeprefix("-/") in set_aside


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        ({"StorageClass": "GLACIER"}, "archive"),
        ({"StorageClass": "DEEP_ARCHIVE"}, "archive"),
        ({"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}, "a key that only its sender has"),
    ],
)
def test_an_object_that_nobody_can_read_is_listed_and_stays(
    deployment: Deployment, kept: dict[str, str], reason: str
) -> None:
    """It is tried once; it cannot be copied, so it stays, and what is sent in its place is counted."""
    key, s3 = "incoming/paris/day.csv", client("s3")
    s3.put_object(Bucket=deployment.bucket, Key=key, Body=CONTENT, **kept)
    summarizer = summarizer_for(deployment)
    summarizer.process(notification_of(deployment.bucket, key), 1)
    assert keys(deployment) == [key]
    files = FilesTable(client("dynamodb"), deployment.files)
    (listed,) = read_file_report(files, SetAside(keys(deployment)), 10).rejected.files
    assert (listed.branch, listed.key) == ("paris", "day.csv")
    assert reason in str(listed.reason)
    upload(deployment, key, CONTENT)
    summarizer.process(notification_of(deployment.bucket, key), 1)
    assert [file.state for file in files.all()] == ["counted"]
    assert keys(deployment) == []


@pytest.mark.parametrize("branch", IMPOSTORS)
def test_client_and_worker_refuse_the_same_branches(branch: str) -> None:
    """What `upload` does not take for a branch, no worker takes either."""
    with pytest.raises(UsageError):
        check_branch(branch)
    with pytest.raises(FileRejected):
        check_incoming_key(f"incoming/{branch}/day.csv")


@pytest.mark.parametrize("branch", ["paris", "Paris 7", "a", "HQ-2.lab_b", "7"])
def test_client_and_worker_take_the_same_branches(branch: str) -> None:
    """Letters and digits, with single spaces, dots, hyphens and underscores between them."""
    assert check_branch(branch) == branch
    check_incoming_key(f"incoming/{branch}/day.csv")


def test_a_file_of_no_branch_is_taken() -> None:
    """Whoever may put it into incoming/ itself is no branch."""
    check_incoming_key("incoming/day.csv")
