"""The operators' tools: starting again what was left, and taking a file out again."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from clients.local_aws.engine import EmbeddedEngine
from clients.recovering import retract
from clients.recovering.redrive import Redrive, RedriveResult
from clients.recovering.retract import CONNECTIONS, Retraction, Retractor
from handlers.assembly import summarizer_for
from models.deployment import Deployment
from models.errors import FileRejected, FlowtallyError, NotFound
from models.storage.daily_totals import DailyTotalsStore
from models.storage.file_records import FilesTable
from models.traffic import PairDay, Totals
from tests.helpers.deployed import client, keys, messages_left, stored_days, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run, done

KEY = "incoming/paris/data +1.csv"
ROW = "10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1000,3"
OTHER_ROW = "10.0.0.1,10.0.0.2,07/12/2022 11:00:00 AM,1,1"
DAY = PairDay("10.0.0.1", "10.0.0.2", "2022-12-07")


@pytest.fixture
def redrive(deployment: Deployment) -> Redrive:
    return Redrive(client("s3"), client("sqs"), deployment)


@pytest.fixture
def retractor(deployment: Deployment) -> Retractor:
    dynamodb = client("dynamodb", connections=CONNECTIONS)
    return Retractor(
        DailyTotalsStore(dynamodb, deployment.daily_totals),
        FilesTable(dynamodb, deployment.files),
        deployment.address_scope,
        deployment.source_key,
    )


def receive(deployment: Deployment) -> Any:
    """What is visible in the queue now."""
    answer = client("sqs").receive_message(
        QueueUrl=deployment.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=0
    )
    return answer.get("Messages")


def work_off_the_queue(deployment: Deployment) -> None:
    """Does what a worker does, once for each message."""
    sqs, summarizer = client("sqs"), summarizer_for(deployment)
    while messages := receive(deployment):
        for message in messages:
            summarizer.process(message["Body"], 1)
            sqs.delete_message(QueueUrl=deployment.queue_url, ReceiptHandle=message["ReceiptHandle"])


def forget_all_messages(deployment: Deployment) -> None:
    """Loses the messages, as a queue does after fourteen days."""
    sqs = client("sqs")
    while messages := receive(deployment):
        for message in messages:
            sqs.delete_message(QueueUrl=deployment.queue_url, ReceiptHandle=message["ReceiptHandle"])
    assert messages_left(deployment) == 0


def files(deployment: Deployment) -> FilesTable:
    return FilesTable(client("dynamodb"), deployment.files)


def count(deployment: Deployment, key: str, content: bytes) -> None:
    upload(deployment, key, content)
    work_off_the_queue(deployment)


def test_objects_without_a_message_are_started_again(deployment: Deployment, redrive: Redrive) -> None:
    """The objects are the truth: one whose message was lost is counted after a redrive."""
    upload(deployment, KEY, flow_csv(ROW))
    forget_all_messages(deployment)
    results: list[RedriveResult] = []
    assert redrive.restart_incoming(results.append) == 1
    assert results == [RedriveResult("paris/data +1.csv")]
    work_off_the_queue(deployment)
    assert stored_days(deployment) == {DAY: Totals(1000, 3, 1)}
    assert keys(deployment) == []


def test_rejected_files_are_started_again_with_their_reason(deployment: Deployment, redrive: Redrive) -> None:
    """They return to incoming/ under their own name, and the reason is told."""
    count(deployment, KEY, b"a,b\n1,2\n")
    results: list[RedriveResult] = []
    assert redrive.restart_rejected(results.append) == 1
    (result,) = results
    assert (result.name, result.restarted) == ("paris/data +1.csv", True)
    assert "Src IP" in result.reason
    assert keys(deployment) == [KEY]
    assert messages_left(deployment) == 1


def test_a_waiting_file_is_not_overwritten(
    deployment: Deployment, redrive: Redrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rejected file stays where it is while another one waits under its name.

    The engine ignores the condition on a copy, so S3's answer is played to it.
    """
    count(deployment, KEY, b"a,b\n1,2\n")
    upload(deployment, KEY, flow_csv(ROW))

    def refuse(**request: Any) -> None:
        assert (request["Key"], request["IfNoneMatch"]) == (KEY, "*")
        raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": ""}}, "CopyObject")

    monkeypatch.setattr(redrive.s3, "copy_object", refuse)
    results: list[RedriveResult] = []
    assert redrive.restart_rejected(results.append) == 1
    assert not results[0].restarted
    assert len(keys(deployment, "rejected/")) == 1


def test_a_large_file_is_rejected_and_started_again(
    place: EmbeddedEngine, run_here: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both move it by several requests, as S3 copies 5 GB by one at the most; here that is 1,000 bytes.

    Its bytes, its reason and its name survive.
    """
    done(run_here("deploy", "--yes", "--compute", "none"))
    deployment = Deployment.from_stack(place.client("cloudformation"), "flowtally")
    monkeypatch.setattr("models.storage.objects.LARGEST_COPY", 1_000)
    monkeypatch.setattr("models.storage.objects.PART", 700)
    content = b"a,b\n" + b"1,2\n" * 1_000
    count(deployment, KEY, content)
    (rejected,) = keys(deployment)
    stored = client("s3").get_object(Bucket=deployment.bucket, Key=rejected)
    assert (rejected.startswith("rejected/"), stored["Body"].read()) == (True, content)
    assert "Src IP" in stored["Metadata"]["reason"]
    said = done(run_here("redrive", "--rejected"))
    assert "paris/data +1.csv" in said
    assert keys(deployment) == [KEY]
    again = client("s3").get_object(Bucket=deployment.bucket, Key=KEY)
    assert (again["Body"].read(), again["Metadata"]) == (content, {})
    assert messages_left(deployment) == 1


def test_dead_letters_return_to_the_queue(deployment: Deployment, redrive: Redrive) -> None:
    """Messages that failed for hours are handed to the workers again, each once."""
    for number in range(12):
        client("sqs").send_message(QueueUrl=deployment.dead_letter_queue_url, MessageBody=f"message {number}")
    forget_all_messages(deployment)
    assert redrive.move_dead_letters() == 12
    assert messages_left(deployment) == 12
    assert redrive.move_dead_letters() == 0


def test_a_retracted_file_is_taken_out(deployment: Deployment, retractor: Retractor, tmp_path: Path) -> None:
    """What it added is gone, what other files added stays, and its record says so."""
    file = tmp_path / "data.csv"
    file.write_bytes(flow_csv(ROW))
    count(deployment, KEY, file.read_bytes())
    count(deployment, "incoming/paris/other.csv", flow_csv(OTHER_ROW))
    records = list(files(deployment).all())
    assert retractor.retract("paris", file, records) == Retraction(taken_out=1, not_in=0)
    assert stored_days(deployment) == {DAY: Totals(1, 1, 1)}
    assert {record.key: record.state for record in files(deployment).all()} == {
        "data +1.csv": "retracted",
        "other.csv": "counted",
    }


def test_a_wide_file_is_taken_out_in_parts(
    deployment: Deployment, retractor: Retractor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many passes it takes, all of it goes, once."""
    monkeypatch.setattr(retract, "PAIR_DAYS", 7)
    file = tmp_path / "data.csv"
    file.write_bytes(flow_csv(*(f"10.0.0.1,10.0.1.{n},07/12/2022,{n},1" for n in range(30))))
    count(deployment, KEY, file.read_bytes())
    assert retractor.retract("paris", file, []) == Retraction(taken_out=30, not_in=0)
    assert set(stored_days(deployment).values()) == {Totals(0, 0, 0)}


def test_what_was_counted_under_other_rules_is_not_taken_out(
    deployment: Deployment, retractor: Retractor, tmp_path: Path
) -> None:
    """The ledger has other rows or quarantined rows than are read today: nothing is changed."""
    file = tmp_path / "data.csv"
    file.write_bytes(flow_csv(ROW))
    count(deployment, KEY, file.read_bytes())
    (record,) = files(deployment).all()
    record.quarantined = 1
    with pytest.raises(FlowtallyError, match="1 of them in quarantine; read now, it has 1 and 0"):
        retractor.retract("paris", file, [record])
    assert stored_days(deployment) == {DAY: Totals(1000, 3, 1)}


def test_a_second_retraction_changes_nothing(
    deployment: Deployment, retractor: Retractor, tmp_path: Path
) -> None:
    """Content that is not counted cannot be taken out, and the message says so."""
    file = tmp_path / "data.csv"
    file.write_bytes(flow_csv(ROW))
    count(deployment, KEY, file.read_bytes())
    retractor.retract("paris", file, [])
    with pytest.raises(NotFound, match="not counted"):
        retractor.retract("paris", file, [])
    assert stored_days(deployment) == {DAY: Totals(0, 0, 0)}


def test_a_retracted_file_may_be_uploaded_again(
    deployment: Deployment, retractor: Retractor, tmp_path: Path
) -> None:
    """After a retraction the same content counts once more."""
    file = tmp_path / "data.csv"
    file.write_bytes(flow_csv(ROW))
    count(deployment, KEY, file.read_bytes())
    retractor.retract("paris", file, [])
    count(deployment, KEY, file.read_bytes())
    assert stored_days(deployment) == {DAY: Totals(1000, 3, 1)}


def test_the_commands_say_what_they_did(run: Run, deployment: Deployment, tmp_path: Path) -> None:
    """`redrive` names what it started and why it had been set aside, `retract` what it took out."""
    file = tmp_path / "data.csv"
    file.write_bytes(flow_csv(ROW))
    count(deployment, KEY, file.read_bytes())
    count(deployment, "incoming/paris/bad.csv", b"a,b\n1,2\n")
    upload(deployment, "incoming/paris/left.csv", flow_csv(OTHER_ROW))
    redriven = run("redrive", "--rejected", "--dead-letters").stdout
    assert "started again   paris/left.csv\n" in redriven
    assert "started again   paris/bad.csv  had been rejected: " in redriven
    assert "0 dead letters moved back to the queue" in redriven
    done = run("retract", file, "--branch", "paris")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{file}: taken out of 1 pair-day\n"
    again = run("retract", file, "--branch", "paris")
    assert (again.returncode, "not counted" in again.stderr) == (1, True)


def test_a_redrive_with_nothing_to_do_says_so(run: Run, deployment: Deployment) -> None:
    """Nobody has to guess whether it did anything."""
    done = run("redrive", "--rejected", "--dead-letters")
    assert done.stdout.splitlines() == [
        "Nothing lies in incoming/",
        "Nothing lies in rejected/",
        "0 dead letters moved back to the queue",
    ]


def test_content_of_another_branch_is_not_taken_out_unasked(
    run: Run, deployment: Deployment, tmp_path: Path
) -> None:
    """Its upload is named; without an answer nothing changes, with --yes it is taken out."""
    file = tmp_path / "data.csv"
    file.write_bytes(flow_csv(ROW))
    count(deployment, "incoming/london/day.csv", file.read_bytes())
    before = stored_days(deployment)
    refused = run("retract", file, "--branch", "paris")
    assert refused.returncode == 2
    assert "sent as london/day.csv" in refused.stderr
    assert stored_days(deployment) == before
    assert run("retract", file, "--branch", "paris", "--yes").returncode == 0
    assert stored_days(deployment) != before
    assert [record.state for record in files(deployment).all()] == ["retracted"]


def test_only_flow_files_can_be_retracted(retractor: Retractor, tmp_path: Path) -> None:
    """A file that is none is refused with the reason."""
    file = tmp_path / "letter.csv"
    file.write_bytes(b"a,b\n1,2\n")
    with pytest.raises(FileRejected):
        retractor.retract("paris", file, [])
