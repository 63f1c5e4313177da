"""What people may do: a branch uploads, an analyst looks, and nobody does more."""

import json
import os
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from clients.queries.compute import Compute
from clients.queries.consolidation import Consolidation
from clients.queries.counted import Results
from clients.queries.file_report import files_of_branch
from clients.queries.stored import read_status
from clients.recovering.verify import verify_all
from clients.terminal.account import Account
from models.storage.file_records import FilesTable
from models.storage.schema import File, Week
from models.traffic import PairWeek
from tests.helpers.deployed import client
from tests.helpers.flow_files import flow_csv
from tests.helpers.policies import GuardedStack
from tests.helpers.program import Run, done

# Ways to keep an object in which no worker can read it.
UNREADABLE: list[dict[str, str]] = [
    {"StorageClass": "GLACIER"},
    {"StorageClass": "DEEP_ARCHIVE"},
    {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/own"},
    {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32},
]
ROW = "10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1000,3"


def calls(*made: Callable[[], object]) -> tuple[Callable[[], object], ...]:
    """Calls of which none is to succeed; lambdas among others have no type of their own."""
    return made


@pytest.fixture
def user(stack: GuardedStack, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes this process a user with one of the policies that the stack offers."""
    iam = stack.engine.client("iam")

    def become(policy: str, *more: dict[str, str], **tags: str) -> None:
        name = f"user-{uuid4().hex}"
        iam.create_user(UserName=name, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
        # The engine does not put the caller's tags into resources, as AWS does.
        document = json.dumps(stack.document(("managed", stack.outputs[policy])))
        for key, value in tags.items():
            document = document.replace(f"${{aws:PrincipalTag/{key}}}", value)
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        wide = json.dumps({"Version": "2012-10-17", "Statement": more})
        if more:
            iam.put_user_policy(UserName=name, PolicyName="more", PolicyDocument=wide)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        for variable, value in stack.engine.environment().items():
            monkeypatch.setenv(variable, value)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])

    return become


def test_a_branch_uploads_below_its_own_prefix_only(stack: GuardedStack, user: Callable[..., None]) -> None:
    """It may put and break off uploads there, and read, list and overwrite nothing else.

    So it cannot learn the key by which files are named, wherever that stands.
    """
    user("BranchUploadPolicyArn", branch="paris")
    s3, bucket = client("s3"), stack.deployment.bucket
    described = stack.engine.client("dynamodb").describe_table(TableName=stack.deployment.daily_totals)
    table = described["Table"]["TableArn"]
    functions = [f"flowtally-{name}" for name in ("summarize", "consolidate", "verify")]
    s3.put_object(Bucket=bucket, Key="incoming/paris/a.csv", Body=b"x")
    for kept in ({"StorageClass": "STANDARD"}, {"ServerSideEncryption": "AES256"}):
        s3.put_object(Bucket=bucket, Key="incoming/paris/a.csv", Body=b"x", **kept)
    begun = s3.create_multipart_upload(Bucket=bucket, Key="incoming/paris/b.csv")
    s3.abort_multipart_upload(Bucket=bucket, Key="incoming/paris/b.csv", UploadId=begun["UploadId"])
    for refused in calls(
        lambda: s3.put_object(Bucket=bucket, Key="incoming/rome/a.csv", Body=b"x"),
        lambda: s3.put_object(Bucket=bucket, Key="quarantine/a.csv", Body=b"x"),
        # What the workers could not read.
        *(partial(s3.put_object, Bucket=bucket, Key="incoming/paris/c.csv", **kept) for kept in UNREADABLE),
        *(
            partial(s3.create_multipart_upload, Bucket=bucket, Key="incoming/paris/c.csv", **k)
            for k in UNREADABLE
        ),
        lambda: s3.get_object(Bucket=bucket, Key="incoming/paris/a.csv"),
        lambda: s3.list_objects_v2(Bucket=bucket),
        lambda: s3.delete_object(Bucket=bucket, Key="incoming/paris/a.csv"),
        lambda: client("dynamodb").scan(TableName=stack.deployment.daily_totals),
        # The key by which files are named, wherever it stands.
        lambda: client("cloudformation").describe_stacks(StackName="flowtally"),
        lambda: client("cloudformation").describe_stacks(),
        lambda: client("dynamodb").list_tags_of_resource(ResourceArn=table),
        lambda: client("resourcegroupstaggingapi").get_resources(),
        *(partial(client("lambda").get_function_configuration, FunctionName=name) for name in functions),
        *(partial(client("lambda").get_function, FunctionName=name) for name in functions),
        lambda: client("ec2").describe_launch_template_versions(Versions=["$Latest"]),
    ):
        with pytest.raises(ClientError, match=r"AccessDenied|UnauthorizedOperation"):
            refused()


def test_a_branch_brings_no_program_whatever_it_is_allowed(
    stack: GuardedStack, user: Callable[..., None]
) -> None:
    """With the right to do anything with any bucket, it can neither write nor delete what machines run."""
    everywhere = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    bucket = stack.deployment.bucket
    for tags, may in (({"branch": "paris"}, False), ({"team": "operations"}, True)):
        user("AnalystPolicyArn", everywhere, **tags)
        s3 = client("s3")
        s3.put_object(Bucket=bucket, Key="incoming/paris/a.csv", Body=b"x")
        for call in calls(
            partial(s3.put_object, Bucket=bucket, Key="code/planted.zip", Body=b"x"),
            partial(s3.create_multipart_upload, Bucket=bucket, Key="code/planted.zip"),
            partial(s3.delete_object, Bucket=bucket, Key="code/planted.zip"),
        ):
            with nullcontext() if may else pytest.raises(ClientError, match="AccessDenied"):
                call()


def same_content(branch: str, state: str) -> File:
    """What is recorded of a file that two branches sent."""
    return File(branch=branch, key="both.csv", state=state, digest=bytes(32), arrived_at=1, attempts=1)


def test_a_branch_sees_what_became_of_its_own_files_only(
    stack: GuardedStack, user: Callable[..., None], run: Run, tmp_path: Path
) -> None:
    """By the settings printed for it, upload, --wait and status work; of other branches it sees nothing."""
    settings = json.loads(
        done(run("environment", "--branch", "paris", "--json", **stack.engine.environment()))
    )
    files = FilesTable(stack.engine.client("dynamodb"), stack.deployment.files)
    for branch in ("paris", "rome"):
        files.put(File(branch=branch, key="a.csv", state="counted", rows=7, arrived_at=1, attempts=1))
        files.put(same_content(branch, state="duplicate" if branch == "paris" else "counted"))
        stack.put(f"incoming/{branch}/waits.csv", flow_csv(ROW))
    user("BranchUploadPolicyArn", branch="paris")
    own = {**settings, **{name: value for name, value in os.environ.items() if name.startswith("AWS_")}}
    shown = done(run("status", "--branch", "paris", **own))
    assert "a.csv" in shown
    assert "waits.csv" in shown
    assert "duplicate" in shown
    assert "rome" not in shown
    (tmp_path / "day.csv").write_bytes(flow_csv(ROW))
    assert "Warning" not in run("upload", "day.csv", **own).stderr
    before = json.loads(done(run("upload", "day.csv", "--dry-run", "--json", **own)))["files"]
    digest = before[0]["key"]
    files.put(File(branch="paris", key=digest, state="counted", rows=1, arrived_at=1, attempts=1))
    waited = run("upload", "day.csv", "--wait", "--timeout", "9", **own)
    assert "counted before" in done(waited)
    assert "consolidated" not in waited.stdout + waited.stderr
    files.put(File(branch="paris", key="bad.csv", state="rejected", reason="-", arrived_at=9, attempts=1))
    checked = run("status", "--branch", "paris", "--check", "--json", **own)
    told = {it["kind"]: it["what"] for it in json.loads(checked.stdout)["problems"]}
    assert (checked.returncode, set(told)) == (3, {"rejected"})
    assert told["rejected"] == "1 rejected file, until one of the same name is counted"
    unknown = run("status", "--branch", "rome", **own)
    assert (unknown.returncode, "not permitted" in unknown.stderr) == (1, True)


def test_a_branch_sees_nothing_of_others(stack: GuardedStack, user: Callable[..., None]) -> None:
    """No row, no name and no object of theirs, and of its own rows it changes none."""
    user("BranchUploadPolicyArn", branch="paris")
    table, bucket, dynamodb = stack.deployment.files, stack.deployment.bucket, client("dynamodb")
    query = {"TableName": table, "KeyConditionExpression": "branch = :b"}
    own_key, others = (
        {"branch": {"S": "paris"}, "key": {"S": "a.csv"}},
        {"branch": {"S": "rome"}, "key": {"S": "a.csv"}},
    )
    dynamodb.get_item(TableName=table, Key=own_key)
    for refused in calls(
        partial(dynamodb.get_item, TableName=table, Key=others),
        partial(dynamodb.query, **query, ExpressionAttributeValues={":b": {"S": "rome"}}),
        partial(dynamodb.scan, TableName=table),
        partial(dynamodb.put_item, TableName=table, Item=own_key),
        partial(dynamodb.update_item, TableName=table, Key=own_key),
        partial(dynamodb.delete_item, TableName=table, Key=own_key),
        partial(dynamodb.batch_get_item, RequestItems={table: {"Keys": [own_key]}}),
        partial(
            dynamodb.get_item,
            TableName=stack.deployment.pair_statistics,
            Key={"src": {"S": "paris"}, "dst": {"S": "x"}},
        ),
        partial(client("s3").list_objects_v2, Bucket=bucket, Prefix="incoming/rome/"),
        partial(client("s3").list_objects_v2, Bucket=bucket, Prefix="incoming/"),
        partial(client("s3").list_objects_v2, Bucket=bucket, Prefix="rejected/"),
        partial(client("s3").list_objects_v2, Bucket=bucket),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()


def test_an_analyst_looks_at_everything_and_changes_nothing(
    stack: GuardedStack, user: Callable[..., None]
) -> None:
    """Status, verification and results can be had; no table, object or queue can be written."""
    stack.put("incoming/paris/waits.csv", flow_csv(ROW))
    reader = {"stream_arn": {"S": stack.deployment.stream_arn}, "item_name": {"S": "worker#vm"}}
    leases, beat = stack.outputs["Leases"], {"beats": {"N": "7"}, "beat_at": {"N": "1670000000"}}
    stack.engine.client("dynamodb").put_item(TableName=leases, Item=reader | beat)
    user("AnalystPolicyArn")
    account = Account("flowtally")
    status = read_status(account)
    assert status.tables
    assert status.compute == Compute(has_lambda=True, seen_at=[1_670_000_000])
    assert status.lag is not None
    assert read_status(account, with_traffic=False).lag == status.lag
    assert files_of_branch(account, "paris")
    dynamodb = account.client("dynamodb")
    results = Results(dynamodb, account.deployment)
    verify_all(results, sleep=lambda _: None)
    results.days("10.0.0.1", "10.0.0.2")
    results.pair("10.0.0.1", "10.0.0.2")
    consolidation = Consolidation(dynamodb, account.deployment)
    consolidation.standings(consolidation.changes([PairWeek("10.0.0.1", "10.0.0.2", "2022-12-05")]))
    FilesTable(dynamodb, account.deployment.files).get("paris", "good.csv")
    key = {Week.pair.attr_name: {"S": "a>b"}, Week.monday.attr_name: {"S": "2022-12-05"}}
    for refused in calls(
        lambda: dynamodb.put_item(TableName=account.deployment.daily_totals, Item=key),
        partial(dynamodb.put_item, TableName=leases, Item=reader),
        partial(dynamodb.delete_item, TableName=leases, Key=reader),
        partial(dynamodb.scan, TableName=leases),
        partial(account.client("cloudformation").describe_stacks, StackName="flowtally-vm"),
        lambda: account.client("s3").put_object(Bucket=account.deployment.bucket, Key="incoming/x/a.csv"),
        lambda: account.client("sqs").purge_queue(QueueUrl=account.deployment.queue_url),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()
