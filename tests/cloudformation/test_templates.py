"""The templates of the compute: valid, and with the settings on which safety and cost depend."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file

from cloudformation.package import RUNTIME_PYTHON
from cloudformation.templates import content, output_names, template
from handlers import consolidate, summarize, verify
from models.deployment import Deployment
from tests.helpers.project import ROOT

HOUR = 3600
FOLDER = ROOT / "cloudformation"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


TEMPLATES: dict[str, dict[str, Any]] = {name: dict(content(template(name))) for name in NAMES}


def resources(name: str, kind: str) -> dict[str, Any]:
    """Those of a type, by their logical names."""
    return {
        key: entry["Properties"]
        for key, entry in TEMPLATES[name]["Resources"].items()
        if entry["Type"] == kind
    }


def statements() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every statement of every policy of every template: template, resource, statement."""
    for name, written in TEMPLATES.items():
        for key, entry in written["Resources"].items():
            properties = entry.get("Properties", {})
            documents = [properties.get("PolicyDocument")]
            documents += [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            for document in filter(None, documents):
                for statement in document["Statement"]:
                    yield name, key, statement


@pytest.mark.parametrize("name", NAMES)
def test_templates_are_valid_on_aws(name: str) -> None:
    """cfn-lint finds nothing, and no rule is switched off."""
    assert lint_file(Path(FOLDER / f"{name}.yaml")) == []
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
        if statement["Resource"] == "*":
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
    given = output_names(template("storage"), template("leases")) | {"CodeKey", "StorageStack"}
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


def test_functions_know_all_that_the_deployment_names() -> None:
    """Their environment has every variable that `Deployment.from_environment` reads."""
    wanted = Deployment("b", "q", "dlq", "daily", "pairs", "files", "arn", b"key").to_environment().keys()
    for function in resources("lambda", "AWS::Lambda::Function").values():
        assert function["Environment"]["Variables"].keys() == wanted
    assert all(f"{name}=${{" in template("vm") for name in [*wanted, "FLOWTALLY_LEASES"])


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
    """Dead letters, old files, no consolidation; errors, throttles; a silent reader. They tell somebody."""
    alarms = {name: set(resources(name, "AWS::CloudWatch::Alarm")) for name in ("storage", "lambda", "vm")}
    assert alarms == {
        "storage": {"DeadLetters", "OldestFile", "NotConsolidated"},
        "lambda": {
            *("SummarizeErrors", "ConsolidateErrors", "VerifyErrors"),
            *("SummarizeThrottles", "ConsolidateThrottles"),
        },
        "vm": {"SilentReader", "ManyFilesWait", "NoFilesWait"},
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
        ("SilentReader", "SuccessfulRequestLatency", 0, "breaching"),
    }
    behind = resources("storage", "AWS::CloudWatch::Alarm")["NotConsolidated"]
    formula, *metrics = behind["Metrics"]
    assert formula["Expression"] == "IF(FILL(written, 0) > 0 AND FILL(consolidated, 0) == 0, 1, 0)"
    of_table = {it["Id"]: it["MetricStat"]["Metric"]["Dimensions"][0]["Value"] for it in metrics}
    assert of_table == {"written": "Ref DailyTotals", "consolidated": "Ref PairStatistics"}
    assert {it["MetricStat"]["Period"] for it in metrics} == {HOUR}


def test_the_dashboard_shows_what_the_alarms_watch() -> None:
    """Files waiting and given up, the age of the oldest, writes of both tables, errors and throttles."""
    (dashboard,) = resources("storage", "AWS::CloudWatch::Dashboard").values()
    widgets = json.loads(re.sub(r"\$\{[^}]*\}", "x", dashboard["DashboardBody"].removeprefix("Sub ")))
    shown = json.dumps(widgets)
    for metric in (
        *("ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"),
        *("ApproximateAgeOfOldestMessage", "ConsumedWriteCapacityUnits", "Errors", "Throttles"),
    ):
        assert metric in shown


def test_a_machine_is_reached_by_nobody() -> None:
    """No way in: the firewall has no rule for incoming traffic, only HTTPS goes out, and there is no key."""
    (firewall,) = resources("vm", "AWS::EC2::SecurityGroup").values()
    assert "SecurityGroupIngress" not in firewall
    assert [(rule["FromPort"], rule["ToPort"]) for rule in firewall["SecurityGroupEgress"]] == [(443, 443)]
    assert "KeyName" not in template("vm")
    (machine,) = resources("vm", "AWS::EC2::LaunchTemplate").values()
    assert machine["LaunchTemplateData"]["MetadataOptions"]["HttpTokens"] == "required"


def test_session_manager_may_what_it_needs_and_nothing_else() -> None:
    """The permissions of a machine for it are those of AWS's own policy for sessions alone.

    That is AWSCloud9SSMInstanceProfile. AmazonSSMManagedInstanceCore could also read all parameters.
    """
    (statement,) = [it for _, _, it in statements() if it.get("Sid") == "SessionManager"]
    channels = (f"ssmmessages:{verb}{kind}" for verb in ("Create", "Open") for kind in ("Control", "Data"))
    needed = {"ssm:UpdateInstanceInformation", *(f"{name}Channel" for name in channels)}
    assert set(statement["Action"]) == needed
    others = [it for _, _, it in statements() if it is not statement]
    assert not [it for it in others if any(action.startswith("ssm") for action in it["Action"])]


def test_only_who_must_know_what_is_there_may_list_the_bucket() -> None:
    """The first stage, which has to tell a missing object from a forbidden one, and people who look."""
    listing = {(key, it["Resource"]) for _, key, it in statements() if "s3:ListBucket" in it["Action"]}
    assert listing == {("SummarizePolicy", "GetAtt Bucket.Arn"), ("AnalystPolicy", "GetAtt Bucket.Arn")}


def test_machines_grow_with_the_backlog() -> None:
    """One more while more than 50 files wait for three minutes, only one when none has for ten."""
    policies = resources("vm", "AWS::AutoScaling::ScalingPolicy")
    assert policies["OneMore"]["AdjustmentType"] == "ChangeInCapacity"
    assert policies["OneMore"]["StepAdjustments"] == [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]
    assert policies["OnlyOne"]["AdjustmentType"] == "ExactCapacity"
    assert policies["OnlyOne"]["StepAdjustments"] == [{"MetricIntervalUpperBound": 0, "ScalingAdjustment": 1}]
    alarms = resources("vm", "AWS::CloudWatch::Alarm")
    for name, action, threshold in (("ManyFilesWait", "OneMore", 50), ("NoFilesWait", "OnlyOne", 0)):
        assert alarms[name]["AlarmActions"] == [f"Ref {action}"]
        assert alarms[name]["MetricName"] == "ApproximateNumberOfMessagesVisible"
        assert alarms[name]["Threshold"] == threshold
    (group,) = resources("vm", "AWS::AutoScaling::AutoScalingGroup").values()
    assert group["MaxSize"] == "Ref MaximumMachines"


def test_machines_are_small_and_at_least_one() -> None:
    """arm64, the smallest disk that the image allows, encrypted; credits never cost extra."""
    (machine,) = resources("vm", "AWS::EC2::LaunchTemplate").values()
    data = machine["LaunchTemplateData"]
    assert data["ImageId"].endswith("arm64")
    assert TEMPLATES["vm"]["Parameters"]["InstanceType"]["Default"] == "t4g.small"
    (disk,) = data["BlockDeviceMappings"]
    assert disk["Ebs"] == {
        "VolumeSize": 8,
        "VolumeType": "gp3",
        "Encrypted": True,
        "DeleteOnTermination": True,
    }
    assert data["CreditSpecification"] == {"CpuCredits": "standard"}
    (group,) = resources("vm", "AWS::AutoScaling::AutoScalingGroup").values()
    assert group["MinSize"] == "1"


def test_a_machine_reports_only_when_its_daemon_is_ready() -> None:
    """The group waits for a signal, which comes after the units are ready, so when they can work."""
    group = TEMPLATES["vm"]["Resources"]["Machines"]
    assert group["CreationPolicy"]["ResourceSignal"]["Count"] == 1
    script = template("vm")
    assert (
        script.index("install.sh --from") < script.index("systemctl start") < script.index("report SUCCESS")
    )
    assert "set -euo pipefail" in script
    assert "trap 'report FAILURE' ERR" in script


def test_accelerated_uploads_and_alarm_mail_are_parameters() -> None:
    """Both cost something or tell somebody, so both are off unless asked for."""
    parameters = TEMPLATES["storage"]["Parameters"]
    assert parameters["TransferAcceleration"]["Default"] == "false"
    (bucket,) = resources("storage", "AWS::S3::Bucket").values()
    assert bucket["AccelerateConfiguration"][1] == "Accelerated"
