"""The embedded engine: exact, private, fresh, and gone with whoever started it."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from clients.local_aws import engine as engine_module
from clients.local_aws.child import Child
from clients.local_aws.engine import EmbeddedEngine
from models.errors import FlowtallyError, ServiceUnavailable
from tests.helpers.waiting import eventually

NINES = 10**38 - 1  # the largest integer that DynamoDB holds exactly


def accepts_connections(host: str, port: int) -> bool:
    """Whether anything listens there."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((host, port)) == 0


def port_of(engine: EmbeddedEngine) -> int:
    """The port in its URL."""
    return int(engine.endpoint_url.rpartition(":")[2])


def test_numbers_have_38_digits(engine: EmbeddedEngine) -> None:
    """ADD on a table is exact up to the last of the 38 digits that DynamoDB promises."""
    engine.reset()
    dynamodb = engine.client("dynamodb")
    dynamodb.create_table(
        TableName="numbers",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for part in (NINES - 7, 7):
        answer = dynamodb.update_item(
            TableName="numbers",
            Key={"k": {"S": "x"}},
            UpdateExpression="ADD v :part",
            ExpressionAttributeValues={":part": {"N": str(part)}},
            ReturnValues="ALL_NEW",
        )
    assert int(answer["Attributes"]["v"]["N"]) == NINES


def test_reset_leaves_nothing(engine: EmbeddedEngine) -> None:
    """After a reset there is no bucket and no stack."""
    engine.client("s3").create_bucket(Bucket="left-over")
    engine.reset()
    assert engine.client("s3").list_buckets()["Buckets"] == []
    assert engine.client("cloudformation").describe_stacks()["Stacks"] == []


def test_only_this_computer_can_reach_it(engine: EmbeddedEngine) -> None:
    """It listens on 127.0.0.1, not on other addresses of this computer."""
    assert accepts_connections("127.0.0.1", port_of(engine))
    assert not accepts_connections("127.0.0.2", port_of(engine))


def test_two_engines_do_not_know_each_other(engine: EmbeddedEngine) -> None:
    """A second one has a port and a state of its own, and is gone after its block."""
    engine.reset()
    with EmbeddedEngine() as another:
        another.client("s3").create_bucket(Bucket="mine")
        assert engine.client("s3").list_buckets()["Buckets"] == []
    assert not accepts_connections("127.0.0.1", port_of(another))
    assert accepts_connections("127.0.0.1", port_of(engine))


def test_settings_of_another_ministack_do_not_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the user has set for an engine of his own is not inherited."""
    monkeypatch.setenv("SERVICES", "sqs")
    monkeypatch.setenv("BIND_HOST", "0.0.0.0")
    with EmbeddedEngine() as engine:
        assert engine.client("s3").list_buckets()["Buckets"] == []
        assert not accepts_connections("127.0.0.2", port_of(engine))


def test_it_does_not_outlive_a_parent_that_was_killed() -> None:
    """When the program that started it is killed and can clean up nothing, it ends by itself."""
    code = """
import time
from clients.local_aws.engine import EmbeddedEngine
with EmbeddedEngine() as engine:
    print(engine.endpoint_url, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        port = int(parent.stdout.readline().rpartition(":")[2])
        assert accepts_connections("127.0.0.1", port)
        parent.kill()
    eventually(lambda: not accepts_connections("127.0.0.1", port))


def test_without_ministack_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the extra to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(FlowtallyError, match=r"flowtally\[demo\]"), EmbeddedEngine():
        pass


def test_a_failed_start_shows_the_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engine printed before it died is in the error."""
    monkeypatch.setattr(engine_module, "_CODE", "print('out of luck')\nraise SystemExit(3)")
    with pytest.raises(ServiceUnavailable, match=r"(?s)status 3.*out of luck"), EmbeddedEngine():
        pass


def test_its_death_is_noticed() -> None:
    """`check` is silent while it runs, and raises once it has died by itself."""
    with EmbeddedEngine() as engine:
        engine.check()
        assert engine._child
        os.kill(engine._child.pid, signal.SIGKILL)
        eventually(lambda: engine._child and engine._child.exit_status is not None)
        with pytest.raises(ServiceUnavailable, match="ended with status -9"):
            engine.check()


def test_with_authorization_it_refuses_strangers() -> None:
    """Credentials that it does not know are refused, the account's own are not."""
    with EmbeddedEngine(authorize=True) as engine:
        assert engine.client("sqs").list_queues().get("QueueUrls", []) == []
        stranger = engine.client("iam").create_user(UserName="stranger")
        keys = engine.client("iam").create_access_key(UserName=stranger["User"]["UserName"])["AccessKey"]
        environment = {**os.environ, **engine.environment(), "AWS_ACCESS_KEY_ID": keys["AccessKeyId"]}
        environment["AWS_SECRET_ACCESS_KEY"] = keys["SecretAccessKey"]
        code = "import boto3; boto3.client('sqs').list_queues()"
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        )
        assert "not authorized" in done.stderr


def test_a_child_that_does_not_obey_is_killed() -> None:
    """Stopping takes no longer than the grace it is given."""
    code = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(60)
"""
    with Child("the deaf one", code, dict(os.environ)) as child:
        eventually(lambda: "deaf" in child.last_lines())
        began = time.monotonic()
        child.stop(grace=0.2)
        assert time.monotonic() - began < 5
        assert child.exit_status == -signal.SIGKILL
