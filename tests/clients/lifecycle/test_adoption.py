"""Tables and bucket whose stack was deleted: `flowtally deploy` adopts them, or says why it cannot."""

import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file

from clients.lifecycle.deploy import Deployer
from clients.lifecycle.destroy import left
from clients.local_aws.engine import EmbeddedEngine
from clients.terminal.account import Account
from cloudformation.adoption import import_template
from cloudformation.plan import Plan
from cloudformation.stack import current, outputs
from models.deployment import Deployment
from models.s3_events import uploaded_objects
from models.storage.daily_totals import DailyTotalsStore
from models.traffic import PairDay, Totals
from perf.data.oracle import statistics_of
from tests.helpers.deployed import add_day, client, keys, stored_days, stored_statistics, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run, done
from tests.helpers.waiting import eventually

DAYS = {PairDay("paris/10.0.0.1", "paris/10.0.0.2", "2022-12-07"): Totals(1000, 3, 1)}


def delete_the_stack(place: EmbeddedEngine) -> None:
    """As somebody does in the console."""
    place.client("cloudformation").delete_stack(StackName="flowtally")
    eventually(lambda: not current(place.client("cloudformation"), "flowtally")[0])


@pytest.fixture
def lost(run_here: Run, place: EmbeddedEngine) -> Deployment:
    """A deployment whose stack was deleted: a day is in no statistics, a file waits, another is rejected."""
    settings = ("--set", "AddressScope=branch", "--set", "PointInTimeRecovery=false")
    done(run_here("deploy", "--yes", "--compute", "none", *settings))
    deployment = Deployment.from_stack(place.client("cloudformation"), "flowtally")
    for day, totals in DAYS.items():
        assert add_day(
            DailyTotalsStore(client("dynamodb"), deployment.daily_totals), day, totals, b"8 bytes.", 1
        )
    for key in ("incoming/paris/a.csv", "rejected/1/paris/b.csv"):
        upload(deployment, key, flow_csv())
    delete_the_stack(place)
    return deployment


def remove_table(name: str) -> None:
    client("dynamodb").update_table(TableName=name, DeletionProtectionEnabled=False)
    client("dynamodb").delete_table(TableName=name)


def tag(deployment: Deployment, **tags: str) -> None:
    """Gives the table of daily totals other tags."""
    arn = client("dynamodb").describe_table(TableName=deployment.daily_totals)["Table"]["TableArn"]
    client("dynamodb").tag_resource(
        ResourceArn=arn,
        Tags=[{"Key": f"flowtally:{key.replace('_', '-')}", "Value": value} for key, value in tags.items()],
    )


def announced(deployment: Deployment) -> set[str]:
    """The objects that messages of the queue name."""
    answer = client("sqs").receive_message(QueueUrl=deployment.queue_url, MaxNumberOfMessages=10)
    return {file.key for message in answer.get("Messages", []) for file in uploaded_objects(message["Body"])}


def test_tables_and_bucket_are_adopted(run_here: Run, place: EmbeddedEngine, lost: Deployment) -> None:
    """With their data, key, address scope and recovery; the rest is made, and statistics catch up.

    A file that is uploaded then is announced to the new queue, and the deployment is like any other: it has
    nothing to change, and can be removed.
    """
    said = done(run_here("deploy", "--yes", "--compute", "none"))
    for adopted in ("DailyTotals", "PairStatistics", "Files", "Bucket"):
        assert re.search(rf"import +{adopted} ", said), said
    assert re.search(r"add +Queue ", said)
    assert not re.search(r"add +(DailyTotals|Bucket) ", said)
    assert "Tables of an earlier stack adopted: all statistics verified, 1 repaired" in said
    cloudformation = place.client("cloudformation")
    found = Deployment.from_stack(cloudformation, "flowtally")
    for name in (
        "bucket",
        "daily_totals",
        "pair_statistics",
        "files",
        "stream_arn",
        "source_key",
        "address_scope",
    ):
        assert getattr(found, name) == getattr(lost, name), name
    assert current(cloudformation, "flowtally")[1]["PointInTimeRecovery"] == "false"
    assert stored_days(found) == DAYS
    assert stored_statistics(found) == statistics_of(DAYS)
    assert keys(found) == ["incoming/paris/a.csv", "rejected/1/paris/b.csv"]
    upload(found, "incoming/paris/c.csv", flow_csv())
    eventually(lambda: announced(found) >= {"incoming/paris/c.csv"})
    assert cloudformation.describe_stacks(StackName="flowtally")["Stacks"][0]["Tags"]
    assert "nothing to change" in done(run_here("deploy", "--yes", "--compute", "none"))
    done(run_here("destroy", "--yes", "--no-export"))
    assert left(Account("flowtally")) == []


def test_it_can_happen_again_and_again(run_here: Run, place: EmbeddedEngine, lost: Deployment) -> None:
    """A stack that adopted them leaves them as one that made them; settings are as they were, or given anew.

    The engine's CloudFormation does not know point-in-time recovery, so the tables are told of it here.
    """
    cloudformation = place.client("cloudformation")
    for is_on, given in ((True, ()), (False, ("--set", "PointInTimeRecovery=true"))):
        client("dynamodb").update_continuous_backups(
            TableName=lost.daily_totals,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": is_on},
        )
        done(run_here("deploy", "--yes", "--compute", "lambda", *given))
        assert Deployment.from_stack(cloudformation, "flowtally").source_key == lost.source_key
        assert current(cloudformation, "flowtally")[1]["PointInTimeRecovery"] == "true"
        delete_the_stack(place)
    assert stored_days(lost) == DAYS


class Declining:
    """Sees everything, and says no."""

    def show_plan(self, plan: Plan) -> None:
        assert plan.adopts

    def show_event(self, event: Any) -> None:
        raise AssertionError(event)

    def confirm(self, _question: str) -> bool:
        return False


def test_a_no_leaves_all_as_it_was(lost: Deployment) -> None:
    """Also the empty stack is gone that asking made."""
    before, account = left(Account("flowtally")), Account("flowtally")
    assert not Deployer(account, {}, Declining()).run("none")
    assert left(Account("flowtally")) == before


@pytest.mark.parametrize("then", ["deploy", "destroy"])
def test_an_interrupted_adoption_goes_on(
    run_here: Run, place: EmbeddedEngine, lost: Deployment, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    """Between the import and the update that makes the rest: it can be completed, or all be removed."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Deployer, "_complete_adoption", interrupt)
        assert run_here("deploy", "--yes", "--compute", "none").returncode != 0
    cloudformation = place.client("cloudformation")
    assert (current(cloudformation, "flowtally")[0], outputs(cloudformation, "flowtally")) == (
        "IMPORT_COMPLETE",
        {},
    )
    if then == "deploy":
        assert "1 repaired" in done(run_here("deploy", "--yes", "--compute", "none"))
        found = Deployment.from_stack(cloudformation, "flowtally")
        assert (found.daily_totals, found.source_key) == (lost.daily_totals, lost.source_key)
        assert stored_statistics(found) == statistics_of(DAYS)
    else:
        done(run_here("destroy", "--yes", "--no-export"))
        assert left(Account("flowtally")) == []


@pytest.mark.parametrize("gone", ["pair_statistics", "files", "bucket"])
def test_what_is_not_there_is_made_anew(
    run_here: Run, place: EmbeddedEngine, lost: Deployment, gone: str
) -> None:
    """All but the daily totals: statistics are computed from them, and records of files are lost."""
    if gone == "bucket":
        for key in keys(lost):
            client("s3").delete_object(Bucket=lost.bucket, Key=key)
        client("s3").delete_bucket(Bucket=lost.bucket)
    else:
        remove_table(getattr(lost, gone))
    done(run_here("deploy", "--yes", "--compute", "none"))
    found = Deployment.from_stack(place.client("cloudformation"), "flowtally")
    assert stored_days(found) == DAYS
    assert stored_statistics(found) == statistics_of(DAYS)
    upload(found, "incoming/paris/c.csv", flow_csv())
    eventually(lambda: "incoming/paris/c.csv" in announced(found))


def of_another_layout(lost: Deployment) -> None:
    tag(lost, layout="1")


def without_tags(lost: Deployment) -> None:
    tag(lost, source_key="")


def with_another_table(lost: Deployment) -> None:
    described = client("dynamodb").describe_table(TableName=lost.files)["Table"]
    client("dynamodb").create_table(
        TableName="flowtally-Files-EARLIER",
        BillingMode="PAY_PER_REQUEST",
        **{name: described[name] for name in ("KeySchema", "AttributeDefinitions")},
    )


def without_daily_totals(lost: Deployment) -> None:
    remove_table(lost.daily_totals)


def without_stream(lost: Deployment) -> None:
    client("dynamodb").update_table(TableName=lost.daily_totals, StreamSpecification={"StreamEnabled": False})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            of_another_layout,
            r"table flowtally-DailyTotals-\w+: the tables have layout 1, .* with the version that",
        ),
        (
            without_tags,
            r"table flowtally-DailyTotals-\w+: .* lacks the tags flowtally:source-key Give them back",
        ),
        (with_another_table, r"several tables Files: .*flowtally-Files-EARLIER.*`flowtally destroy`"),
        (
            without_daily_totals,
            r"flowtally-Files-\w+: .* not that of the daily totals.* another name with --stack",
        ),
        (
            without_stream,
            r"its stream is switched off Switch it on by `aws dynamodb update-table .*, and deploy again",
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_cannot_be_adopted_is_refused(
    run_here: Run, place: EmbeddedEngine, lost: Deployment, spoil: Any, said: str
) -> None:
    """Before anything is made: what is wrong, with which table, and what to do."""
    spoil(lost)
    before = left(Account("flowtally"))
    refused = run_here("deploy", "--yes", "--compute", "none")
    assert refused.returncode == 2
    assert re.search(said, " ".join(refused.stderr.split())), refused.stderr
    assert left(Account("flowtally")) == before


@pytest.mark.parametrize("bucket", [True, False], ids=["with bucket", "without"])
def test_the_template_of_an_import_is_valid_on_aws(tmp_path: Path, bucket: bool) -> None:
    """It says no output, and cfn-lint finds nothing but unused parameters."""
    names = dict.fromkeys(["DailyTotals", "PairStatistics", "Files", *["Bucket"] * bucket], "name")
    file = tmp_path / "import.json"
    file.write_text(import_template(names))
    found = {match.rule.id for match in lint_file(file)}
    assert found <= {"W2001", "W8001"}  # parameters and conditions that the update uses
