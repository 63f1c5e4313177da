"""The template of the machines: reached by nobody, small, and ready when they say so."""

from cloudformation.templates import template
from tests.helpers.template import TEMPLATES, resources, statements


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
    """arm64, the smallest disk that the image allows, encrypted; never throttled."""
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
    assert data["CreditSpecification"] == {"CpuCredits": "unlimited"}
    (group,) = resources("vm", "AWS::AutoScaling::AutoScalingGroup").values()
    assert group["MinSize"] == "1"
    assert group["MaxInstanceLifetime"] == 30 * 86_400


def test_a_machine_reports_only_when_its_daemon_is_ready() -> None:
    """The group waits for a signal, which comes after the units are ready, so when they can work."""
    group = TEMPLATES["vm"]["Resources"]["Machines"]
    assert group["CreationPolicy"]["ResourceSignal"]["Count"] == 1
    script = template("vm")
    assert (
        script.index("install.sh --from") < script.index("systemctl start") < script.index("report SUCCESS")
    )
    assert "set -euo pipefail" in script
    assert "trap 'report FAILURE; shutdown -h +10' ERR" in script


def test_a_machine_that_cannot_start_is_replaced() -> None:
    """It shuts down, which ends it, so that the group starts another; nothing disturbs an update."""
    (machine,) = resources("vm", "AWS::EC2::LaunchTemplate").values()
    assert machine["LaunchTemplateData"]["InstanceInitiatedShutdownBehavior"] == "terminate"
    rolling = TEMPLATES["vm"]["Resources"]["Machines"]["UpdatePolicy"]["AutoScalingRollingUpdate"]
    assert {"HealthCheck", "ReplaceUnhealthy", "AlarmNotification"} <= set(rolling["SuspendProcesses"])


def test_the_first_sign_of_life_is_there_before_the_alarm() -> None:
    """Else a first deployment would begin with an alarm: its period without data counts as silence."""
    assert TEMPLATES["vm"]["Resources"]["SilentReader"]["DependsOn"] == "Machines"
    script = template("vm")
    assert script.index("systemctl start") < script.index("sleep 120") < script.index("report SUCCESS")
