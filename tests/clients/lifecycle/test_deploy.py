"""`flowtally deploy` and `destroy`: from nothing to counted files and back, through every switch."""

import csv
import datetime
import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clients.lifecycle.destroy import left
from clients.local_aws.engine import EmbeddedEngine
from clients.local_aws.lambda_service.roles import Roles
from clients.local_aws.lambda_service.service import LambdaService
from clients.terminal.account import Account
from cloudformation.package import Target
from cloudformation.stack import current, outputs, stack_output
from cloudformation.templates import template
from models.deployment import Deployment
from models.s3_events import uploaded_objects
from models.storage.schema import PairStatistics
from models.traffic import PairDay, Totals
from perf.data.generate import generate_day
from perf.data.oracle import daily_totals_by_duckdb, merged, statistics_of
from tests.helpers.deployed import client, is_counted, keys, stored_days, stored_statistics, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run, done, flowtally_program
from tests.helpers.project import ROOT
from tests.helpers.waiting import PATIENCE, eventually
from vm_daemon.settings import parse

HERE = Target.here()
FOR_HERE = ("--set", f"Architecture={HERE.architecture}", "--set", f"Runtime=python{HERE.python}")


class Machine:
    """Both stages of the daemon, with these settings and credentials."""

    def __init__(self, folder: Path, *settings: dict[str, str]) -> None:
        environment = dict(os.environ)
        for some in settings:
            environment |= some
        self._log = (folder / "machine.log").open("wb")
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "vm_daemon", stage],
                env=environment,
                stdout=self._log,
                stderr=self._log,
            )
            for stage in ("summarize", "consolidate")
        ]

    def stop(self) -> None:
        """Ends it as the group does: asked first."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(PATIENCE)
        self._log.close()


def machine_of_the_group(place: EmbeddedEngine, folder: Path) -> Machine:
    """What the Auto Scaling group would start: the daemon with the instance role, while its stack exists."""
    cloudformation = place.client("cloudformation")
    resources = cloudformation.describe_stack_resources(StackName="flowtally-vm")["StackResources"]
    (role,) = [it for it in resources if it["LogicalResourceId"] == "Role"]
    arn = place.client("iam").get_role(RoleName=role["PhysicalResourceId"])["Role"]["Arn"]
    return Machine(
        folder,
        Roles(place.client, place.environment()).credentials(arn),
        Deployment.from_stack(cloudformation, "flowtally").to_environment(),
        {"FLOWTALLY_LEASES": stack_output(cloudformation, "flowtally-leases", "Leases")},
        {"FLOWTALLY_VISIBILITY": "6"},
    )


def user_of_a_machine(place: EmbeddedEngine) -> dict[str, str]:
    """A user with the policies that docs/vm.md names, and its key as variables."""
    cloudformation, iam = place.client("cloudformation"), place.client("iam")
    known = outputs(cloudformation, "flowtally") | outputs(cloudformation, "flowtally-leases")
    iam.create_user(UserName="flowtally-machine")
    named = set(re.findall(r"\w+PolicyArn", (ROOT / "docs" / "vm.md").read_text()))
    for name in named:
        iam.attach_user_policy(UserName="flowtally-machine", PolicyArn=known[name])
    key = iam.create_access_key(UserName="flowtally-machine")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def damage_a_pair(deployment: Deployment) -> None:
    """Adds a day to the statistics of a pair that its daily totals do not have."""
    source, destination = next(iter(stored_statistics(deployment)))
    client("dynamodb").update_item(
        TableName=deployment.pair_statistics,
        Key={"src": {"S": source}, "dst": {"S": destination}},
        UpdateExpression="ADD #days :one",
        ExpressionAttributeNames={"#days": PairStatistics.days.attr_name},
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


def invoke_as_scheduled(service: LambdaService) -> Any:
    """Runs what the deployed schedule names, and gives its answer."""
    scheduler = client("scheduler")
    (entry,) = scheduler.list_schedules()["Schedules"]
    schedule = scheduler.get_schedule(Name=entry["Name"])
    assert (schedule["ScheduleExpression"], schedule["State"]) == ("rate(7 days)", "ENABLED")
    outcome = service.invoke(schedule["Target"]["Arn"].rpartition(":")[2])
    assert not outcome.error, outcome
    return json.loads(outcome.payload)


def generated_file(folder: Path, number: int) -> Path:
    """A flow file of another day for each number."""
    day = datetime.date(2022, 12, 7) + datetime.timedelta(number)
    file = folder / f"data-{day:%Y%m%d}.csv"
    file.write_bytes(b"".join(generate_day(day, seed=number, rows=100, pairs=12)))
    return file


def exact_days(deployment: Deployment, files: list[Path]) -> dict[PairDay, Totals]:
    """What files add up to by DuckDB; fails if the tables hold something else."""
    days = merged(map(daily_totals_by_duckdb, files))
    assert stored_days(deployment) == days
    assert stored_statistics(deployment) == statistics_of(days)
    return days


def exported_days(folder: Path) -> dict[PairDay, Totals]:
    """The daily totals that `destroy --export` wrote."""
    with (folder / "daily-totals.csv").open(newline="") as file:
        _header, *rows = csv.reader(file)
    return {
        PairDay(source, destination, day): Totals(int(duration), int(packets), int(flows))
        for source, destination, day, flows, duration, packets in rows
    }


@pytest.mark.parametrize("place", [True], ids=["authorized"], indirect=True)
def test_from_nothing_through_every_compute_to_nothing(
    place: EmbeddedEngine, run_here: Run, tmp_path: Path
) -> None:
    """Lambda, both, VM, Lambda, with files on their way at every switch: exact, and nothing is left.

    The engine enforces authorization: everything runs with the permissions of the roles as written. The
    function that the weekly schedule names repairs a pair that was damaged.
    """
    real = partial(flowtally_program, directory=tmp_path)
    said = done(real("deploy", "--yes", *FOR_HERE))
    assert re.search(r"add +SummarizeMapping +Lambda EventSourceMapping", said)
    assert "Ready. Next: flowtally upload" in said
    deployment = Deployment.from_stack(client("cloudformation"), "flowtally")
    files: list[Path] = []

    def send(number: int) -> None:
        files.append(generated_file(tmp_path, number))
        upload(deployment, f"incoming/paris/{files[-1].name}", files[-1].read_bytes())

    with ExitStack() as running:
        service = running.enter_context(LambdaService(place.client, place.environment(), most=2))
        send(0)
        send(1)
        eventually(lambda: stored_days(deployment))
        done(run_here("deploy", "--yes", "--compute", "both"))
        machine = machine_of_the_group(place, tmp_path)
        running.callback(machine.stop)
        send(2)
        switched = done(run_here("deploy", "--yes", "--compute", "vm"))
        assert "remove  Summarize " in switched
        # In this order, so that an interrupted switch does both when it is repeated.
        assert switched.index("all statistics verified") < switched.index("Removing stack flowtally-lambda")
        send(3)
        eventually(lambda: is_counted(deployment) and not service.mappings)
        switched = done(run_here("deploy", "--yes", "--compute", "lambda", *FOR_HERE))
        assert "all statistics verified" in switched
        machine.stop()
        send(4)
        eventually(lambda: is_counted(deployment) and len(service.mappings) == 2)
        assert not service.refused
        damage_a_pair(deployment)
        verified = invoke_as_scheduled(service)
        assert verified == {"pairs": len(stored_statistics(deployment)), "rebuilt": 1, "set_aside": 0}
    assert len(keys(deployment, "code/")) == 1, "the packages of compute that is gone must go, too"
    days = exact_days(deployment, files)
    assert "agree with the daily totals" in done(run_here("verify", "--all"))
    assert "Nothing of flowtally is left" in done(real("destroy", "--yes", "--export", tmp_path / "all"))
    assert left(Account("flowtally")) == []
    assert exported_days(tmp_path / "all") == days
    assert run_here("destroy", "--yes", "--no-export").returncode == 1


@pytest.mark.parametrize("place", [True], ids=["authorized"], indirect=True)
def test_a_machine_of_ones_own_needs_what_is_printed(
    place: EmbeddedEngine, run_here: Run, tmp_path: Path
) -> None:
    """With nothing but the settings that `environment` prints, and a user as docs/vm.md makes it, it counts.

    Nothing in AWS does so then, another `deploy` leaves it at that, and no setting of a VM is missing.
    """
    made = done(run_here("deploy", "--yes", "--compute", "none"))
    assert "install a machine of your own with the settings that flowtally environment prints" in made
    printed = parse(done(run_here("environment")))
    machine = Machine(tmp_path, printed, user_of_a_machine(place))
    try:
        deployment = Deployment.from_stack(place.client("cloudformation"), "flowtally")
        upload(deployment, "incoming/paris/a.csv", flow_csv("10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1,1"))
        eventually(lambda: stored_days(deployment) and is_counted(deployment))
    finally:
        machine.stop()
    assert "nothing to change" in done(run_here("deploy", "--yes"))
    assert set(printed) == set(re.findall(r"^ +(\w+)=\$\{\w+", template("vm"), re.MULTILINE))


def test_settings_without_a_table_of_leases_are_not_printed(run_here: Run) -> None:
    """Where only Lambda counts, `environment` says what machines would lack, and what makes it."""
    done(run_here("deploy", "--yes"))
    refused = run_here("environment")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "stack flowtally-leases: there is no table by which machines share the stream" in refused.stderr
    assert "`flowtally deploy --compute none` makes it" in refused.stderr


def test_no_file_waits_for_hours_after_a_switch(run_here: Run, place: EmbeddedEngine) -> None:
    """What compute that was removed at work left hidden in the queue is started again by `deploy`."""
    done(run_here("deploy", "--yes", "--compute", "none"))
    deployment, sqs = Deployment.from_stack(client("cloudformation"), "flowtally"), client("sqs")
    upload(deployment, "incoming/paris/a b.csv", flow_csv())
    hidden = sqs.receive_message(QueueUrl=deployment.queue_url, MaxNumberOfMessages=10)["Messages"]
    assert "Files that were waiting, started again: 1" in done(
        run_here("deploy", "--yes", "--compute", "lambda")
    )
    (again,) = sqs.receive_message(QueueUrl=deployment.queue_url)["Messages"]
    (file,) = uploaded_objects(again["Body"])
    assert file in [it for message in hidden for it in uploaded_objects(message["Body"])]


def test_a_deployment_can_be_repeated_and_changed(run_here: Run) -> None:
    """Again without a change it does nothing; a setting changes what it says, and stays."""
    planned = done(run_here("deploy", "--yes", "--compute", "none"))
    assert "add     DailyTotals" in planned
    assert "nothing to change" in done(run_here("deploy", "--yes", "--compute", "none"))
    changed = done(run_here("deploy", "--yes", "--compute", "none", "--set", "PointInTimeRecovery=false"))
    assert re.search(r"modify +DailyTotals", changed)
    assert "nothing to change" in done(run_here("deploy", "--yes", "--compute", "none"))


def test_an_unanswered_question_changes_nothing(run_here: Run) -> None:
    """Without --yes and without anybody to ask, nothing is made, and nothing is left of the attempt."""
    asked = run_here("deploy", "--compute", "none")
    assert (asked.returncode, "Say --yes" in asked.stderr) == (2, True)
    assert run_here("destroy", "--yes", "--no-export").returncode in (0, 1)
    assert left(Account("flowtally")) == []


def test_an_interrupted_removal_goes_on(run_here: Run, place: EmbeddedEngine) -> None:
    """With tables and bucket half gone, the same command removes the rest."""
    done(run_here("deploy", "--yes", "--compute", "none"))
    deployment = Deployment.from_stack(client("cloudformation"), "flowtally")
    upload(deployment, "incoming/a/b.csv", flow_csv())
    dynamodb = client("dynamodb")
    dynamodb.update_table(TableName=deployment.files, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=deployment.files)
    assert "Nothing of flowtally is left" in done(run_here("destroy", "--yes", "--no-export"))
    done(run_here("deploy", "--yes", "--compute", "none"))
    place.client("cloudformation").delete_stack(StackName="flowtally")  # as somebody did in the console
    eventually(lambda: not current(place.client("cloudformation"), "flowtally")[0])
    assert len(left(Account("flowtally"))) == 5
    assert "Nothing of flowtally is left" in done(run_here("destroy", "--yes", "--no-export"))
