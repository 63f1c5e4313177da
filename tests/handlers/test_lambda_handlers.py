"""The Lambda entry points: partial batch failures and the visibility of what failed."""

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from handlers import consolidate, summarize
from handlers.summarizing.messages import back_off
from models.deployment import Deployment
from models.storage.changes import Sums
from tests.helpers.deployed import client, keys, stored_days, stored_statistics, upload
from tests.helpers.flow_files import flow_csv

REMAINING = SimpleNamespace(get_remaining_time_in_millis=lambda: 870_000)
ROW = "10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1000,3"


@pytest.fixture(autouse=True)
def environment(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What Lambda sets for a function of this deployment."""
    for name, value in deployment.to_environment().items():
        monkeypatch.setenv(name, value)
    caches = [summarize._worker, consolidate._consolidator]
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


def received(deployment: Deployment, count: int) -> list[dict[str, Any]]:
    """Messages from the queue, in the form in which a function gets them."""
    messages: list[dict[str, Any]] = []
    deadline = time.monotonic() + 10
    while len(messages) < count and time.monotonic() < deadline:
        answer = client("sqs").receive_message(
            QueueUrl=deployment.queue_url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        messages += [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
            }
            for message in answer.get("Messages", [])
            if "s3:TestEvent" not in message["Body"]
        ]
    return messages


def stream_records(deployment: Deployment) -> list[dict[str, Any]]:
    """All changes of the daily totals so far."""
    streams = client("dynamodbstreams")
    (shard,) = streams.describe_stream(StreamArn=deployment.stream_arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=deployment.stream_arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records: list[dict[str, Any]] = streams.get_records(ShardIterator=iterator)["Records"]
    return records


def test_counted_messages_are_not_reported(deployment: Deployment) -> None:
    """All went well: nothing is to be delivered again."""
    upload(deployment, "incoming/paris/a.csv", flow_csv(ROW))
    answer = summarize.handler({"Records": received(deployment, 1)}, REMAINING)
    assert answer == {"batchItemFailures": []}
    assert len(stored_days(deployment)) == 1


def test_only_the_failed_message_comes_again(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message that failed is reported, its file logged; it is visible again after the back-off."""
    for name in ("good", "bad"):
        upload(
            deployment,
            f"incoming/paris/{name}.csv",
            flow_csv(ROW),
        )
    messages = received(deployment, 2)
    (bad,) = [message for message in messages if "bad" in message["body"]]
    summarizer, visibility = summarize._worker()
    open_object = type(summarizer)._open

    def refuse_the_bad(self: Any, uploaded: Any) -> Any:
        if "bad" in uploaded.key:
            raise ConnectionError("cut")
        return open_object(self, uploaded)

    monkeypatch.setattr(type(summarizer), "_open", refuse_the_bad)
    hidden: list[tuple[str, int]] = []
    monkeypatch.setattr(visibility, "hide", lambda receipt, seconds: hidden.append((receipt, seconds)))
    answer = summarize.handler({"Records": messages}, REMAINING)
    assert answer == {"batchItemFailures": [{"itemIdentifier": bad["messageId"]}]}
    assert [seconds for receipt, seconds in hidden if receipt == bad["receiptHandle"]] == [900, 5]
    assert keys(deployment) == ["incoming/paris/bad.csv"]
    (failure,) = [line for line in map(orjson.loads, capsys.readouterr().err.splitlines()) if "error" in line]
    assert failure["file"] == "incoming/paris/bad.csv"


def test_a_run_near_its_time_limit_gives_its_message_back_at_once(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The message is reported and visible at once, no error is logged, and the next run completes it."""
    upload(deployment, "incoming/paris/a.csv", flow_csv(ROW))
    (received_message,) = received(deployment, 1)
    visibility = summarize._worker()[1]
    hidden: list[int] = []
    monkeypatch.setattr(visibility, "hide", lambda _, seconds: hidden.append(seconds))
    nearly_over = SimpleNamespace(get_remaining_time_in_millis=lambda: 9_000)
    answer = summarize.handler({"Records": [received_message]}, nearly_over)
    assert answer == {"batchItemFailures": [{"itemIdentifier": received_message["messageId"]}]}
    assert hidden[-1] == 0
    assert not [line for line in caplog.records if line.levelname == "ERROR"]
    assert stored_days(deployment) == {}
    again = received_message | {"attributes": {"ApproximateReceiveCount": "2"}}
    assert summarize.handler({"Records": [again]}, REMAINING) == {"batchItemFailures": []}
    assert len(stored_days(deployment)) == 1


def test_back_off_grows_up_to_fifteen_minutes() -> None:
    """Sixty receives, what the queue allows, take about twelve hours."""
    waits = [back_off(receives) for receives in range(1, 61)]
    assert waits[:4] == [5, 10, 20, 40]
    assert waits == sorted(waits)
    assert waits[-1] == 900
    assert 11 * 3600 < sum(waits) < 15 * 3600


def test_a_batch_of_the_stream_is_consolidated(deployment: Deployment) -> None:
    """Records as the stream gives them end in the statistics; a second delivery changes nothing."""
    upload(deployment, "incoming/paris/a.csv", flow_csv(ROW, ROW))
    summarize.handler({"Records": received(deployment, 1)}, REMAINING)
    event = {"Records": stream_records(deployment)}
    for _ in range(2):
        assert consolidate.handler(event, None) == {"batchItemFailures": []}
        assert stored_statistics(deployment) == {("10.0.0.1", "10.0.0.2"): Sums(1, 2000, 2000**2, 6, 36)}


def test_the_first_failed_record_is_reported(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda is told the sequence number from which on to deliver again."""
    rows = [f"10.0.0.{n},10.0.0.9,07/12/2022,1000,3" for n in range(1, 6)]
    upload(deployment, "incoming/paris/a.csv", flow_csv(*rows))
    summarize.handler({"Records": received(deployment, 1)}, REMAINING)
    records = stream_records(deployment)
    failing = records[2]["dynamodb"]
    statistics = consolidate._consolidator().statistics
    apply = statistics.apply

    def refuse(pair: str, steps: Any) -> Any:
        if pair == failing["Keys"]["k"]["S"]:
            raise ConnectionError("cut")
        return apply(pair, steps)

    monkeypatch.setattr(statistics, "apply", refuse)
    answer = consolidate.handler({"Records": records}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": failing["SequenceNumber"]}]}
    assert len(stored_statistics(deployment)) == 4
