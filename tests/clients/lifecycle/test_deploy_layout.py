"""The key and the layout of a deployment's tables, through everything that `flowtally deploy` does."""

from types import SimpleNamespace
from typing import Any

import pytest

from clients.lifecycle.destroy import left
from clients.local_aws.engine import EmbeddedEngine
from clients.terminal.account import Account
from cloudformation.stack import current, stack_output
from models.deployment import LAYOUT, Deployment
from tests.helpers.deployed import client
from tests.helpers.program import Run, done
from vm_daemon.settings import parse


def test_the_key_of_sources_is_drawn_once_and_stays(run_here: Run, place: EmbeddedEngine) -> None:
    """Through updates and switches of the compute; outputs, table and machines know the same one.

    Another deployment has another one, and nobody can set it.
    """
    cloudformation = place.client("cloudformation")
    done(run_here("deploy", "--yes", "--compute", "none"))
    drawn = Deployment.from_stack(cloudformation, "flowtally")
    assert len(drawn.source_key) == 16
    for change in (("--set", "PointInTimeRecovery=false"), ("--compute", "vm"), ("--compute", "none")):
        done(run_here("deploy", "--yes", *change))
        assert Deployment.from_stack(cloudformation, "flowtally") == drawn
    printed = parse(done(run_here("environment")))
    assert printed["FLOWTALLY_SOURCE_KEY"] == drawn.source_key.hex()
    table = client("dynamodb").describe_table(TableName=drawn.daily_totals)["Table"]["TableArn"]
    tags = {
        it["Key"]: it["Value"] for it in client("dynamodb").list_tags_of_resource(ResourceArn=table)["Tags"]
    }
    assert tags["flowtally:source-key"] == drawn.source_key.hex()
    assert tags["flowtally:layout"] == str(drawn.layout)
    done(run_here("deploy", "--yes", "--compute", "none", "--stack", "another"))
    assert Deployment.from_stack(cloudformation, "another").source_key != drawn.source_key
    refused = run_here("deploy", "--yes", "--set", f"SourceKey={'0' * 32}")
    assert (refused.returncode, "SourceKey cannot be set" in refused.stderr) == (2, True)


@pytest.mark.parametrize(("allowed", "is_told"), [(10, False), (9, True), (1000, False)])
def test_a_small_quota_of_lambda_is_told(
    run_here: Run, monkeypatch: pytest.MonkeyPatch, allowed: int, is_told: bool
) -> None:
    """A fresh account's ten executions are enough for the default; with less, it says what that means.

    The engine has no quotas, so the answer is put in below boto3.
    """
    made = Account.client

    def client_of_a_small_account(account: Account, service: str, **options: Any) -> Any:
        client = made(account, service, **options)
        if service == "lambda":
            answer = {"AccountLimit": {"ConcurrentExecutions": allowed}}
            client.meta.events.register(
                "before-call.lambda.GetAccountSettings",
                lambda **_: (SimpleNamespace(status_code=200), answer),
            )
        return client

    monkeypatch.setattr(Account, "client", client_of_a_small_account)
    said = " ".join(done(run_here("deploy", "--yes", "--compute", "lambda")).split())
    assert (f"Lambda may run {allowed} functions at once in this account" in said) == is_told


def test_a_deployment_of_another_layout_is_left_alone(
    run_here: Run, place: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command but a removal without an export refuses it, and says what to do."""
    done(run_here("deploy", "--yes", "--compute", "none"))
    with monkeypatch.context() as later:
        later.setattr("models.deployment.LAYOUT", LAYOUT + 1)
        for command in (("deploy", "--yes"), ("status",), ("destroy", "--yes", "--export", "all")):
            refused = run_here(*command)
            assert refused.returncode == 2
            assert f"the tables have layout {LAYOUT}, and this version" in refused.stderr
            assert "Export everything and remove it with the version that deployed it" in refused.stderr
        assert len(left(Account("flowtally"))) == 6
        assert "Nothing of flowtally is left" in done(run_here("destroy", "--yes", "--no-export"))


def test_what_the_storage_gives_out_anew_reaches_the_compute_at_once(
    run_here: Run, place: EmbeddedEngine
) -> None:
    """A topic for alarms that one update makes is that of the functions' alarms after the same update."""
    cloudformation = place.client("cloudformation")
    done(run_here("deploy", "--yes", "--compute", "lambda"))
    done(run_here("deploy", "--yes", "--set", "AlarmEmail=somebody@example.com"))
    topic = stack_output(cloudformation, "flowtally", "AlarmTopicArn")
    assert topic.startswith("arn:")
    assert current(cloudformation, "flowtally-lambda")[1]["AlarmTopicArn"] == topic
