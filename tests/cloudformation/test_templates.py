"""The templates of the compute: valid, and with the settings on which safety and cost depend."""

import json
import re
from pathlib import Path

import pytest
from cfnlint.api import lint_file

from cloudformation.package import RUNTIME_PYTHON
from cloudformation.templates import output_names, template
from handlers import consolidate, summarize, verify
from handlers.metrics import COUNTED_EVENTS
from models.deployment import Deployment
from tests.helpers.project import ROOT
from tests.helpers.template import NAMES, TEMPLATES, resources, statements

HOUR = 3600


@pytest.mark.parametrize("name", NAMES)
def test_templates_are_valid_on_aws(name: str) -> None:
    """cfn-lint finds nothing, and no rule is switched off."""
    assert lint_file(Path(ROOT / "cloudformation" / f"{name}.yaml")) == []
    assert "cfn-lint" not in template(name)


@pytest.mark.parametrize("name", NAMES)
def test_templates_stay_below_what_a_request_may_carry(name: str) -> None:
    """CloudFormation takes 51,200 bytes of template in a request."""
    assert len(template(name).encode()) < 51_200


def test_no_role_may_do_everything_anywhere() -> None:
    """No action has a wildcard; no resource is one but for actions that know no resources."""
    without_resources = {"dynamodb:ListStreams", "ssm:UpdateInstanceInformation"}
    for _, _, statement in statements():
        if statement["Effect"] == "Deny":
            continue
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not [action for action in actions if "*" in action]
        if actions == ["cloudwatch:PutMetricData"]:
            assert statement["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Ref MetricNamespace"}}
        elif statement["Resource"] == "*":
            assert all(a in without_resources or a.startswith("ssmmessages:") for a in actions)


def test_nobody_may_delete_what_is_counted() -> None:
    """Items are deleted in the table of the leases only, tables by nobody."""
    deleting = [
        (name, statement["Resource"])
        for name, _, statement in statements()
        if any("dynamodb:Delete" in action for action in statement["Action"])
    ]
    assert deleting == [("leases", "GetAtt Leases.Arn")]


def test_what_others_give_out_is_what_compute_takes() -> None:
    """Every parameter without a default of Lambda and VM is an output, or filled in by `deploy`."""
    given = output_names(template("storage"), template("leases")) | {"CodeDigest", "StorageStack"}
    for name in ("lambda", "vm"):
        parameters = TEMPLATES[name]["Parameters"]
        assert {key for key, entry in parameters.items() if "Default" not in entry} <= given


def test_functions_name_handlers_that_exist() -> None:
    """Each function's handler is one of the package's, and its runtime that which is packaged for."""
    modules = {"Summarize": summarize, "Consolidate": consolidate, "Verify": verify}
    functions = resources("lambda", "AWS::Lambda::Function")
    assert functions.keys() == modules.keys()
    for name, function in functions.items():
        assert function["Handler"] == f"{modules[name].__name__}.{modules[name].handler.__name__}"
    assert TEMPLATES["lambda"]["Parameters"]["Runtime"]["Default"] == f"python{RUNTIME_PYTHON}"
    assert TEMPLATES["lambda"]["Parameters"]["Architecture"]["Default"] == "arm64"


def test_every_runtime_that_can_be_chosen_is_said_to_last_until_some_day() -> None:
    """docs/deploy.md has a date for each, and for no other."""
    offered = set(TEMPLATES["lambda"]["Parameters"]["Runtime"]["AllowedValues"])
    rows = re.findall(
        r"^\| (`python.*?) \| \d+ \w+ 20\d\d \|", (ROOT / "docs" / "deploy.md").read_text(), re.M
    )
    assert {name for row in rows for name in re.findall(r"python3\.\d+", row)} == offered


def test_functions_know_all_that_the_deployment_names() -> None:
    """Their environment has every variable that `Deployment.from_environment` reads."""
    wanted = Deployment("b", "q", "dlq", "daily", "pairs", "files", "arn", b"key").to_environment().keys()
    for function in resources("lambda", "AWS::Lambda::Function").values():
        assert function["Environment"]["Variables"].keys() == wanted
    assert all(f"{name}=${{" in template("vm") for name in [*wanted, "FLOWTALLY_LEASES", "FLOWTALLY_METRICS"])


def test_one_file_per_invocation_and_partial_failures() -> None:
    """The queue's mapping has no window, reports failures, and its concurrency is a parameter."""
    mapping = resources("lambda", "AWS::Lambda::EventSourceMapping")["SummarizeMapping"]
    assert mapping["BatchSize"] == 1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": "Ref MaximumConcurrency"}
    assert "MaximumBatchingWindowInSeconds" not in mapping


def test_the_stream_is_read_from_its_beginning_and_for_ever() -> None:
    """TRIM_HORIZON, bisecting, endless retries, partial failures."""
    mapping = resources("lambda", "AWS::Lambda::EventSourceMapping")["ConsolidateMapping"]
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRetryAttempts"] == mapping["MaximumRecordAgeInSeconds"] == -1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_messages_stay_hidden_six_times_as_long_as_a_function_runs() -> None:
    """As AWS asks."""
    function = resources("lambda", "AWS::Lambda::Function")["Summarize"]
    queue = resources("storage", "AWS::SQS::Queue")["Queue"]
    assert queue["VisibilityTimeout"] == 6 * function["Timeout"]


def test_statistics_are_verified_weekly() -> None:
    """A schedule invokes the verification, with a role that may do nothing else."""
    (schedule,) = resources("lambda", "AWS::Scheduler::Schedule").values()
    assert schedule["ScheduleExpression"] == "rate(7 days)"
    assert schedule.get("State", "ENABLED") == "ENABLED"
    assert schedule["Target"] == {"Arn": "GetAtt Verify.Arn", "RoleArn": "GetAtt WeeklyRole.Arn"}
    assert resources("lambda", "AWS::Lambda::Function")["Verify"]["MemorySize"] == 1769  # a whole core
    allowed = [statement for _, key, statement in statements() if key == "WeeklyRole"]
    assert [(it["Action"], it["Resource"]) for it in allowed] == [
        ("lambda:InvokeFunction", "GetAtt Verify.Arn")
    ]


def test_logs_are_kept_for_days_and_go_with_the_stack() -> None:
    """Every function has a log group, with a retention of a week by default; machines keep a journal."""
    name = "lambda"
    groups = resources(name, "AWS::Logs::LogGroup")
    assert groups
    assert all(group["RetentionInDays"] == "Ref LogRetention" for group in groups.values())
    assert TEMPLATES[name]["Parameters"]["LogRetention"]["Default"] == 7
    for function in resources(name, "AWS::Lambda::Function").values():
        assert function["LoggingConfig"]["LogGroup"].removeprefix("Ref ") in groups


def test_compute_holds_no_data() -> None:
    """Nothing in the stacks of the compute is a table, bucket or queue, but for the leases."""
    stateful = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue")
    for name in ("lambda", "vm"):
        assert not [kind for kind in stateful if resources(name, kind)]


def test_alarms_cover_what_can_go_wrong() -> None:
    """Dead letters, old files, failures; errors, throttles, age; a silent reader. They tell somebody."""
    alarms = {name: set(resources(name, "AWS::CloudWatch::Alarm")) for name in ("storage", "lambda", "vm")}
    assert alarms == {
        "storage": {
            *("DeadLetters", "OldestFile", "FilesNotCounted", "PairsNotConsolidated"),
            *("FilesPartlyCounted", "PairsSetAside", "DaysStandOut"),
        },
        "lambda": {
            *("SummarizeErrors", "ConsolidateErrors", "VerifyErrors", "RecordsWait"),
            *("SummarizeThrottles", "ConsolidateThrottles"),
        },
        "vm": {"SilentReader", "ReaderLags", "ManyFilesWait", "NoFilesWait"},
    }
    scaling = {"ManyFilesWait", "NoFilesWait"}
    for name in alarms:
        for key, alarm in resources(name, "AWS::CloudWatch::Alarm").items():
            told = alarm["AlarmActions"]
            assert ("SomebodyIsTold" in told) != (key in scaling)
    assert TEMPLATES["storage"]["Parameters"]["AlarmEmail"]["Default"] == ""


def test_alarms_watch_what_they_are_named_for() -> None:
    """Each looks at the metric of its resource; only a silent reader is alarming where there are no data."""
    watched = {
        (key, alarm["MetricName"], alarm["Threshold"], alarm["TreatMissingData"])
        for name in TEMPLATES
        for key, alarm in resources(name, "AWS::CloudWatch::Alarm").items()
        if "MetricName" in alarm and "SomebodyIsTold" in alarm["AlarmActions"]
    }
    functions = ("Summarize", "Consolidate")
    assert watched == {
        ("DeadLetters", "ApproximateNumberOfMessagesVisible", 0, "notBreaching"),
        ("OldestFile", "ApproximateAgeOfOldestMessage", HOUR, "notBreaching"),
        *((f"{name}Errors", "Errors", 0, "notBreaching") for name in (*functions, "Verify")),
        *((f"{name}Throttles", "Throttles", 0, "notBreaching") for name in functions),
        *((name, name, 0, "notBreaching") for name in COUNTED_EVENTS.values()),
        ("RecordsWait", "IteratorAge", 1000 * HOUR, "notBreaching"),
        ("SilentReader", "Reading", 1, "breaching"),
        ("ReaderLags", "ReaderLag", HOUR, "notBreaching"),
    }


def test_the_dashboard_shows_what_the_alarms_watch() -> None:
    """Files waiting and given up, the age of the oldest, writes of both tables, errors and throttles."""
    (dashboard,) = resources("storage", "AWS::CloudWatch::Dashboard").values()
    body = dashboard["DashboardBody"].removeprefix("Sub ").replace("${AWS::StackName}", "flowtally")
    widgets = json.loads(re.sub(r"\$\{[^}]*\}", "x", body))["widgets"]
    shown = [metric for widget in widgets for metric in widget["properties"]["metrics"]]
    names = {name for _, name, *_ in shown}
    assert names == {
        *("ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"),
        *("ApproximateAgeOfOldestMessage", "ConsumedWriteCapacityUnits", "Errors", "Throttles"),
        *("FilesNotCounted", "PairsNotConsolidated", "DaysStandOut"),
    }
    functions = {value for space, _, *rest in shown if space == "AWS/Lambda" for value in rest[1:2]}
    named = {it["FunctionName"] for it in resources("lambda", "AWS::Lambda::Function").values()}
    assert functions == {name.removeprefix("Sub ").replace("${StorageStack}", "flowtally") for name in named}
    assert {space for space, *_ in shown if space.startswith("flowtally")} == {"flowtally/flowtally"}
    assert TEMPLATES["storage"]["Resources"]["Overview"]["Condition"] == "IsShown"
    assert TEMPLATES["storage"]["Parameters"]["Dashboard"]["Default"] == "true"


def test_only_who_must_know_what_is_there_may_list_the_bucket() -> None:
    """The first stage, to tell a missing object from a forbidden one; people who look; a branch, its own."""
    listing = {(key, it["Resource"]) for _, key, it in statements() if "s3:ListBucket" in it["Action"]}
    assert listing == {
        ("SummarizePolicy", "GetAtt Bucket.Arn"),
        ("AnalystPolicy", "GetAtt Bucket.Arn"),
        ("BranchUploadPolicy", "GetAtt Bucket.Arn"),
    }


def test_accelerated_uploads_and_alarm_mail_are_parameters() -> None:
    """Both cost something or tell somebody, so both are off unless asked for."""
    parameters = TEMPLATES["storage"]["Parameters"]
    assert parameters["TransferAcceleration"]["Default"] == "false"
    (bucket,) = resources("storage", "AWS::S3::Bucket").values()
    off_unless_asked_for = ["If", "Accelerated", "Enabled", "Suspended"]
    assert bucket["AccelerateConfiguration"] == {"AccelerationStatus": off_unless_asked_for}
