"""Least privilege: each role can do its work, and nothing that it is allowed can be taken away."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from clients.local_aws.lambda_service.queue_mapping import check_visibility
from clients.local_aws.lambda_service.roles import Roles
from handlers.assembly import consolidator_for, summarizer_for
from handlers.consolidating.repair import repair_all
from handlers.summarizing.messages import Visibility
from handlers.summarizing.stage import Summarizer
from models.errors import error_code
from models.storage.pair_statistics import PairStatisticsStore
from tests.helpers.deployed import client
from tests.helpers.flow_files import flow_csv
from tests.helpers.policies import GuardedStack, Policy, actions_of

ROW = "10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1000,3"
# Only the agent of Session Manager uses them, on a real machine; test_templates holds them to its needs.
# So for metrics, of which the engine does not know the namespace: the policy allows one, and test_templates
# holds it to that.
NOT_ON_THE_ENGINE = ("ssm:", "ssmmessages:", "cloudwatch:PutMetricData")


class AsS3Answers:
    """An S3 client to which a missing object is forbidden where it may not list the bucket.

    So S3 documents it, lest an answer tell what there is. The engine says to everybody that it is missing.
    """

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def get_object(self, **asked: str) -> Any:
        try:
            return self._s3.get_object(**asked)
        except self._s3.exceptions.NoSuchKey:
            self._s3.list_objects_v2(Bucket=asked["Bucket"], MaxKeys=1)
            raise


class Overtaken:
    """An S3 client on which another worker brings a file to its end between two passes over it."""

    def __init__(self, s3: Any, bring_to_its_end: Callable[[], None]) -> None:
        self._s3, self._bring_to_its_end = s3, bring_to_its_end

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def get_object(self, **asked: str) -> Any:
        if "IfMatch" in asked:
            self._bring_to_its_end()
        return self._s3.get_object(**asked)


def summarizer_on_s3(stack: GuardedStack) -> Summarizer:
    made = summarizer_for(stack.deployment)
    return replace(made, s3=AsS3Answers(made.s3))  # type: ignore[arg-type]


def summarize(stack: GuardedStack) -> None:
    """All that the first stage can meet: bad rows, hopeless files, two workers on a wide one; its log."""
    deployment, sqs = stack.deployment, client("sqs")
    check_visibility(sqs, deployment.queue_url, 900)
    stack.engine.client("sqs").purge_queue(QueueUrl=deployment.queue_url)
    contents = {
        "good": flow_csv(
            ROW, "10.0.0.1,10.0.0.2,07/12/2022,-1,3", f"10.0.0.9,10.0.0.2,{stack.next_day()},1,1"
        ),
        "hopeless": b"no header\n",
        "large": b"no header\n" * 100,  # of which the copy takes several requests
    }
    for name, content in contents.items():
        stack.put(f"incoming/paris/{name}.csv", content)
    summarizer, done = stack.once(lambda: summarizer_on_s3(stack)), 0
    visibility = Visibility(sqs, deployment.queue_url)
    while done < len(contents):
        (message,) = sqs.receive_message(QueueUrl=deployment.queue_url, WaitTimeSeconds=5)["Messages"]
        visibility.hide(message["ReceiptHandle"], 60)
        count = partial(summarizer.process, message["Body"], receives=2)
        slower = replace(summarizer, s3=Overtaken(summarizer.s3, count), pair_days=1)
        slower.process(message["Body"], receives=2)
        count()  # it is gone by now
        sqs.delete_message(QueueUrl=deployment.queue_url, ReceiptHandle=message["ReceiptHandle"])
        done += "s3:TestEvent" not in message["Body"]
    write_log("/aws/lambda/flowtally-summarize")


def consolidate(stack: GuardedStack) -> None:
    """A batch of the stream in one write, and a pair that has to be rebuilt."""
    deployment, streams = stack.deployment, client("dynamodbstreams")
    database = stack.engine.client("dynamodb")
    database.update_item(
        TableName=deployment.daily_totals,
        Key={"k": {"S": "10.0.0.5>10.0.0.6"}, "t": {"S": "2022-12-05"}},
        UpdateExpression="ADD d3 :n, p3 :n, n3 :n, r :n SET u = :n",
        ExpressionAttributeValues={":n": {"N": "1"}},
    )
    streams.list_streams(TableName=deployment.daily_totals)
    described = streams.describe_stream(StreamArn=deployment.stream_arn)["StreamDescription"]
    iterator = streams.get_shard_iterator(
        StreamArn=deployment.stream_arn,
        ShardId=described["Shards"][0]["ShardId"],
        ShardIteratorType="TRIM_HORIZON",
    )["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    consolidator = stack.once(lambda: consolidator_for(deployment))
    assert records
    assert consolidator.process(records) is None
    consolidator.statistics.rebuild("10.0.0.5>10.0.0.6")
    write_log("/aws/lambda/flowtally-consolidate")


def verify(stack: GuardedStack) -> None:
    """Statistics of which a pair is wrong."""
    deployment, database = stack.deployment, stack.engine.client("dynamodb")
    database.put_item(
        TableName=deployment.daily_totals,
        Item={"k": {"S": "10.0.0.7>10.0.0.8"}, "t": {"S": "2022-12-05"}}
        | {name: {"N": "1"} for name in ("d3", "p3", "n3", "r", "u")},
    )
    database.delete_item(
        TableName=deployment.pair_statistics, Key={"src": {"S": "10.0.0.7"}, "dst": {"S": "10.0.0.8"}}
    )
    assert repair_all(PairStatisticsStore.of(deployment, client("dynamodb"))).rebuilt
    write_log("/aws/lambda/flowtally-verify")


def weekly(stack: GuardedStack) -> None:
    """What the scheduler does, without doing it."""
    client("lambda").invoke(FunctionName="flowtally-verify", InvocationType="DryRun")


def machine(stack: GuardedStack) -> None:
    """What a machine does beside the stages: it installs, reports, and shares the stream."""
    client("s3").get_object(Bucket=stack.deployment.bucket, Key=stack.key)
    try:
        client("cloudformation").signal_resource(
            StackName="flowtally-vm", LogicalResourceId="Machines", UniqueId="i-1", Status="SUCCESS"
        )
    except ClientError as error:
        if error_code(error) != "ValidationError":  # the engine has no such group waiting
            raise
    leases, own = stack.outputs["Leases"], client("dynamodb")
    key = {"stream_arn": {"S": "x"}, "item_name": {"S": "y"}}
    own.put_item(TableName=leases, Item=key)
    own.update_item(
        TableName=leases, Key=key, UpdateExpression="SET a = :a", ExpressionAttributeValues={":a": {"S": "a"}}
    )
    own.query(
        TableName=leases,
        KeyConditionExpression="stream_arn = :x",
        ExpressionAttributeValues={":x": {"S": "x"}},
    )
    own.delete_item(TableName=leases, Key=key)


def write_log(group: str) -> None:
    """As the Lambda service does with the role of the function."""
    logs = client("logs")
    stream = f"stream-{uuid4()}"
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    logs.put_log_events(
        logGroupName=group,
        logStreamName=stream,
        logEvents=[{"timestamp": 1_800_000_000_000, "message": "done"}],
    )


WORK: dict[tuple[str, str], list[Callable[[GuardedStack], None]]] = {
    ("lambda", "SummarizeRole"): [summarize],
    ("lambda", "ConsolidateRole"): [consolidate],
    ("lambda", "VerifyRole"): [verify],
    ("lambda", "WeeklyRole"): [weekly],
    ("vm", "Role"): [machine],
}
SHARED = ("SummarizePolicy", "ConsolidatePolicy", "VerifyPolicy")  # tried with the roles of the functions


def allowed(stack: GuardedStack, role: str, *, shared: bool) -> list[tuple[Policy, int, str | None, str]]:
    """What a role may do on the engine: policy, number and name of the statement, action."""
    return [
        (policy, number, statement.get("Sid"), action)
        for policy in stack.policies(role)
        if shared or not any(name in policy[1] for name in SHARED)
        for number, statement in enumerate(stack.document(policy)["Statement"])
        for action in actions_of(statement)
        if not action.startswith(NOT_ON_THE_ENGINE)
    ]


@pytest.mark.parametrize(("part", "logical"), WORK, ids=[logical for _, logical in WORK])
def test_a_role_is_allowed_what_it_uses_and_nothing_else(
    stack: GuardedStack,
    part: str,
    logical: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It works as written; without any one of its actions, something fails."""
    role, stack.worker = stack.role(part, logical), None
    monkeypatch.setattr("models.storage.objects.LARGEST_COPY", 100)
    arn = stack.engine.client("iam").get_role(RoleName=role)["Role"]["Arn"]
    for name, value in {
        **stack.engine.environment(),
        **Roles(stack.engine.client, stack.engine.environment()).credentials(arn),
    }.items():
        monkeypatch.setenv(name, value)

    def what_fails() -> str:
        caplog.clear()
        try:
            with caplog.at_level(logging.WARNING):
                for step in WORK[part, logical]:
                    step(stack)
        except (ClientError, AssertionError) as error:
            return repr(error)
        said = [record.getMessage() for record in caplog.records]
        return "\n".join(
            event for event in said if event != "file rejected"
        )  # which is the first stage's work

    assert what_fails() == ""
    needless = []
    for policy, number, sid, action in allowed(stack, role, shared=part != "vm"):
        with stack.without(policy, number, action):
            if not what_fails():
                needless.append((sid, action))
    assert needless == []
    assert what_fails() == ""
