"""`upload --replace` of several files: what one of them does must not be at the cost of another."""

from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import IO, Any

import pytest
from botocore.client import BaseClient

from clients.recovering.retract import Ledger
from clients.uploading.content import Content, read_content
from clients.uploading.local_files import flow_files
from clients.uploading.outcome import Outcome, Upload
from clients.uploading.uploader import Progress, Uploader
from models.bucket_layout import incoming_key
from models.deployment import Deployment
from models.errors import FlowtallyError
from models.storage.file_records import FilesTable
from tests.clients.conftest import Calls
from tests.clients.uploading.growing_files import content, count_all, expected, replacing, with_flows
from tests.helpers.deployed import client, upload
from tests.helpers.waiting import PATIENCE


def test_the_bucket_is_listed_once(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many files to be sent with --replace, those that wait are told from the others by one list.

    That is the list which a branch may have: of its own folder, and of nothing in it.
    """
    upload(deployment, incoming_key("paris", f"day-3-{0:016x}.csv"), content(1))
    upload(deployment, incoming_key("paris", f"day-4-more-{0:016x}.csv"), content(1))
    for number in range(5):
        (tmp_path / f"day-{number}.csv").write_bytes(content(number + 1))
    listed = []
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # private, and has no stub

    def noted(self: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "ListObjectsV2":
            listed.append(arguments["Prefix"])
        return call(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    uploads = replacing(deployment).send(flow_files([tmp_path]), Progress())
    held = [it.file.path.name for it in uploads if it.outcome is Outcome.HELD]
    assert (held, listed) == (["day-3.csv"], ["incoming/paris/"])


@pytest.mark.parametrize("others", [2, 12])
def test_a_state_that_is_counted_meanwhile_is_not_overlooked(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: int
) -> None:
    """Among few other files and many: a grown file is held back whose earlier state was counted just now."""
    for folder, rows in (("a", 30), ("b", 40)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "day.csv").write_bytes(content(rows))
    for number in range(others):
        (tmp_path / "a" / f"more-{number}.csv").write_bytes(content(1, 50 + number))
    monkeypatch.setattr("clients.uploading.uploader.FILES_AT_ONCE", 1)  # in their order
    is_counted = Event()

    def late(opened: IO[bytes]) -> Content:
        if opened.name == str(tmp_path / "b" / "day.csv"):
            assert is_counted.wait(PATIENCE)
        return read_content(opened)

    class Counting(Progress):
        def finished(self, upload: Upload) -> None:
            if upload.file.path.name == "day.csv":
                count_all(deployment)
                is_counted.set()

    monkeypatch.setattr("clients.uploading.uploader.read_content", late)
    files = flow_files([tmp_path / "a", tmp_path / "b"])
    files.sort(key=lambda file: file.path == tmp_path / "b" / "day.csv")
    records = FilesTable(client("dynamodb"), deployment.files)
    uploads = Uploader(client("s3"), deployment.bucket, "paris", records).send(files, Counting())
    assert [upload.outcome for upload in uploads] == [*[Outcome.SENT] * (1 + others), Outcome.HELD]


def test_two_states_of_a_file_in_one_command_do_not_both_count(
    deployment: Deployment, tmp_path: Path
) -> None:
    """With --replace the second waits for the first, wherever they lie: the next command finishes it."""
    for folder, rows in (("a", 30), ("b", 40)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "day.csv").write_bytes(content(rows))
    for _ in range(3):
        uploads = replacing(deployment).send(flow_files([tmp_path / "b", tmp_path / "a"]), Progress())
        assert [it.outcome for it in uploads].count(Outcome.SENT) <= 1
        count_all(deployment)
    assert with_flows(deployment) == expected(40)


def test_the_ledger_is_read_once_for_all_that_is_taken_out(
    deployment: Deployment, tmp_path: Path, calls: Calls
) -> None:
    """Of many files that have grown, by one scan, which knows what was retracted meanwhile."""
    for number in range(6):
        upload(
            deployment,
            incoming_key("paris", f"day-{number}-{sha256(content(9, number)).hexdigest()[:16]}.csv"),
            content(9, number),
        )
        (tmp_path / f"day-{number}.csv").write_bytes(content(9 + number, number))
    count_all(deployment)
    calls.clear()
    uploads = replacing(deployment).send(flow_files([tmp_path]), Progress())
    outcomes = [it.outcome for it in uploads]
    assert outcomes == [Outcome.ALREADY_COUNTED] + [Outcome.SENT] * 5
    assert calls.count(("Scan", deployment.files)) == 1
    assert [it.state for it in FilesTable(client("dynamodb"), deployment.files).all()].count("retracted") == 5


def test_a_reading_of_the_ledger_is_good_for_a_minute(deployment: Deployment, calls: Calls) -> None:
    """What others sent since then would be taken out from under them, so then it is read again."""
    seconds = 1000.0
    ledger = Ledger(FilesTable(client("dynamodb"), deployment.files), now=lambda: seconds)
    assert ledger.records() is ledger.records()
    seconds += 59
    ledger.records()
    assert calls.count(("Scan", deployment.files)) == 1
    seconds += 2
    ledger.records()
    assert calls.count(("Scan", deployment.files)) == 2


@pytest.mark.parametrize("error", [OSError("torn"), FlowtallyError("counted by other rules")])
def test_a_file_that_fails_does_not_keep_its_name(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """When its earlier state cannot be taken out, another file of its name is not said to wait for it."""
    for folder, first in (("a", 0), ("b", 30)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "day.csv").write_bytes(content(20, first))
    replacing(deployment).send(flow_files([tmp_path / "a" / "day.csv"]), Progress())
    count_all(deployment)
    (tmp_path / "a" / "day.csv").write_bytes(content(25))
    monkeypatch.setattr("clients.uploading.uploader.FILES_AT_ONCE", 1)  # one after the other

    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr("clients.uploading.uploader.take_out_state", fails)
    files = flow_files([tmp_path / "a" / "day.csv", tmp_path / "b" / "day.csv"])
    failed, sent = replacing(deployment).send(files, Progress())
    assert (failed.outcome, sent.outcome) == (Outcome.FAILED, Outcome.SENT)


def test_a_name_that_waits_is_kept_by_what_waits(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is held back for it does not let the next one of its name go."""
    upload(deployment, incoming_key("paris", f"day-{0:016x}.csv"), content(1))
    for folder, rows in (("a", 30), ("b", 40)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "day.csv").write_bytes(content(rows))
    monkeypatch.setattr("clients.uploading.uploader.FILES_AT_ONCE", 1)  # one after the other
    uploads = replacing(deployment).send(flow_files([tmp_path / "a", tmp_path / "b"]), Progress())
    assert [it.outcome for it in uploads] == [Outcome.HELD, Outcome.HELD]
