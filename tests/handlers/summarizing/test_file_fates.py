"""What the table of files says of a file that was counted: duplicates, reasons, assumptions."""

from typing import Any

import pytest

from handlers.assembly import summarizer_for
from handlers.summarizing.stage import Summarizer
from models.deployment import Deployment
from models.flow_csv.notes import Note
from tests.handlers.summarizing.test_stage import BAD, GOOD, KEY, file_record, message
from tests.helpers.deployed import client, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.stand_ins import in_turn


@pytest.fixture
def summarizer(deployment: Deployment) -> Summarizer:
    return summarizer_for(deployment)


def test_content_that_was_counted_before_is_a_duplicate(
    deployment: Deployment, summarizer: Summarizer, caplog: pytest.LogCaptureFixture
) -> None:
    """The ledger and the log say that a second branch's file added nothing; the first one's stays counted."""
    content = flow_csv(GOOD, BAD)
    with caplog.at_level("INFO"):
        for branch in ("paris", "rome"):
            upload(deployment, f"incoming/{branch}/x.csv", content)
            summarizer.process(message(deployment, f"incoming/{branch}/x.csv"), 1)
    assert file_record(deployment, "paris", "x.csv").state == "counted"
    second = file_record(deployment, "rome", "x.csv")
    assert (second.state, second.rows, second.first_day) == ("duplicate", 2, "2022-12-07")
    told = [vars(event) for event in caplog.records if event.name == "flowtally.summarize"]
    assert [(event["msg"], event["file"], event["state"]) for event in told] == [
        ("file counted", "incoming/paris/x.csv", "counted"),
        ("file was counted before", "incoming/rome/x.csv", "duplicate"),
    ]


def test_other_content_for_the_same_pair_and_day_is_no_duplicate(
    deployment: Deployment, summarizer: Summarizer
) -> None:
    """Nor is a file that has no rows."""
    for name, rows in {"a.csv": [GOOD], "b.csv": [GOOD, GOOD], "empty.csv": []}.items():
        upload(deployment, f"incoming/paris/{name}", flow_csv(*rows))
        summarizer.process(message(deployment, f"incoming/paris/{name}"), 1)
        assert file_record(deployment, "paris", name).state == "counted"


def test_a_redelivery_that_finds_all_counted_is_no_duplicate(
    deployment: Deployment, summarizer: Summarizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own first delivery has counted it, and died before it could say so."""
    upload(deployment, KEY, flow_csv(GOOD))
    with monkeypatch.context() as dying:
        dying.setattr(summarizer.files, "put", in_turn)
        with pytest.raises(TypeError):
            summarizer.process(message(deployment, KEY), 1)
    summarizer.process(message(deployment, KEY), 2)
    record = file_record(deployment, "paris", "data-20221207.csv")
    assert (record.state, record.attempts) == ("counted", 2)


def test_what_another_worker_counts_at_the_same_time_is_no_duplicate(
    deployment: Deployment, summarizer: Summarizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two workers with one message the faster one's record stands; a later upload is a duplicate."""
    upload(deployment, KEY, flow_csv(GOOD))
    get_object, other = summarizer.s3.get_object, summarizer_for(deployment)

    def opened_before_the_other_counts(**request: Any) -> Any:
        found = get_object(**request)
        other.process(message(deployment, KEY), 1)
        return found

    with monkeypatch.context() as slow:
        slow.setattr(summarizer.s3, "get_object", opened_before_the_other_counts)
        summarizer.process(message(deployment, KEY), 1)
    record = file_record(deployment, "paris", "data-20221207.csv")
    assert record.state == "counted"
    record.arrived_at -= 60  # it was some time ago
    client("dynamodb").put_item(TableName=deployment.files, Item=record.serialize())
    upload(deployment, KEY, flow_csv(GOOD))
    summarizer.process(message(deployment, KEY), 1)
    assert file_record(deployment, "paris", "data-20221207.csv").state == "duplicate"


def test_the_ledger_has_the_commonest_reason_and_what_was_assumed(
    deployment: Deployment, summarizer: Summarizer, caplog: pytest.LogCaptureFixture
) -> None:
    """The reason of quarantined rows with its first line, and notes as codes; the log has the reason, too."""
    upload(deployment, KEY, flow_csv(GOOD, GOOD.replace("2022", "1970"), BAD, BAD, GOOD[:-1]))
    with caplog.at_level("INFO"):
        summarizer.process(message(deployment, KEY), 1)
    record = file_record(deployment, "paris", "data-20221207.csv")
    reason = "Flow Duration is negative: leave the row out unless the right value is known"
    assert (record.commonest, record.commonest_line) == (reason, 4)
    assert (record.rows, record.quarantined, record.notes) == (5, 3, {Note.CLOCK_NOT_SET})
    (told,) = [vars(event) for event in caplog.records if event.msg == "file counted"]
    assert (told["commonest"], told["commonest_line"]) == (reason, 4)
