"""Lambda on this computer: environments, functions, and event source mappings, as AWS documents them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from clients.engine import EmbeddedEngine
from clients.lambda_service.delivery import MappingSettings, failed_records
from clients.lambda_service.environment import Environment, Layout, Outcome
from clients.lambda_service.filters import matches
from clients.lambda_service.function import FunctionSettings, LambdaFunction, Throttled
from clients.lambda_service.libraries import link_libraries
from clients.lambda_service.queue_mapping import QueueMapping, check_visibility
from clients.lambda_service.retries import Retrying
from clients.lambda_service.stream_mapping import StreamMapping
from models.errors import UsageError
from tests.support import eventually

HANDLER = """
import json, os, sys, time
count = 0
def handler(event, context):
    global count
    count += 1
    match event.get("do"):
        case "sleep": time.sleep(event["seconds"])
        case "fail": raise ValueError("as told")
        case "exit": os._exit(3)
        case "import": __import__(event["module"])
    return {"count": count, "pid": os.getpid(), "remaining": context.get_remaining_time_in_millis(),
            "arn": context.invoked_function_arn, "path": sys.path[:1], "environ": sorted(os.environ)}
"""
ARN = "arn:aws:lambda:us-east-1:000000000000:function:tried"


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the runtime brings."""
    folder = tmp_path_factory.mktemp("runtime")
    link_libraries(folder)
    return folder


@pytest.fixture
def layout(tmp_path: Path, libraries: Path) -> Layout:
    """A function that does what its event says."""
    code = tmp_path / "task"
    code.mkdir()
    (code / "tried.py").write_text(HANDLER)
    return Layout("tried.handler", code, libraries, {"FROM_THE_SETTINGS": "1", "PATH": "/usr/bin:/bin"})


@pytest.fixture
def function(layout: Layout) -> Iterator[Callable[..., LambdaFunction]]:
    """Makes functions, and ends them."""
    made: list[LambdaFunction] = []

    def make(timeout: int = 10, concurrency: int | None = None, most: int = 4) -> LambdaFunction:
        settings = FunctionSettings(
            "tried", ARN, layout.handler, "python3", timeout, 128, "", {}, "", concurrency
        )
        made.append(LambdaFunction(settings, layout, most))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def told(outcome: Outcome) -> Any:
    assert not outcome.error, outcome
    return json.loads(outcome.payload)


def event(**content: object) -> bytes:
    return json.dumps(content).encode()


# ---------------------------------------------------------------- environments and functions


def test_a_cold_start_is_followed_by_warm_ones(function: Callable[..., LambdaFunction]) -> None:
    """The first event starts a process, the next ones find it with its state."""
    tried = function()
    answers = [told(tried.invoke(event())) for _ in range(3)]
    assert [answer["count"] for answer in answers] == [1, 2, 3]
    assert len({answer["pid"] for answer in answers}) == 1
    cold, *warm = tried.outcomes
    assert cold.init > 0
    assert cold.peak_memory > 1_000_000
    assert [outcome.init for outcome in warm] == [0, 0]


def test_a_warm_call_takes_milliseconds(function: Callable[..., LambdaFunction]) -> None:
    """Nothing waits for Nagle's algorithm: the quickest of twenty calls is far below its 40 ms."""
    tried = function()
    for _ in range(20):
        tried.invoke(event())
    assert min(outcome.duration for outcome in tried.outcomes) < 0.02


def test_a_function_sees_its_package_and_the_runtime_only(function: Callable[..., LambdaFunction]) -> None:
    """boto3 can be imported; this project and what it installed cannot: packaging mistakes show."""
    tried = function()
    assert told(tried.invoke(event(do="import", module="boto3")))
    for module in ("models", "handlers", "clients", "pynamodb", "orjson", "click", "pytest"):
        assert "No module named" in tried.invoke(event(do="import", module=module)).error
    answer = told(tried.invoke(event()))
    assert "FROM_THE_SETTINGS" in answer["environ"]
    assert not {"HOME", "PYTHONPATH", "VIRTUAL_ENV"} & set(answer["environ"])


def test_the_context_tells_time_and_name(function: Callable[..., LambdaFunction]) -> None:
    """The time that remains is that of the function's timeout."""
    answer = told(function(timeout=7).invoke(event()))
    assert 5000 < answer["remaining"] <= 7000
    assert answer["arn"] == ARN


def test_an_error_of_the_handler_leaves_the_environment_warm(function: Callable[..., LambdaFunction]) -> None:
    """It is reported with its type, and the process goes on."""
    tried = function()
    outcome = tried.invoke(event(do="fail"))
    assert outcome.error == "ValueError: as told"
    assert json.loads(outcome.payload)["errorType"] == "ValueError"
    assert told(tried.invoke(event()))["count"] == 2


def test_a_timeout_kills_the_environment(function: Callable[..., LambdaFunction]) -> None:
    """The invocation fails when its time is over, and the next one starts cold."""
    tried = function(timeout=1)
    first = told(tried.invoke(event()))["pid"]
    outcome = tried.invoke(event(do="sleep", seconds=30))
    assert outcome.error == "Task timed out after 1.00 seconds"
    assert 1 <= outcome.duration < 2
    again = told(tried.invoke(event()))
    assert again["count"] == 1
    assert again["pid"] != first


def test_a_process_that_dies_at_work_is_noticed_at_once(function: Callable[..., LambdaFunction]) -> None:
    """Long before the timeout, with its exit status."""
    outcome = function(timeout=60).invoke(event(do="exit"))
    assert outcome.error == "Runtime exited with error: exit status 3"
    assert outcome.duration < 5


def test_an_environment_that_died_while_idle_is_replaced(function: Callable[..., LambdaFunction]) -> None:
    """The next event does not fail for it."""
    tried = function()
    pid = told(tried.invoke(event()))["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not tried.environments[0].is_alive)
    assert told(tried.invoke(event()))["pid"] != pid


def test_a_frozen_process_is_ended_when_its_time_is_over(function: Callable[..., LambdaFunction]) -> None:
    """One that is stopped in the middle of its work times out as any other."""
    tried = function(timeout=2)
    pid = told(tried.invoke(event()))["pid"]
    outcomes: list[Outcome] = []
    at_work = Thread(target=lambda: outcomes.append(tried.invoke(event(do="sleep", seconds=1))))
    at_work.start()
    time.sleep(0.3)
    os.kill(pid, signal.SIGSTOP)
    at_work.join()
    assert "timed out" in outcomes[0].error


def test_idle_environments_are_frozen(function: Callable[..., LambdaFunction]) -> None:
    """Between two events a process does not run; it goes on with the next."""
    tried = function()
    pid = told(tried.invoke(event()))["pid"]
    assert Path(f"/proc/{pid}/stat").read_text().split()[2] == "T"
    assert told(tried.invoke(event()))["pid"] == pid


def test_events_at_once_get_environments_of_their_own(function: Callable[..., LambdaFunction]) -> None:
    """Up to the concurrency; beyond it an event is throttled."""
    tried = function(concurrency=2)
    pids: list[int] = []
    at_work = [
        Thread(target=lambda: pids.append(told(tried.invoke(event(do="sleep", seconds=1.5)))["pid"]))
        for _ in range(2)
    ]
    for each in at_work:
        each.start()
    time.sleep(0.5)
    with pytest.raises(Throttled):
        tried.invoke(event())
    for each in at_work:
        each.join()
    assert len(set(pids)) == 2


def test_a_handler_that_cannot_be_imported_is_reported(layout: Layout) -> None:
    """With the name of what is missing, as AWS does."""
    broken = Layout("nowhere.handler", layout.code, layout.libraries, layout.variables)
    outcome = Environment(broken, ARN).initialize()
    assert outcome
    assert "nowhere" in outcome.error
    assert "Runtime.ImportModuleError" in outcome.error


def test_environments_do_not_outlive_a_parent_that_was_killed(layout: Layout, tmp_path: Path) -> None:
    """Not even frozen ones."""
    code = f"""
import time
from pathlib import Path
from clients.lambda_service.environment import Environment, Layout
layout = Layout({layout.handler!r}, Path({str(layout.code)!r}), Path({str(layout.libraries)!r}), {{}})
made = Environment(layout, "")
made.initialize()
print(made.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()

    def is_gone() -> bool:
        stat = Path(f"/proc/{pid}/stat")
        return not stat.exists() or stat.read_text().split()[2] == "Z"

    eventually(is_gone)


# ---------------------------------------------------------------- what an answer says of a batch


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (b'{"batchItemFailures": []}', ""),
        (b'{"batchItemFailures": null}', ""),
        (b"null", ""),
        (b"{}", ""),
        (b'{"batchItemFailures": [{"itemIdentifier": "b"}]}', "b"),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', "abc"),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', "abc"),
        (b'{"batchItemFailures": [{"itemId": "b"}]}', "abc"),
        (b'{"batchItemFailures": [{"itemIdentifier": "x"}]}', "abc"),
        (b'["b"]', "abc"),
    ],
)
def test_partial_failures(answer: bytes, failed: str) -> None:
    """Only what is reported failed; everything, if the report makes no sense."""
    assert failed_records(Outcome(answer), "abc", reports_failures=True) == set(failed)


def test_without_partial_failures_a_batch_fails_as_a_whole() -> None:
    """A report is not looked at, and an error is of all records."""
    report = Outcome(b'{"batchItemFailures": [{"itemIdentifier": "b"}]}')
    assert failed_records(report, "abc", reports_failures=False) == set()
    assert failed_records(Outcome(b"", "ValueError: no"), "abc", reports_failures=True) == set("abc")


@pytest.mark.parametrize(
    ("pattern", "passes"),
    [
        ({"eventName": ["INSERT"]}, True),
        ({"eventName": ["REMOVE", "INSERT"]}, True),
        ({"eventName": ["REMOVE"]}, False),
        ({"dynamodb": {"Keys": {"pair": {"S": [{"prefix": "10."}]}}}}, True),
        ({"dynamodb": {"Keys": {"pair": {"S": [{"anything-but": ["10.0.0.1"]}]}}}}, False),
        ({"dynamodb": {"OldImage": [{"exists": False}]}}, True),
        ({"dynamodb": {"size": [{"numeric": [">", 1, "<=", 5]}]}}, True),
        ({"dynamodb": {"NewImage": {"n": {"N": [{"numeric": [">", 1]}]}}}}, False),  # a string in the record
    ],
)
def test_filters(pattern: dict[str, Any], passes: bool) -> None:
    """A record passes if it has one of the values for each key; DynamoDB's numbers do not compare."""
    record = {
        "eventName": "INSERT",
        "dynamodb": {"Keys": {"pair": {"S": "10.0.0.1"}}, "NewImage": {"n": {"N": "7"}}, "size": 5},
    }
    assert matches(pattern, record) is passes


# ---------------------------------------------------------------- streams: retries


def records(count: int, changed_at: float = 0.0) -> list[dict[str, Any]]:
    return [
        {"dynamodb": {"SequenceNumber": str(n), "ApproximateCreationDateTime": changed_at}}
        for n in range(count)
    ]


class Scripted:
    """A function that fails as a test says, and notes what it was given."""

    def __init__(self, answer: Callable[[list[str]], Outcome]) -> None:
        self.batches: list[str] = []
        self._answer = answer

    def __call__(self, batch: Sequence[Any]) -> Outcome:
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        self.batches.append("".join(numbers))
        return self._answer(numbers)


def retrying(function: Scripted, **settings: Any) -> Retrying:
    mapping = MappingSettings("id", "arn", "tried", 100, **settings)
    return Retrying(mapping, function, wait=lambda _: None, now=lambda: 1000.0)


def reported(*numbers: str) -> Outcome:
    failures = [{"itemIdentifier": number} for number in numbers]
    return Outcome(json.dumps({"batchItemFailures": failures}).encode())


def test_the_checkpoint_moves_to_the_lowest_failed_record() -> None:
    """From there on all comes again, also what succeeded behind it."""
    answers = iter([reported("4", "2"), reported()])
    function = Scripted(lambda _: next(answers))
    checkpoints = list(retrying(function, reports_failures=True).deliver(records(6)))
    assert function.batches == ["012345", "2345"]
    assert checkpoints == ["1", "5"]


def test_a_batch_that_fails_is_retried_for_ever() -> None:
    """With no limit of retries and age, it comes until it succeeds."""
    left = iter(range(50))
    function = Scripted(lambda _: Outcome(b"", "Error: no") if next(left) < 49 else Outcome(b"null"))
    assert list(retrying(function).deliver(records(2))) == ["1"]
    assert function.batches == ["01"] * 50


def test_a_failing_batch_is_halved() -> None:
    """One bad record ends alone, in the order of the shard; what is beside it passes."""
    function = Scripted(lambda numbers: Outcome(b"", "Error: no" if "2" in numbers else ""))
    checkpoints = list(retrying(function, bisects=True, retries=1).deliver(records(4)))
    assert function.batches == ["0123", "01", "23", "2", "2", "3"]
    assert checkpoints == ["1", "2", "3"]


def test_retries_and_age_can_be_limited() -> None:
    """Then what is left of the batch is given up, and the shard goes on."""
    function = Scripted(lambda _: Outcome(b"", "Error: no"))
    assert list(retrying(function, retries=2).deliver(records(3))) == ["2"]
    assert function.batches == ["012"] * 3
    old = Scripted(lambda _: Outcome(b"null"))
    batch = records(1, changed_at=900.0) + records(3, changed_at=990.0)[1:]
    assert list(retrying(old, record_age=60).deliver(batch)) == ["2"]
    assert old.batches == ["12"]


# ---------------------------------------------------------------- mappings on the engine


@pytest.fixture
def queue(engine: EmbeddedEngine) -> tuple[str, str]:
    """URL and ARN of an empty queue."""
    engine.reset()
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName="tried", Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return url, attributes["QueueArn"]


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

    def invoke(content: bytes) -> Outcome:
        (record,) = json.loads(content)["Records"]
        seen.append(record)
        fails = record["body"] == "bad" and record["attributes"]["ApproximateReceiveCount"] == "1"
        return reported(record["messageId"]) if fails else Outcome(b"null")

    settings = MappingSettings("id", arn, "tried", 1, reports_failures=True)
    mapping = QueueMapping(settings, engine.client("sqs"), url, invoke, pollers=2)
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

    def invoke(content: bytes) -> Outcome:
        if next(throttled, False):
            raise Throttled
        sizes.append(len(json.loads(content)["Records"]))
        return Outcome(b"null")

    for body in "aaab":
        engine.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    settings = MappingSettings("id", arn, "tried", 10, batch_window=0.5, patterns=({"body": ["a"]},))
    mapping = QueueMapping(settings, engine.client("sqs"), url, invoke, pollers=1)
    eventually(lambda: not left_in(engine, url))
    mapping.stop()
    assert sizes == [3]


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

    def invoke_for(start: str) -> Callable[[bytes], Outcome]:
        def invoke(content: bytes) -> Outcome:
            batch = json.loads(content)["Records"]
            assert batch[0]["dynamodb"]["NewImage"]["raw"] == {"B": "AA=="}
            seen[start] += [record["dynamodb"]["Keys"]["k"]["S"] for record in batch]
            if start == "TRIM_HORIZON" and not failing.is_set():
                failing.set()
                return reported(batch[-1]["dynamodb"]["SequenceNumber"])
            return Outcome(b"null")

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
