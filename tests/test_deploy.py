"""`flowtally deploy` and `destroy`: from nothing to counted files and back, with every error on the way."""

import csv
import datetime
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path

import pytest

from clients.account import Account
from clients.cli import run as flowtally
from clients.destroy import left
from clients.engine import EmbeddedEngine
from clients.lambda_service.roles import Roles
from clients.lambda_service.service import LambdaService
from cloudformation.package import Target
from cloudformation.stack import current, stack_output
from handlers.messages import uploaded_objects
from models.deployment import Deployment
from perf.generate import generate_day
from tests.oracle import daily_totals_by_duckdb
from tests.packages import built, built_for_vms
from tests.program import flowtally_program
from tests.support import (
    PATIENCE,
    client,
    eventually,
    flow_csv,
    is_counted,
    merged,
    statistics_of,
    stored_days,
    stored_statistics,
    upload,
)

HERE = Target.here()
FOR_HERE = ("--set", f"Architecture={HERE.architecture}", "--set", f"Runtime=python{HERE.python}")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def strict_engine() -> Iterator[EmbeddedEngine]:
    """An engine that enforces the policies of roles, and speaks TLS."""
    with EmbeddedEngine(authorize=True) as running:
        yield running


@pytest.fixture
def place(
    request: pytest.FixtureRequest, engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> EmbeddedEngine:
    """An empty engine, and this process's environment pointing to it."""
    chosen = request.getfixturevalue("strict_engine") if getattr(request, "param", False) else engine
    chosen.reset()
    for name, value in chosen.environment().items():
        monkeypatch.setenv(name, value)
    return chosen


@pytest.fixture
def run(place: EmbeddedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the program against the engine, in this process: it starts at once, and packages once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("clients.deploy.build_package", built)
    monkeypatch.setattr("clients.deploy.build_vm_package", built_for_vms)

    def program(*arguments: str | Path, **settings: str) -> "subprocess.CompletedProcess[str]":
        given = list(map(str, arguments))
        said, complained = StringIO(), StringIO()
        with monkeypatch.context() as patched, redirect_stdout(said), redirect_stderr(complained):
            patched.setattr(sys, "stdin", StringIO())
            for name, value in settings.items():
                patched.setenv(name, value)
            status = flowtally(given)
        return subprocess.CompletedProcess(given, status, said.getvalue(), complained.getvalue())

    return program


def done(finished: "subprocess.CompletedProcess[str]") -> str:
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


class Machine:
    """What the Auto Scaling group would start: the daemon with the instance role, while its stack exists."""

    def __init__(self, place: EmbeddedEngine, folder: Path) -> None:
        cloudformation = place.client("cloudformation")
        resources = cloudformation.describe_stack_resources(StackName="flowtally-vm")["StackResources"]
        (role,) = [it for it in resources if it["LogicalResourceId"] == "Role"]
        arn = place.client("iam").get_role(RoleName=role["PhysicalResourceId"])["Role"]["Arn"]
        environment = {
            **os.environ,
            **Roles(place.client, place.environment()).credentials(arn),
            **Deployment.from_stack(cloudformation, "flowtally").to_environment(),
            "FLOWTALLY_LEASES": stack_output(cloudformation, "flowtally-leases", "Leases"),
            "FLOWTALLY_VISIBILITY": "6",
        }
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


@pytest.mark.parametrize("place", [True], ids=["authorized"], indirect=True)
def test_from_nothing_through_every_compute_to_nothing(
    place: EmbeddedEngine, run: Run, tmp_path: Path
) -> None:
    """Lambda, both, VM, Lambda, with files on their way at every switch: exact, and nothing is left.

    The engine enforces authorization: everything runs with the permissions of the roles as written.
    """
    real = partial(flowtally_program, directory=tmp_path)
    assert "Ready. Next: flowtally upload" in done(real("deploy", "--yes", *FOR_HERE))
    deployment = Deployment.from_stack(client("cloudformation"), "flowtally")
    files = []

    def send(number: int) -> None:
        day = datetime.date(2022, 12, 7) + datetime.timedelta(number)
        files.append(tmp_path / f"data-{day:%Y%m%d}.csv")
        files[-1].write_bytes(b"".join(generate_day(day, seed=number, rows=100, pairs=12)))
        upload(deployment, f"incoming/paris/{files[-1].name}", files[-1].read_bytes())

    with ExitStack() as running:
        service = running.enter_context(LambdaService(place.client, place.environment(), most=2))
        send(0)
        send(1)
        eventually(lambda: stored_days(deployment))
        done(run("deploy", "--yes", "--compute", "both"))
        machine = Machine(place, tmp_path)
        running.callback(machine.stop)
        send(2)
        assert "remove  Summarize " in done(run("deploy", "--yes", "--compute", "vm"))
        send(3)
        eventually(lambda: is_counted(deployment) and not service.mappings)
        switched = done(run("deploy", "--yes", "--compute", "lambda", *FOR_HERE))
        assert "all statistics verified" in switched
        machine.stop()
        send(4)
        eventually(lambda: is_counted(deployment) and len(service.mappings) == 2)
        assert not service.refused
    codes = client("s3").list_objects_v2(Bucket=deployment.bucket, Prefix="code/")
    assert codes["KeyCount"] == 1, "the packages of compute that is gone must go, too"
    days = merged(map(daily_totals_by_duckdb, files))
    assert stored_days(deployment) == days
    assert stored_statistics(deployment) == statistics_of(days)
    assert "agree with the daily totals" in done(run("verify", "--all"))

    gone = done(real("destroy", "--yes", "--export", tmp_path / "all"))
    assert "Nothing of flowtally is left" in gone
    assert left(Account("flowtally")) == []
    with (tmp_path / "all" / "daily-totals.csv").open(newline="") as file:
        exported = {tuple(row[:3]): tuple(map(int, row[3:])) for row in list(csv.reader(file))[1:]}
    assert exported == {tuple(day): (it.flows, it.duration, it.packets) for day, it in days.items()}
    assert run("destroy", "--yes", "--no-export").returncode == 1


def test_no_file_waits_for_hours_after_a_switch(run: Run, place: EmbeddedEngine) -> None:
    """What compute that was removed at work left hidden in the queue is started again by `deploy`."""
    done(run("deploy", "--yes", "--compute", "none"))
    deployment, sqs = Deployment.from_stack(client("cloudformation"), "flowtally"), client("sqs")
    upload(deployment, "incoming/paris/a b.csv", flow_csv())
    hidden = sqs.receive_message(QueueUrl=deployment.queue_url, MaxNumberOfMessages=10)["Messages"]
    assert "Files that were waiting, started again: 1" in done(run("deploy", "--yes", "--compute", "lambda"))
    (again,) = sqs.receive_message(QueueUrl=deployment.queue_url)["Messages"]
    (file,) = uploaded_objects(again["Body"])
    assert file in [it for message in hidden for it in uploaded_objects(message["Body"])]


def test_a_deployment_can_be_repeated_and_changed(run: Run) -> None:
    """Again without a change it does nothing; a setting changes what it says, and stays."""
    planned = done(run("deploy", "--yes", "--compute", "none"))
    assert "add     DailyTotals" in planned
    assert "nothing to change" in done(run("deploy", "--yes", "--compute", "none"))
    changed = done(run("deploy", "--yes", "--compute", "none", "--set", "PointInTimeRecovery=false"))
    assert re.search(r"modify +DailyTotals", changed)
    assert "nothing to change" in done(run("deploy", "--yes", "--compute", "none"))


def test_an_unanswered_question_changes_nothing(run: Run) -> None:
    """Without --yes and without anybody to ask, nothing is made, and nothing is left of the attempt."""
    asked = run("deploy", "--compute", "none")
    assert (asked.returncode, "Say --yes" in asked.stderr) == (2, True)
    assert run("destroy", "--yes", "--no-export").returncode in (0, 1)
    assert left(Account("flowtally")) == []


def test_an_interrupted_removal_goes_on(run: Run, place: EmbeddedEngine) -> None:
    """With tables and bucket half gone, the same command removes the rest."""
    done(run("deploy", "--yes", "--compute", "none"))
    deployment = Deployment.from_stack(client("cloudformation"), "flowtally")
    upload(deployment, "incoming/a/b.csv", flow_csv())
    dynamodb = client("dynamodb")
    dynamodb.update_table(TableName=deployment.files, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=deployment.files)
    assert "Nothing of flowtally is left" in done(run("destroy", "--yes", "--no-export"))
    done(run("deploy", "--yes", "--compute", "none"))
    place.client("cloudformation").delete_stack(StackName="flowtally")  # as somebody did in the console
    eventually(lambda: not current(place.client("cloudformation"), "flowtally")[0])
    assert len(left(Account("flowtally"))) == 4
    assert "Nothing of flowtally is left" in done(run("destroy", "--yes", "--no-export"))


def test_a_name_that_is_taken_is_the_first_cause(run: Run, place: EmbeddedEngine) -> None:
    """The bucket of a stranger is named as the reason; once it is gone, the same command succeeds."""
    s3 = place.client("s3")
    s3.create_bucket(Bucket="flowtally-000000000000-us-east-1")
    failed = run("deploy", "--yes", "--compute", "none")
    assert failed.returncode == 1
    assert re.search(r"Error: stack flowtally: .*Bucket.* already exists", failed.stderr)
    s3.delete_bucket(Bucket="flowtally-000000000000-us-east-1")
    done(run("deploy", "--yes", "--compute", "none"))
    assert len(place.client("dynamodb").list_tables()["TableNames"]) == 3


STRANGE = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'


@pytest.mark.parametrize("command", [("deploy", "--yes"), ("destroy", "--yes", "--no-export")])
def test_a_stack_of_somebody_else_is_left_alone(run: Run, place: EmbeddedEngine, command: tuple[str]) -> None:
    """A stack of the same name that is not flowtally's is neither changed nor removed."""
    place.client("cloudformation").create_stack(StackName="flowtally", TemplateBody=STRANGE)
    eventually(lambda: current(place.client("cloudformation"), "flowtally")[0] == "CREATE_COMPLETE")
    refused = run(*command)
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
    run: Run, arguments: tuple[str, ...], settings: dict[str, str], said: str
) -> None:
    """Each mistake is an error in a sentence, without a traceback."""
    failed = run(*arguments, **settings)
    assert failed.returncode in (1, 2)
    assert said in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize("place", [True], ids=["authorized"], indirect=True)
def test_missing_permissions_are_named(run: Run, place: EmbeddedEngine) -> None:
    """Somebody who may nothing is told which operation was refused."""
    iam = place.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    credentials = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    failed = run("deploy", "--yes", **credentials)
    assert failed.returncode == 1
    assert "not permitted: DescribeStacks" in failed.stderr
