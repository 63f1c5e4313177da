"""`flowtally destroy`: what goes was shown before, and exported if wanted; what others have stays."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clients.commands.destroy import _Terminal
from clients.exporting import full_export
from clients.lifecycle.destroy import destroy, left
from clients.lifecycle.retained_resources import FUNCTIONS, Table
from clients.local_aws.engine import EmbeddedEngine
from clients.terminal.account import Account
from cloudformation import stack
from cloudformation.stack import current
from cloudformation.templates import template
from models.deployment import LAYOUT, Deployment
from models.storage.daily_totals import DailyTotalsStore
from models.traffic import PairDay, Totals
from tests.helpers.deployed import add_day, client
from tests.helpers.program import Run, done
from tests.helpers.waiting import eventually

DAY = PairDay("10.0.0.1", "10.0.0.2", "2022-12-07")
STRANGE = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'
ROW = ["10.0.0.1", "10.0.0.2", "2022-12-07", "1", "1000", "3"]


@pytest.fixture
def retained(run_here: Run, place: EmbeddedEngine) -> Deployment:
    """Bucket and tables whose stack was deleted in the console; one day is counted."""
    done(run_here("deploy", "--yes", "--compute", "none"))
    deployment = Deployment.from_stack(place.client("cloudformation"), "flowtally")
    count_a_day(deployment.daily_totals)
    place.client("cloudformation").delete_stack(StackName="flowtally")
    eventually(lambda: not current(place.client("cloudformation"), "flowtally")[0])
    return deployment


def count_a_day(table: str) -> None:
    """Adds a day of one flow to a table of daily totals."""
    totals = Totals(flows=1, duration=1000, packets=3)
    assert add_day(DailyTotalsStore(client("dynamodb"), table), DAY, totals, b"digest", 1)


def another_table(name: str, of: str) -> None:
    """Makes a table with the keys of another one, as an earlier stack may have left it."""
    described = client("dynamodb").describe_table(TableName=of)["Table"]
    client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=described["KeySchema"],
        AttributeDefinitions=described["AttributeDefinitions"],
        Tags=[{"Key": "flowtally:layout", "Value": str(LAYOUT)}],
    )


def appear(monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    """Has all stacks that are there seem to be in a status."""

    def seen(cloudformation: Any, name: str) -> tuple[str, dict[str, str]]:
        found, parameters = current(cloudformation, name)
        return found and status, parameters

    monkeypatch.setattr("clients.lifecycle.destroy.stack", SimpleNamespace(current=seen, delete=stack.delete))


def rows(path: Path) -> list[list[str]]:
    """The rows of an exported table below its header."""
    with path.open(newline="") as file:
        return list(csv.reader(file))[1:]


def test_data_is_exported_when_its_stack_is_gone(run_here: Run, retained: Deployment, tmp_path: Path) -> None:
    """Tables that a stack left behind are exported as `--export` asks, before they are removed."""
    gone = done(run_here("destroy", "--yes", "--export", "all"))
    assert rows(tmp_path / "all" / "daily-totals.csv") == [ROW]
    assert gone.index("Exported: all/daily-totals.csv") < gone.index(f"table {retained.daily_totals}\n")
    assert left(Account("flowtally")) == []


@pytest.mark.parametrize("status", ["DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"])
def test_data_is_exported_when_its_stack_is_stuck(
    run_here: Run, place: EmbeddedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    """Whatever state a stack is in, `--export` exports its tables before they are removed."""
    done(run_here("deploy", "--yes", "--compute", "none"))
    count_a_day(Deployment.from_stack(place.client("cloudformation"), "flowtally").daily_totals)
    appear(monkeypatch, status)
    assert "Nothing of flowtally is left" in done(run_here("destroy", "--yes", "--export", "all"))
    assert rows(tmp_path / "all" / "daily-totals.csv") == [ROW]


def test_a_stuck_stack_of_somebody_else_is_left_alone(
    run_here: Run, place: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack that is not flowtally's is not removed because an update of it failed."""
    cloudformation = place.client("cloudformation")
    cloudformation.create_stack(StackName="flowtally", TemplateBody=STRANGE)
    eventually(lambda: current(cloudformation, "flowtally")[0] == "CREATE_COMPLETE")
    appear(monkeypatch, "UPDATE_ROLLBACK_FAILED")
    refused = run_here("destroy", "--yes", "--no-export")
    assert (refused.returncode, "not one of flowtally's" in refused.stderr) == (2, True)
    assert current(cloudformation, "flowtally")[0] == "CREATE_COMPLETE"


def test_each_of_several_tables_of_a_kind_is_exported(
    run_here: Run, retained: Deployment, tmp_path: Path
) -> None:
    """What earlier stacks of the same name left is exported to files of its own."""
    another_table("flowtally-DailyTotals-EARLIER", of=retained.daily_totals)
    count_a_day("flowtally-DailyTotals-EARLIER")
    done(run_here("destroy", "--yes", "--export", "all"))
    for name in (retained.daily_totals, "flowtally-DailyTotals-EARLIER"):
        assert rows(tmp_path / "all" / f"{name}.csv") == [ROW]
    assert left(Account("flowtally")) == []


def test_nothing_is_removed_if_a_table_cannot_be_exported(
    run_here: Run, retained: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that refuses to be read stops the removal before it begins, with its name and what to do."""
    before = left(Account("flowtally"))

    def refuse(*_: object) -> Iterator[list[Any]]:
        yield from client("dynamodb").get_paginator("scan").paginate(TableName="not-there")

    form = full_export._FORMS["DailyTotals"]
    monkeypatch.setitem(full_export._FORMS, "DailyTotals", form._replace(rows=refuse))
    failed = run_here("destroy", "--yes", "--export", "all")
    assert failed.returncode == 1
    assert f"table {retained.daily_totals}: cannot be exported" in failed.stderr
    assert "Nothing was removed." in failed.stderr
    assert "--no-export" in failed.stderr
    assert left(Account("flowtally")) == before


def test_tables_of_another_layout_are_not_exported(run_here: Run, retained: Deployment) -> None:
    """They would come out wrong; who wants no export may remove them."""
    another_table("flowtally-DailyTotals-EARLIER", of=retained.daily_totals)
    arn = client("dynamodb").describe_table(TableName="flowtally-DailyTotals-EARLIER")["Table"]["TableArn"]
    client("dynamodb").tag_resource(ResourceArn=arn, Tags=[{"Key": "flowtally:layout", "Value": "1"}])
    refused = run_here("destroy", "--yes", "--export", "all")
    assert refused.returncode == 2
    assert "table flowtally-DailyTotals-EARLIER: the tables have layout 1" in refused.stderr
    assert "with the version that deployed it" in refused.stderr
    assert len(left(Account("flowtally"))) == 6
    assert "Nothing of flowtally is left" in done(run_here("destroy", "--yes", "--no-export"))


def test_who_confirms_knows_how_much_is_there(
    retained: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also of tables without a stack, the items are said before anything is asked."""
    another_table("flowtally-Files-EARLIER", of=retained.files)
    said = []

    class Declining(_Terminal):
        """Sees what is there as others do, takes nothing away, and says no."""

        def export(self, tables: Sequence[Table]) -> None:
            said.append(capsys.readouterr().out)

        def confirm(self, name: str) -> bool:
            said.append(capsys.readouterr().out)
            return False

    account = Account("flowtally")
    assert not destroy(account, Declining(account, None, exports=False, yes=False))
    before_export, before_removal = said
    assert ["table", "DailyTotals", "1"] in [line.split()[:3] for line in before_export.splitlines()]
    assert ["table", "flowtally-Files-EARLIER", "0"] in [it.split()[:3] for it in before_export.splitlines()]
    assert before_removal == ""


def test_policies_that_others_have_are_detached_first(run_here: Run, place: EmbeddedEngine) -> None:
    """As the docs tell people to attach them; those of a role of the deployment itself are not named."""
    done(run_here("deploy", "--yes", "--compute", "lambda"))
    iam, found = place.client("iam"), stack.outputs(place.client("cloudformation"), "flowtally")
    iam.create_user(UserName="branch-paris")
    iam.create_group(GroupName="analysts")
    iam.attach_user_policy(UserName="branch-paris", PolicyArn=found["BranchUploadPolicyArn"])
    iam.attach_group_policy(GroupName="analysts", PolicyArn=found["AnalystPolicyArn"])
    gone = done(run_here("destroy", "--yes", "--no-export"))
    named = [line for line in gone.splitlines() if line.startswith("Will be detached")]
    assert [line.rpartition(": ")[2] for line in named] == [
        "AnalystPolicy from group analysts",
        "BranchUploadPolicy from user branch-paris",
    ]
    assert gone.index("Detaching BranchUploadPolicy") < gone.index("Removing bucket")
    assert iam.list_attached_user_policies(UserName="branch-paris")["AttachedPolicies"] == []
    assert left(Account("flowtally")) == []


def test_a_bucket_with_versions_is_emptied(run_here: Run, place: EmbeddedEngine) -> None:
    """Somebody switched versioning on: earlier versions and marks of deletions go, too."""
    done(run_here("deploy", "--yes", "--compute", "none"))
    deployment = Deployment.from_stack(place.client("cloudformation"), "flowtally")
    s3 = place.client("s3")
    s3.put_object(Bucket=deployment.bucket, Key="rejected/before.csv", Body=b"x")
    s3.put_bucket_versioning(Bucket=deployment.bucket, VersioningConfiguration={"Status": "Enabled"})
    for content in (b"1", b"2"):
        s3.put_object(Bucket=deployment.bucket, Key="rejected/a.csv", Body=content)
    s3.delete_object(Bucket=deployment.bucket, Key="rejected/a.csv")
    versions = s3.list_object_versions(Bucket=deployment.bucket)
    assert (len(versions["Versions"]), len(versions["DeleteMarkers"])) == (3, 1)
    assert "Nothing of flowtally is left" in done(run_here("destroy", "--yes", "--no-export"))


def test_a_table_that_is_being_changed_is_waited_for(
    run_here: Run, retained: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As DynamoDB does after its protection ends, a table refuses to be deleted for a while.

    The engine changes tables at once, so the refusal is put in below boto3.
    """
    refusals = iter(["ResourceInUseException"] * 2)
    made = Account.client

    def client_that_refuses(account: Account, service: str, **options: Any) -> Any:
        client = made(account, service, **options)
        if service == "dynamodb":

            def refuse(**_: Any) -> Any:
                if (code := next(refusals, "")) == "":
                    return None
                return SimpleNamespace(status_code=400), {"Error": {"Code": code, "Message": "in use"}}

            client.meta.events.register("before-call.dynamodb.DeleteTable", refuse)
        return client

    monkeypatch.setattr(Account, "client", client_that_refuses)
    monkeypatch.setattr("clients.lifecycle.retained_resources.time.sleep", lambda _: None)
    assert "Nothing of flowtally is left" in done(run_here("destroy", "--yes", "--no-export"))
    assert next(refusals, "") == ""


def test_logs_go_and_those_of_a_sibling_stay(run_here: Run, place: EmbeddedEngine) -> None:
    """A log that a function made again goes with the rest; that of a deployment of a longer name does not."""
    done(run_here("deploy", "--yes", "--compute", "none"))
    done(run_here("deploy", "--yes", "--compute", "none", "--stack", "flowtally-paris"))
    sibling = left(Account("flowtally-paris"))
    logs = place.client("logs")
    for name in ("flowtally-summarize", "flowtally-verify", "flowtally-paris-summarize"):
        logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
    assert "log group /aws/lambda/flowtally-verify" in left(Account("flowtally"))
    assert "Nothing of flowtally is left" in done(run_here("destroy", "--yes", "--no-export"))
    assert left(Account("flowtally")) == []
    assert left(Account("flowtally-paris")) == [*sibling, "log group /aws/lambda/flowtally-paris-summarize"]


def test_the_logs_are_those_of_the_functions() -> None:
    """Every log group of the template is looked for, and no other."""
    logs = re.findall(r'LogGroupName: !Sub "/aws/lambda/\$\{StorageStack\}-(\w+)"', template("lambda"))
    assert sorted(logs) == sorted(FUNCTIONS)
