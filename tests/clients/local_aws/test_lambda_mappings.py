"""Event source mappings on this computer, at work on queues and streams of the engine, as documented."""

import json
import time
from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Any

import pytest

from clients.local_aws.engine import EmbeddedEngine
from clients.local_aws.lambda_service.delivery import MappingSettings
from clients.local_aws.lambda_service.environment import InvocationResult
from clients.local_aws.lambda_service.function import Throttled
from clients.local_aws.lambda_service.queue_mapping import QueueMapping, check_visibility, show_again
from clients.local_aws.lambda_service.stream_mapping import StreamMapping
from models.errors import UsageError
from tests.clients.local_aws.test_lambda_delivery import reported
from tests.helpers.waiting import eventually


@pytest.fixture
def queue(engine: EmbeddedEngine) -> tuple[str, str]:
    """URL and ARN of an empty queue."""
    engine.reset()
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName="tried", Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return url, attributes["QueueArn"]


def queue_mapping(
    engine: EmbeddedEngine,
    url: str,
    settings: MappingSettings,
    invoke: Callable[[bytes], InvocationResult],
    **others: Any,
) -> QueueMapping:
    sqs = engine.client("sqs")
    return QueueMapping(settings, sqs, url, invoke, give_back=partial(show_again, sqs, url), **others)


def left_in(engine: EmbeddedEngine, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = engine.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(map(int, attributes.values()))


def test_messages_that_failed_come_again_and_the_others_do_not(
    engine: EmbeddedEngine, queue: tuple[str, str]
) -> None:
    """Messages come in the form in which Lambda gives them; a failed one after the visibility timeout."""
    url, arn = queue
    seen: list[dict[str, Any]] = []

    def invoke(content: bytes) -> InvocationResult:
        (record,) = json.loads(content)["Records"]
        seen.append(record)
        fails = record["body"] == "bad" and record["attributes"]["ApproximateReceiveCount"] == "1"
        return reported(record["messageId"]) if fails else InvocationResult(b"null")

    settings = MappingSettings("id", arn, "tried", 1, reports_failures=True)
    mapping = queue_mapping(engine, url, settings, invoke, pollers=2)
    began = time.monotonic()
    for body in ("good", "bad"):
        engine.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    eventually(lambda: not left_in(engine, url))
    mapping.stop()
    assert sorted(record["body"] for record in seen) == ["bad", "bad", "good"]
    assert time.monotonic() - began >= 2
    assert {record["eventSourceARN"] for record in seen} == {arn}


def test_a_queue_with_a_short_visibility_timeout_is_refused(
    engine: EmbeddedEngine, queue: tuple[str, str]
) -> None:
    """As Lambda refuses it: messages would come again while the function is still at work."""
    with pytest.raises(UsageError, match="visibility timeout 2 s is less than function timeout 3 s"):
        check_visibility(engine.client("sqs"), queue[0], 3)


def test_a_throttled_function_gets_its_messages_later(engine: EmbeddedEngine, queue: tuple[str, str]) -> None:
    """Nothing is lost meanwhile, and batches and filters are as set."""
    url, arn = queue
    throttled = iter([True, True])
    sizes: list[int] = []

    def invoke(content: bytes) -> InvocationResult:
        if next(throttled, False):
            raise Throttled
        sizes.append(len(json.loads(content)["Records"]))
        return InvocationResult(b"null")

    for body in "aaab":
        engine.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    settings = MappingSettings("id", arn, "tried", 10, batch_window=0.5, patterns=({"body": ["a"]},))
    mapping = queue_mapping(engine, url, settings, invoke, pollers=1)
    eventually(lambda: not left_in(engine, url))
    mapping.stop()
    assert sizes == [3]


@pytest.mark.parametrize("is_deployed", [True, False], ids=["throttled", "deleted during a poll"])
def test_a_mapping_that_is_deleted_gives_back_what_no_function_has(
    engine: EmbeddedEngine, queue: tuple[str, str], is_deployed: bool
) -> None:
    """A message waiting for a throttled function, or received after the deletion, is seen again at once."""
    url, arn = queue
    sqs = engine.client("sqs")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5400"})
    tried = Event()

    def invoke(_: bytes) -> InvocationResult:
        tried.set()
        raise Throttled

    def exists() -> bool:
        if not is_deployed:
            tried.set()
        return is_deployed

    settings = MappingSettings("id", arn, "tried", 1)
    mapping = queue_mapping(engine, url, settings, invoke, exists=exists, pollers=1)
    sqs.send_message(QueueUrl=url, MessageBody="a")
    assert tried.wait(10)
    mapping.stop()
    (message,) = sqs.receive_message(QueueUrl=url).get("Messages", [])
    assert message["Body"] == "a"


@pytest.mark.parametrize("is_deployed", [True, False], ids=["queue lost", "all deleted"])
def test_what_a_deleted_mapping_misses_is_no_trouble(
    engine: EmbeddedEngine,
    queue: tuple[str, str],
    caplog: pytest.LogCaptureFixture,
    is_deployed: bool,
) -> None:
    """A queue that is gone is told of while its mapping is deployed, and not when both were deleted."""
    url, arn = queue
    asked = Event()

    def exists() -> bool:
        asked.set()
        return is_deployed

    engine.client("sqs").delete_queue(QueueUrl=url)
    mapping = queue_mapping(
        engine,
        url,
        MappingSettings("id", arn, "tried", 1),
        lambda _: InvocationResult(b"null"),
        exists=exists,
    )
    assert asked.wait(10)
    mapping.stop()
    assert {record.message for record in caplog.records} == ({"queue not reached"} if is_deployed else set())


def test_a_stream_is_read_in_order_from_where_it_should(engine: EmbeddedEngine) -> None:
    """TRIM_HORIZON begins with what was there, LATEST with what comes; failures go on at the checkpoint."""
    engine.reset()
    dynamodb, streams = engine.client("dynamodb"), engine.client("dynamodbstreams")
    arn = dynamodb.create_table(
        TableName="tried",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]["LatestStreamArn"]

    def put(*keys: str) -> None:
        for key in keys:
            dynamodb.put_item(TableName="tried", Item={"k": {"S": key}, "raw": {"B": b"\0"}})

    seen: dict[str, list[str]] = {"TRIM_HORIZON": [], "LATEST": []}
    failing = Event()

    def invoke_for(start: str) -> Callable[[bytes], InvocationResult]:
        def invoke(content: bytes) -> InvocationResult:
            batch = json.loads(content)["Records"]
            assert batch[0]["dynamodb"]["NewImage"]["raw"] == {"B": "AA=="}
            seen[start] += [record["dynamodb"]["Keys"]["k"]["S"] for record in batch]
            if start == "TRIM_HORIZON" and not failing.is_set():
                failing.set()
                return reported(batch[-1]["dynamodb"]["SequenceNumber"])
            return InvocationResult(b"null")

        return invoke

    put("a", "b", "c")
    mappings = [
        StreamMapping(
            MappingSettings("id", arn, "tried", 100, starting_position=start, reports_failures=True),
            streams,
            invoke_for(start),
        )
        for start in seen
    ]
    eventually(lambda: seen["TRIM_HORIZON"] == ["a", "b", "c", "c"])
    time.sleep(0.5)
    put("d")
    eventually(lambda: seen["LATEST"] == ["d"] and seen["TRIM_HORIZON"][-1] == "d")
    for mapping in mappings:
        mapping.stop()
    assert seen["TRIM_HORIZON"] == ["a", "b", "c", "c", "d"]
