"""A file that was counted before in another state is held back, or takes the place of that state."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.commands.upload import _taking_out
from clients.terminal.account import Account
from clients.uploading import content as content_of_files
from clients.uploading.local_files import flow_files
from clients.uploading.outcome import Outcome, Upload
from clients.uploading.uploader import CONNECTIONS, Progress, Uploader
from models.bucket_layout import incoming_key
from models.deployment import Deployment
from models.storage.daily_totals import DailyTotalsStore
from models.storage.file_records import FilesTable
from tests.clients.uploading.growing_files import content, count_all, expected, with_flows
from tests.helpers.deployed import client, keys
from tests.helpers.program import Run

Send = Callable[..., Upload]


@pytest.fixture
def send(deployment: Deployment) -> Send:
    """Sends a file of Paris."""

    def sending(path: Path, body: bytes, *, replaces: bool = False, **options: bool) -> Upload:
        path.write_bytes(body)
        files = FilesTable(client("dynamodb"), deployment.files)
        uploader = Uploader(
            client("s3", connections=CONNECTIONS),
            deployment.bucket,
            "paris",
            files,
            take_out=_taking_out(Account("flowtally"), "paris", files) if replaces else None,
            **options,
        )
        (upload,) = uploader.send(flow_files([path]), Progress())
        return upload

    return sending


@pytest.mark.parametrize("is_compressed", [False, True])
def test_a_file_that_has_grown_is_held_back(
    deployment: Deployment, send: Send, tmp_path: Path, is_compressed: bool
) -> None:
    """Nothing is sent and nothing changes; the reason says what replaces it."""
    path, pack = (tmp_path / "day.csv.gz", gzip.compress) if is_compressed else (tmp_path / "day.csv", bytes)
    send(path, pack(content(30)))
    count_all(deployment)
    held = send(path, pack(content(40)))
    assert held.outcome is Outcome.HELD
    assert "it has grown since it was counted as day-" in held.reason
    assert "--replace" in held.reason
    assert (keys(deployment, "incoming/"), with_flows(deployment)) == ([], expected(30))


@pytest.mark.parametrize("is_compressed", [False, True])
def test_a_file_that_grows_ten_times_counts_once(
    deployment: Deployment, send: Send, tmp_path: Path, is_compressed: bool
) -> None:
    """Sent with --replace each time, plain or gzipped, the totals are those of the last state."""
    for rows in range(10, 110, 10):
        body = gzip.compress(content(rows)) if is_compressed else content(rows)
        sent = send(tmp_path / ("day.csv.gz" if is_compressed else "day.csv"), body, replaces=True)
        assert sent.outcome is Outcome.SENT
        count_all(deployment)
        assert with_flows(deployment) == expected(rows)


def test_a_file_that_was_corrected_is_held_back(deployment: Deployment, send: Send, tmp_path: Path) -> None:
    """--replace does not help, as the earlier rows are not at hand; --force sends it."""
    send(tmp_path / "day.csv", content(30))
    count_all(deployment)
    corrected = content(30).replace(b"1029", b"1030")
    held = send(tmp_path / "day.csv", corrected, replaces=True)
    assert (held.outcome, "flowtally retract" in held.reason) == (Outcome.HELD, True)
    assert with_flows(deployment) == expected(30)
    assert send(tmp_path / "day.csv", corrected, is_forced=True).outcome is Outcome.SENT


def test_another_first_row_is_another_file(deployment: Deployment, send: Send, tmp_path: Path) -> None:
    """Of the same name; it is sent without a word."""
    send(tmp_path / "day.csv", content(30))
    count_all(deployment)
    sent = send(tmp_path / "day.csv", content(30, first=30))
    assert (sent.outcome, sent.remarks) == (Outcome.SENT, ())


def test_an_interruption_at_any_write_is_made_good_by_repeating(
    deployment: Deployment, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much of the earlier state was out already, in the end every row counts once."""
    send(tmp_path / "day.csv", content(30))
    count_all(deployment)
    take_out, writes = DailyTotalsStore.take_out_once, 0

    def interrupted(store: DailyTotalsStore, *arguments: object) -> bool:
        nonlocal writes
        writes += 1
        if writes % 4 == 0:
            raise OSError("interrupted")
        return take_out(store, *arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(DailyTotalsStore, "take_out_once", interrupted)
        assert send(tmp_path / "day.csv", content(40), replaces=True).outcome is Outcome.FAILED
    assert with_flows(deployment) != expected(30)
    assert send(tmp_path / "day.csv", content(40), replaces=True).outcome is Outcome.SENT
    count_all(deployment)
    assert with_flows(deployment) == expected(40)


def test_what_was_taken_out_and_not_marked_is_no_obstacle(
    deployment: Deployment, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interruption between the last write and the record of the earlier state is made good, too."""
    send(tmp_path / "day.csv", content(30))
    count_all(deployment)

    def fails(*_: object) -> None:
        raise OSError("interrupted")

    with monkeypatch.context() as patched:
        patched.setattr(FilesTable, "put", fails)
        assert send(tmp_path / "day.csv", content(40), replaces=True).outcome is Outcome.FAILED
    assert with_flows(deployment) == {}
    assert send(tmp_path / "day.csv", content(40), replaces=True).outcome is Outcome.SENT
    count_all(deployment)
    assert with_flows(deployment) == expected(40)


def test_content_that_others_sent_is_not_taken_out(
    deployment: Deployment, send: Send, tmp_path: Path
) -> None:
    """It would go for them, too: the file fails, with their uploads named, and nothing changes."""
    send(tmp_path / "day.csv", content(30))
    client("s3").put_object(Bucket=deployment.bucket, Key=incoming_key("rome", "x.csv"), Body=content(30))
    count_all(deployment)
    failed = send(tmp_path / "day.csv", content(40), replaces=True)
    assert (failed.outcome, "sent as rome/x.csv, too" in failed.reason) == (Outcome.FAILED, True)
    assert (keys(deployment, "incoming/"), with_flows(deployment)) == ([], expected(30))


def test_an_earlier_state_that_waits_is_waited_for(
    deployment: Deployment, send: Send, tmp_path: Path
) -> None:
    """Nobody knows yet what will be counted of it, so nothing can take its place."""
    send(tmp_path / "day.csv", content(30))
    held = send(tmp_path / "day.csv", content(40), replaces=True)
    assert (held.outcome, "waits to be counted" in held.reason) == (Outcome.HELD, True)
    count_all(deployment)
    assert send(tmp_path / "day.csv", content(40), replaces=True).outcome is Outcome.SENT


def test_a_file_that_changes_after_its_earlier_state_is_taken_out_has_failed(
    deployment: Deployment, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it is counted then, so that it is not just left for later; sent again, all is well."""
    path = tmp_path / "day.csv"
    send(path, content(30))
    count_all(deployment)
    take_out = DailyTotalsStore.take_out_once

    def written_to(store: DailyTotalsStore, *arguments: object) -> bool:
        path.write_bytes(content(41).replace(b"1029", b"1030"))
        return take_out(store, *arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(content_of_files, "IN_MEMORY", 10)  # bytes of it; the rest is read a second time
        patched.setattr(DailyTotalsStore, "take_out_once", written_to)
        failed = send(path, content(40), replaces=True)
    assert (failed.outcome, "nothing of it is counted" in failed.reason) == (Outcome.FAILED, True)
    assert with_flows(deployment) == {}
    assert send(path, content(41), replaces=True).outcome is Outcome.SENT
    count_all(deployment)
    assert with_flows(deployment) == expected(41)


@pytest.mark.parametrize("replaces", [False, True])
def test_a_state_that_is_partly_counted_is_completed_first(
    deployment: Deployment, send: Send, tmp_path: Path, replaces: bool
) -> None:
    """Its copy in rejected/ would count again; the reason says what to do."""
    send(tmp_path / "day.csv", content(30))
    count_all(deployment)
    files = FilesTable(client("dynamodb"), deployment.files)
    (record,) = files.all()
    record.state = "partly counted"
    files.put(record)
    held = send(tmp_path / "day.csv", content(40), replaces=replaces)
    assert held.outcome is Outcome.HELD
    assert "partly counted" in held.reason
    assert "flowtally redrive --rejected" in held.reason


def test_a_dry_run_takes_nothing_out(deployment: Deployment, send: Send, tmp_path: Path) -> None:
    """It says what would be sent."""
    send(tmp_path / "day.csv", content(30))
    count_all(deployment)
    assert (
        send(tmp_path / "day.csv", content(40), replaces=True, is_dry_run=True).outcome
        is Outcome.WOULD_BE_SENT
    )
    assert with_flows(deployment) == expected(30)


def test_the_command_tells_what_it_held_back(deployment: Deployment, run: Run, tmp_path: Path) -> None:
    """With status 1, the reason, and a place in the summary; --replace then sends it."""
    (tmp_path / "day.csv").write_bytes(content(30))
    assert run("upload", "day.csv").returncode == 0
    count_all(deployment)
    (tmp_path / "day.csv").write_bytes(content(40))
    held = run("upload", "day.csv")
    assert held.returncode == 1
    assert "held back       day.csv  it has grown" in held.stdout
    assert "0 files sent, 0 B; 1 held back" in held.stdout
    assert run("upload", "day.csv", "--replace").returncode == 0
    count_all(deployment)
    assert with_flows(deployment) == expected(40)
