"""`flowtally deploy` and `destroy` when something is wrong: what is said, and what is left."""

import re
from functools import partial
from typing import Any

import pytest

from clients.lifecycle import retained_resources
from clients.lifecycle.deploy import Deployer
from clients.lifecycle.destroy import left
from clients.local_aws.engine import EmbeddedEngine
from clients.terminal.account import Account
from cloudformation.events import what_to_do
from cloudformation.plan import Plan
from cloudformation.stack import current
from cloudformation.templates import template
from models.deployment import Deployment
from tests.helpers.deployed import client, keys, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run, done
from tests.helpers.waiting import eventually


def test_a_name_that_is_taken_is_the_first_cause(run_here: Run, place: EmbeddedEngine) -> None:
    """The bucket of a stranger is named as the reason; once it is gone, the same command succeeds."""
    s3 = place.client("s3")
    s3.create_bucket(Bucket="flowtally-000000000000-us-east-1")
    failed = run_here("deploy", "--yes", "--compute", "none")
    assert failed.returncode == 1
    assert re.search(r"Error: stack flowtally: .*Bucket.* already exists", failed.stderr)
    assert "by `flowtally destroy`." in failed.stderr
    s3.delete_bucket(Bucket="flowtally-000000000000-us-east-1")
    done(run_here("deploy", "--yes", "--compute", "none"))
    assert len(place.client("dynamodb").list_tables()["TableNames"]) == 4  # of storage and leases


def test_data_of_an_earlier_stack_survives_a_failed_creation(run_here: Run, place: EmbeddedEngine) -> None:
    """Of the tables of that name, an empty one is removed; what holds an item is kept, here refused."""
    dynamodb, s3 = place.client("dynamodb"), place.client("s3")
    s3.create_bucket(Bucket="flowtally-000000000000-us-east-1")
    assert run_here("deploy", "--yes", "--compute", "none").returncode == 1
    assert current(place.client("cloudformation"), "flowtally")[0] == "ROLLBACK_COMPLETE"
    empty, filled = "flowtally-Files-EMPTY", "flowtally-DailyTotals-EARLIER"
    for name in (empty, filled):
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            DeletionProtectionEnabled=True,
        )
    dynamodb.put_item(TableName=filled, Item={"k": {"S": "10.0.0.1>10.0.0.2"}})
    refused = run_here("deploy", "--yes", "--compute", "none")
    assert (refused.returncode, f"table {filled}: the tables have layout 1" in refused.stderr) == (2, True)
    assert dynamodb.scan(TableName=filled)["Count"] == 1
    assert dynamodb.list_tables()["TableNames"] == [filled]


@pytest.mark.parametrize("part", ["lambda", "leases", "vm"])
def test_a_name_that_stacks_of_the_compute_have_is_refused(run_here: Run, part: str) -> None:
    """`flowtally-vm` would be taken for the machines of `flowtally`."""
    refused = run_here("deploy", "--yes", "--stack", f"flowtally-{part}")
    assert (refused.returncode, "Choose another name" in refused.stderr) == (2, True)


TAKEN_BACK = "CloudFormation took back all that it had done to stack"


@pytest.mark.parametrize(
    ("status", "cause", "said"),
    [
        ("ROLLBACK_COMPLETE", "no room", "took back all that it had done to stack s"),
        ("UPDATE_ROLLBACK_COMPLETE", "it already exists", "s. If an earlier deployment left"),
        ("ROLLBACK_FAILED", "no room", "Stack s is stuck halfway (ROLLBACK_FAILED)"),
        ("CREATE_FAILED", "no room", "delete it there, and run the command again"),
        ("DELETE_FAILED", "it already exists", "delete it there, and run the command again"),
        ("UPDATE_ROLLBACK_FAILED", "no room", "continue its rollback there, and run the command again"),
    ],
)
def test_what_to_do_depends_on_how_a_change_ended(status: str, cause: str, said: str) -> None:
    """Only of a change that was taken back is it said; a stack that got stuck is said to be."""
    remedy = what_to_do("s", status, cause)
    assert said in remedy
    assert ("took back" in remedy) == status.endswith("ROLLBACK_COMPLETE")


def test_a_failure_after_the_storage_was_made_speaks_of_its_own_stack(
    run_here: Run, place: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the functions cannot be made, nobody is told that nothing was changed: the storage stays."""
    bad = "\nResources:\n  Bad: { Type: AWS::SQS::Queue, Properties: { VisibilityTimeout: 54000 } }\n"
    templates = {"lambda": template("lambda").replace("\nResources:\n", bad)}
    monkeypatch.setattr("cloudformation.plan.template", lambda part: templates.get(part) or template(part))
    failed = run_here("deploy", "--yes", "--compute", "lambda")
    assert failed.returncode == 1
    assert f"{TAKEN_BACK} flowtally-lambda." in failed.stderr
    assert "Nothing was changed" not in failed.stdout + failed.stderr
    assert current(place.client("cloudformation"), "flowtally")[0] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("right", "wrong", "status", "said"),
    [
        ("Resources:\n", "Resources: [\n", 2, "Template format error: while parsing"),
        ("AWS::SQS::Queue\n", "AWS::SQS::Quee\n", 2, "Unrecognized resource types: [AWS::SQS::Quee]"),
        (
            "VisibilityTimeout: 5400",
            "VisibilityTimeout: 54000",
            1,
            r"Queue (AWS::SQS::Queue) failed: Invalid",
        ),
    ],
    ids=["syntax", "type", "value"],
)
def test_an_error_in_a_template_is_shown_and_leaves_nothing(
    run_here: Run, monkeypatch: pytest.MonkeyPatch, right: str, wrong: str, status: int, said: str
) -> None:
    """Whether it is found before or during the creation; then the same command succeeds."""
    whole = template("storage")
    with monkeypatch.context() as damaged:
        damaged.setattr("cloudformation.plan.template", lambda _: whole.replace(right, wrong, 1))
        failed = run_here("deploy", "--yes", "--compute", "none")
    assert (failed.returncode, said in failed.stderr) == (status, True), failed.stderr
    assert (f"{TAKEN_BACK} flowtally." if status == 1 else "The stack was not changed.") in failed.stderr
    assert "Ready." in done(run_here("deploy", "--yes", "--compute", "none"))
    assert len(client("dynamodb").list_tables()["TableNames"]) == 4  # of storage and leases


def test_files_that_keep_arriving_stop_a_removal_until_they_do_not(
    run_here: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bucket is emptied several times; then the removal says why it failed, and can be repeated."""
    done(run_here("deploy", "--yes", "--compute", "none"))
    deployment = Deployment.from_stack(client("cloudformation"), "flowtally")
    arriving = iter(range(100))
    empty = retained_resources._empty

    def refilled(s3: Any, bucket: str, files: int) -> None:
        empty(s3, bucket)
        if (number := next(arriving)) < files:
            upload(deployment, f"incoming/paris/{number}.csv", flow_csv())

    monkeypatch.setattr(retained_resources, "_empty", partial(refilled, files=100))
    failed = run_here("destroy", "--yes", "--no-export")
    assert failed.returncode == 1
    assert f"bucket {deployment.bucket}: not empty, as somebody keeps uploading into it" in failed.stderr
    assert "Stop the uploads, and run the command again." in failed.stderr
    monkeypatch.setattr(retained_resources, "_empty", partial(refilled, files=next(arriving) + 3))
    assert "Nothing of flowtally is left" in done(run_here("destroy", "--yes", "--no-export"))


STRANGE = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'


@pytest.mark.parametrize("command", [("deploy", "--yes"), ("destroy", "--yes", "--no-export")])
def test_a_stack_of_somebody_else_is_left_alone(
    run_here: Run, place: EmbeddedEngine, command: tuple[str]
) -> None:
    """A stack of the same name that is not flowtally's is neither changed nor removed."""
    place.client("cloudformation").create_stack(StackName="flowtally", TemplateBody=STRANGE)
    eventually(lambda: current(place.client("cloudformation"), "flowtally")[0] == "CREATE_COMPLETE")
    refused = run_here(*command)
    assert refused.returncode == 2
    assert "not one of flowtally's" in refused.stderr
    assert len(place.client("sqs").list_queues()["QueueUrls"]) == 1


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        (
            ("deploy", "--yes"),
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
            "no usable AWS credentials",
        ),
        (("deploy", "--yes"), {"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "no AWS region is set"),
        (("deploy", "--yes"), {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "Could not connect"),
        (("deploy", "--yes", "--stack", "Not_A_Name"), {}, "not a name for a stack"),
        (("deploy", "--yes", "--set", "Colour=red"), {}, "Colour cannot be set"),
        (("deploy", "--yes", "--set", "AddressScope=planet"), {}, "planet"),
        (("deploy", "--yes", "--set", "novalue"), {}, "not NAME=VALUE"),
        (("deploy", "--yes", "--compute", "cloud"), {}, "cloud"),
        (("destroy",), {}, "nothing of a stack 'flowtally' in us-east-1"),
        (("destroy", "--region", "eu-west-1"), {}, "in eu-west-1"),
        (("destroy", "--yes"), {}, "without a copy"),
        (("destroy", "--no-export", "--export", "x"), {}, "either --export or --no-export"),
    ],
)
def test_errors_say_what_was_found_and_what_to_do(
    run_here: Run, arguments: tuple[str, ...], settings: dict[str, str], said: str
) -> None:
    """Each mistake is an error in a sentence, without a traceback."""
    failed = run_here(*arguments, **settings)
    assert failed.returncode in (1, 2)
    assert said in failed.stderr
    assert "Traceback" not in failed.stderr


def test_the_next_step_leads_to_the_same_place(run_here: Run) -> None:
    """A stack and a region that were given as options stand in it, so that it can be copied as it is."""
    done(run_here("deploy", "--yes", "--compute", "none"))
    elsewhere = done(
        run_here("deploy", "--yes", "--compute", "none", "--stack", "other", "--region", "eu-west-1")
    )
    assert "Ready. Next: flowtally upload --stack other --region eu-west-1 --branch NAME" in elsewhere
    assert "Ready. Next: flowtally upload --branch" in done(run_here("deploy", "--yes", "--compute", "none"))


class Declining:
    """An audience that says no."""

    def show_plan(self, plan: Plan) -> None:
        """Looks away."""

    def show_event(self, event: Any) -> None:
        """Looks away."""

    def confirm(self, question: str) -> bool:
        return False


def test_a_declined_change_leaves_nothing_in_the_bucket(run_here: Run, place: EmbeddedEngine) -> None:
    """Who says no has uploaded nothing and begun no stack; a yes then does it all."""
    done(run_here("deploy", "--yes", "--compute", "none"))
    deployment = Deployment.from_stack(place.client("cloudformation"), "flowtally")
    before = left(Account("flowtally"))
    assert not Deployer(Account("flowtally"), {}, Declining()).run("both")
    assert (left(Account("flowtally")), keys(deployment)) == (before, [])
    done(run_here("deploy", "--yes", "--compute", "both"))
    assert len(keys(deployment, "code/")) == 2


def test_a_package_that_was_deleted_comes_back(run_here: Run, place: EmbeddedEngine) -> None:
    """New machines fetch the program from the bucket: `deploy` puts it there, also if nothing changes."""
    done(run_here("deploy", "--yes", "--compute", "vm"))
    deployment = Deployment.from_stack(place.client("cloudformation"), "flowtally")
    (package,) = keys(deployment, "code/")
    place.client("s3").delete_object(Bucket=deployment.bucket, Key=package)
    assert "nothing to change" in done(run_here("deploy", "--yes", "--compute", "vm"))
    assert keys(deployment, "code/") == [package]


@pytest.mark.parametrize("place", [True], ids=["authorized"], indirect=True)
def test_missing_permissions_are_named(run_here: Run, place: EmbeddedEngine) -> None:
    """Somebody who may nothing is told which operation was refused."""
    iam = place.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    credentials = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    failed = run_here("deploy", "--yes", **credentials)
    assert failed.returncode == 1
    assert "not permitted: DescribeStacks" in failed.stderr
