"""The storage template: what it creates, what it costs at rest, and what it lets whom do."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from cfnlint.api import lint_file

from clients.local_aws.engine import EmbeddedEngine
from cloudformation.deploy import deploy_stack, deploy_storage
from cloudformation.templates import content, template
from handlers.summarizing.messages import back_off
from models.deployment import Deployment
from models.errors import FlowtallyError, TryAgain, UsageError
from models.s3_events import uploaded_objects
from models.storage.schema import File, PairStatistics, Week
from tests.helpers.deployed import client, upload
from tests.helpers.project import STORAGE_TEMPLATE

HOUR = 3600
DAY = 24 * HOUR


TEMPLATE = content(template("storage"))
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
TABLES = {name: it for name, it in RESOURCES.items() if it["Type"] == "AWS::DynamoDB::Table"}
QUEUES = {name: it for name, it in RESOURCES.items() if it["Type"] == "AWS::SQS::Queue"}
MODELS = {"DailyTotals": Week, "PairStatistics": PairStatistics, "Files": File}


def statements(kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The statements of all policies of a kind, each with the name of its policy."""
    for name, resource in RESOURCES.items():
        if resource["Type"] == kind:
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                yield name, statement


def allowed() -> Iterator[tuple[str, str, str]]:
    """Everything that people and workers may do: policy, action, resource."""
    for name, statement in statements("AWS::IAM::ManagedPolicy"):
        assert statement["Effect"] == "Allow"
        actions, resources = statement["Action"], statement["Resource"]
        for action in [actions] if isinstance(actions, str) else actions:
            for resource in [resources] if isinstance(resources, str) else resources:
                yield name, action, resource


def test_template_is_valid_on_aws() -> None:
    """cfn-lint finds nothing."""
    assert lint_file(STORAGE_TEMPLATE) == []


def test_nobody_may_delete_daily_items() -> None:
    """No policy allows to delete an item or a table, by no name and by no wildcard."""
    tables = {action for _, action, _ in allowed() if action.startswith("dynamodb:")}
    assert tables == {
        "dynamodb:BatchGetItem",
        "dynamodb:DescribeStream",
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "dynamodb:UpdateItem",
    }
    assert not [entry for entry in allowed() if entry[1:] == ("dynamodb:PutItem", "GetAtt DailyTotals.Arn")]


def test_policies_name_what_they_are_for() -> None:
    """No action and no resource is a wildcard for everything."""
    assert not [entry for entry in allowed() if "*" in entry[1] or entry[2] == "*"]


def test_a_branch_may_upload_and_look_at_what_is_its_own_only() -> None:
    """The policy for branches depends on the identity's tag in each of its statements, and allows no more."""
    assert {entry[1:] for entry in allowed() if entry[0] == "BranchUploadPolicy"} == {
        ("s3:PutObject", "Sub ${Bucket.Arn}/incoming/${!aws:PrincipalTag/branch}/*"),
        ("s3:AbortMultipartUpload", "Sub ${Bucket.Arn}/incoming/${!aws:PrincipalTag/branch}/*"),
        ("s3:ListBucket", "GetAtt Bucket.Arn"),
        ("dynamodb:GetItem", "GetAtt Files.Arn"),
        ("dynamodb:Query", "GetAtt Files.Arn"),
    }
    conditions = [statement["Condition"] for statement in of_branches()[1:]]
    assert conditions == [
        {"StringEquals": {"s3:prefix": "incoming/${aws:PrincipalTag/branch}/"}},
        {
            "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/branch}"]},
            "Null": {"dynamodb:LeadingKeys": "false"},
        },
    ]


def of_branches() -> list[Mapping[str, Any]]:
    """The statements of the policy for branches."""
    return [it for name, it in statements("AWS::IAM::ManagedPolicy") if name == "BranchUploadPolicy"]


def test_a_branch_may_upload_only_what_workers_can_read() -> None:
    """No archive, no key but the bucket's; what is not asked for in an upload is as the bucket has it."""
    assert of_branches()[0]["Condition"] == {
        "StringEqualsIfExists": {
            "s3:x-amz-storage-class": "STANDARD",
            "s3:x-amz-server-side-encryption": "AES256",
        },
        "Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "true"},
    }


def test_bucket_and_queues_refuse_unencrypted_connections() -> None:
    """Each of them has a policy that denies everybody everything without TLS."""
    without_tls = {"Bool": {"aws:SecureTransport": "false"}}
    denying = {
        name
        for kind in ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy")
        for name, statement in statements(kind)
        if statement["Effect"] == "Deny"
        and statement["Condition"] == without_tls
        and statement["Principal"] == "*"
        and statement["Action"] in ("s3:*", "sqs:*")
    }
    assert denying == {"BucketPolicy", "QueuePolicy", "DeadLetterQueuePolicy"}


def test_bucket_is_private() -> None:
    """No public access, no ACLs, encrypted; and its life cycle touches unfinished uploads only."""
    bucket = RESOURCES["Bucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule.keys() == {"Id", "Status", "AbortIncompleteMultipartUpload"}


@pytest.mark.parametrize("queue", QUEUES)
def test_queues_keep_messages_encrypted_for_14_days(queue: str) -> None:
    """The longest retention that SQS offers, and its own encryption."""
    properties = QUEUES[queue]["Properties"]
    assert properties["MessageRetentionPeriod"] == 14 * DAY
    assert properties["SqsManagedSseEnabled"] is True


def test_an_outage_of_half_a_day_sends_no_file_to_the_dead_letters() -> None:
    """The receives allowed span 12 hours of back-off or more, and end before the messages do."""
    receives = RESOURCES["Queue"]["Properties"]["RedrivePolicy"]["maxReceiveCount"]
    waited = sum(back_off(n) for n in range(1, receives))
    assert 12 * HOUR <= waited <= 13 * DAY


def test_a_message_stays_hidden_six_times_as_long_as_a_function_may_run() -> None:
    """As AWS asks of a queue that feeds a Lambda function, of 15 minutes at most."""
    assert RESOURCES["Queue"]["Properties"]["VisibilityTimeout"] == 6 * 15 * 60


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_protected_and_cost_nothing_at_rest(name: str) -> None:
    """On demand, retained when the stack goes, protected from deletion."""
    table = TABLES[name]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["Properties"]["DeletionProtectionEnabled"] is True


def test_only_the_daily_totals_have_a_stream() -> None:
    """With both images, which consolidation needs."""
    streams = {name: table["Properties"].get("StreamSpecification") for name, table in TABLES.items()}
    assert streams == {
        "DailyTotals": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        "PairStatistics": None,
        "Files": None,
    }


def test_the_only_copy_of_the_data_can_be_restored_by_default() -> None:
    """Point-in-time recovery of the daily totals is a parameter, and on unless switched off."""
    recovery = TABLES["DailyTotals"]["Properties"]["PointInTimeRecoverySpecification"]
    assert recovery == {"PointInTimeRecoveryEnabled": "Ref PointInTimeRecovery"}
    assert TEMPLATE["Parameters"]["PointInTimeRecovery"]["Default"] == "true"


@pytest.mark.parametrize("name", TABLES)
def test_tables_have_the_keys_of_the_models(name: str, deployment: Deployment) -> None:
    """The deployed keys are those that the PynamoDB models name."""
    table = {
        "DailyTotals": deployment.daily_totals,
        "PairStatistics": deployment.pair_statistics,
        "Files": deployment.files,
    }[name]
    model = MODELS[name]
    described = client("dynamodb").describe_table(TableName=table)["Table"]
    assert [key["AttributeName"] for key in described["KeySchema"]] == [
        model._hash_key_attribute().attr_name,  # type: ignore[no-untyped-call]
        model._range_key_attribute().attr_name,  # type: ignore[no-untyped-call]
    ]


@pytest.mark.parametrize(
    "name", ["a file.csv", "100%+1 [x]&y.csv", "Zürich–東京 🚦.csv.gz", "deep/er/name.csv"]
)
def test_uploads_reach_the_queue_whatever_their_name(name: str, deployment: Deployment) -> None:
    """An object below incoming/ becomes a message that names it; others become none."""
    upload(deployment, f"quarantine/{name}", b"")
    upload(deployment, f"incoming/paris/{name}", b"")
    sqs = client("sqs")
    found: list[str] = []
    for _ in range(10):
        answer = sqs.receive_message(
            QueueUrl=deployment.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=0 if found else 1
        )
        for message in answer.get("Messages", []):
            found += [uploaded.key for uploaded in uploaded_objects(message["Body"])]
    assert found == [f"incoming/paris/{name}"]


def test_deploying_again_changes_nothing(deployment: Deployment) -> None:
    """A repeated deployment finds nothing to change, and keeps every name."""
    cloudformation = client("cloudformation")
    deploy_storage(cloudformation, "flowtally")
    assert Deployment.from_stack(cloudformation, "flowtally") == deployment


def test_parameters_are_kept_until_given_anew(deployment: Deployment) -> None:
    """An update without a parameter leaves it as it was."""
    cloudformation = client("cloudformation")
    deploy_storage(cloudformation, "flowtally", AddressScope="branch")
    deploy_storage(cloudformation, "flowtally", PointInTimeRecovery="false")
    assert Deployment.from_stack(cloudformation, "flowtally").address_scope == "branch"


def test_a_failure_names_its_first_cause_and_can_be_repeated(deployment: Deployment) -> None:
    """A stack whose bucket's name is taken says so; once it is not, the same call succeeds."""
    cloudformation = client("cloudformation")
    taken = template("storage").replace("${AWS::StackName}-${AWS::AccountId}", "flowtally-${AWS::AccountId}")
    for _ in range(2):
        with pytest.raises(FlowtallyError, match=r"Bucket.*already exists"):
            deploy_stack(cloudformation, "another", taken, {"SourceKey": "0" * 32})
    deploy_storage(cloudformation, "another")
    assert Deployment.from_stack(cloudformation, "another").bucket != deployment.bucket


def test_wrong_parameters_are_the_users_error(engine: EmbeddedEngine) -> None:
    """A value that the template does not allow is refused with the values that it does."""
    with pytest.raises(UsageError, match="enterprise"):
        deploy_storage(engine.client("cloudformation"), "wrong", AddressScope="x")


@pytest.mark.parametrize("name", ["Flowtally", "flow_tally", "1st", "", "f" * 35])
def test_a_stack_is_named_as_its_bucket_can_be(name: str, engine: EmbeddedEngine) -> None:
    """A name that no bucket can begin with is refused before anything is made."""
    with pytest.raises(UsageError, match="lower-case"):
        deploy_storage(engine.client("cloudformation"), name)


def test_a_stack_in_change_is_left_alone(engine: EmbeddedEngine) -> None:
    """While another change is under way, a deployment does not begin."""

    class Busy:
        def describe_stacks(self, **_: str) -> dict[str, Any]:
            return {"Stacks": [{"StackStatus": "UPDATE_IN_PROGRESS"}]}

    with pytest.raises(TryAgain, match="UPDATE_IN_PROGRESS"):
        deploy_storage(Busy(), "flowtally")  # type: ignore[arg-type]


def test_template_stays_below_what_a_request_may_carry() -> None:
    """CloudFormation takes 51,200 bytes of template in a request."""
    assert len(template("storage").encode()) < 51_200
