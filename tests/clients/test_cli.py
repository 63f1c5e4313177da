"""The program `flowtally` as its users run it: in a process of its own, against the engine."""

import csv
import gzip
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.local_aws.engine import EmbeddedEngine
from cloudformation.deploy import deploy_storage
from models.deployment import Deployment
from tests.helpers.daemons import daemon
from tests.helpers.deployed import client, is_at_rest, keys
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run
from tests.helpers.project import ROOT
from tests.helpers.waiting import PATIENCE, eventually

DAY_1 = flow_csv(
    "10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1000,3",
    "10.0.0.1,10.0.0.2,07/12/2022 11:00:00 PM,500,1",
    "FE80:0::1,FF02::FB,07/12/2022 11:00:00 PM,7,1",
)
DAY_2 = flow_csv("10.0.0.1,10.0.0.2,08/12/2022 10:00:00 AM,3500,5", "10.0.0.3,10.0.0.2,08/12/2022,-1,5")
NO_ADDRESSES = b"Timestamp,Flow Duration,Tot Fwd Pkts\n07/12/2022,1,1\n"


@pytest.fixture
def two_days(tmp_path: Path) -> list[Path]:
    """Two files of one branch."""
    (tmp_path / "day 1 [ü].csv").write_bytes(DAY_1)
    (tmp_path / "day 2.csv.gz").write_bytes(gzip.compress(DAY_2))
    return [tmp_path / "day 1 [ü].csv", tmp_path / "day 2.csv.gz"]


@pytest.fixture
def working(deployment: Deployment, tmp_path: Path) -> Iterator[Deployment]:
    """A deployment with the daemon at work."""
    with daemon(deployment, tmp_path):
        yield deployment


def test_from_upload_to_export(run: Run, working: Deployment, two_days: list[Path], tmp_path: Path) -> None:
    """Files go in, are followed to their end, and the pair comes out with its days and statistics."""
    sent = run("upload", *two_days, "--branch", "Paris nord", "--wait")
    assert sent.returncode == 0, sent.stderr
    assert "day 1 [ü].csv  3 rows, 2022-12-07" in sent.stdout
    assert "day 2.csv.gz  2 rows, 1 of them in quarantine, 2022-12-08" in sent.stdout

    eventually(lambda: is_at_rest(working))
    assert run("verify", "--all").stdout.startswith("2 pairs, 3 pair-days: all statistics agree")
    done = run("export", "10.0.0.1", "10.0.0.2", "-o", "pair.csv")
    assert (done.returncode, done.stdout) == (0, "pair.csv: 2 days of 10.0.0.1 → 10.0.0.2\n")
    with (tmp_path / "pair.csv").open(newline="") as file:
        table = list(csv.reader(file))[1:]
    assert table == [
        ["10.0.0.1", "10.0.0.2", "2022-12-07", "2", "1500", "4", "2", "2500.0", "1000.0", "4.5", "0.5"],
        ["10.0.0.1", "10.0.0.2", "2022-12-08", "1", "3500", "5", "2", "2500.0", "1000.0", "4.5", "0.5"],
    ]
    assert run("export", "fe80::1", "FF02::fb", "-o", "-", "--sample").stdout.endswith(
        "fe80::1,ff02::fb,2022-12-07,1,7,1,1,7.0,,1.0,\n"
    )
    top = run("top", "--by", "packets")
    assert "population (n)" in top.stdout
    assert re.search(r"10\.0\.0\.1 → 10\.0\.0\.2 +9 +90\.0% +2 +0\.00 +4\.50 +0\.50", top.stdout)


def test_uploading_again_sends_nothing(run: Run, working: Deployment, two_days: list[Path]) -> None:
    """The second time all is known, --wait answers at once, and the exit status is 0."""
    run("upload", *two_days, "--wait")
    done = run("upload", *two_days, "--wait")
    assert done.returncode == 0
    assert "0 files sent" in done.stdout
    assert len(re.findall(r"^counted before ", done.stdout, re.MULTILINE)) == 2


def test_a_rejected_file_is_an_exit_status(run: Run, working: Deployment, tmp_path: Path) -> None:
    """With --wait, a file that was rejected is shown with its reason, and the exit status is 1."""
    (tmp_path / "bad.csv").write_bytes(NO_ADDRESSES)
    (tmp_path / "good.csv").write_bytes(DAY_1)
    done = run("upload", ".", "--wait", "--force")
    assert done.returncode == 1
    assert re.search(r"rejected +bad\.csv  .*Src IP", done.stdout)
    assert re.search(r"counted +good\.csv  3 rows", done.stdout)


def test_status_tells_what_is_stored_and_waiting(
    run: Run, deployment: Deployment, tmp_path: Path, two_days: list[Path]
) -> None:
    """Before the daemon runs, files wait; afterwards they are counted and nothing is left."""
    run("upload", *two_days)
    before = run("status").stdout
    assert re.search(r"bucket incoming/ +2 ", before)
    with daemon(deployment, tmp_path):
        run("upload", *two_days, "--wait")
        eventually(lambda: run("verify", "--all").returncode == 0)
    after = run("status").stdout
    assert re.search(r"bucket incoming/ +0 +0 B", after)
    assert re.search(r"table DailyTotals +2 +\d+ B", after)
    assert re.search(r"files counted +2\b", after)
    assert re.search(r"dead letters +0\b", after)


def test_verify_reports_and_repairs(run: Run, working: Deployment, two_days: list[Path]) -> None:
    """Spoilt statistics are exit status 1 and a table; --repair makes them right again."""
    run("upload", *two_days, "--wait")
    eventually(lambda: run("verify", "--all").returncode == 0)
    client("dynamodb").update_item(
        TableName=working.pair_statistics,
        Key={"src": {"S": "10.0.0.1"}, "dst": {"S": "10.0.0.2"}},
        UpdateExpression="ADD d :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    found = run("verify", "10.0.0.1", "10.0.0.2")
    assert found.returncode == 1
    assert re.search(r"10\.0\.0\.1 +10\.0\.0\.2 +Σ duration +5001 +5000", found.stdout)
    assert "--repair" in found.stderr
    assert run("verify", "--all", "--repair").returncode == 0
    assert run("verify", "10.0.0.1", "10.0.0.2").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["upload"], 2, "Missing argument"),
        (["upload", "none.csv"], 2, "none.csv: no such file"),
        (["upload", "empty"], 2, "empty: no .csv or .csv.gz file"),
        (["upload", "file.csv", "--branch", "a/b"], 2, "no name for a branch"),
        (["upload", "file.csv", "--bucket", "no-such-bucket"], 1, "the bucket does not exist"),
        (["export", "10.9.9.9", "10.9.9.8", "-o", "x.csv"], 1, "this pair has no flows"),
        (["export", "nobody", "10.9.9.8"], 2, "neither an address nor a network"),
        (["verify"], 2, "either SRC and DST, or --all"),
        (["verify", "10.9.9.9"], 2, "either SRC and DST, or --all"),
        (["verify", "--all", "a", "b"], 2, "either SRC and DST, or --all"),
        (["top"], 1, "nothing is counted yet"),
        (["top", "-n", "0"], 2, "0 is not in the range"),
        (["top", "--address", "nobody"], 2, "Such as 192.168.20.42"),
        (["anomalies", "--threshold", "burst_deviations=many"], 2, "'many' is no value of burst_deviations"),
        (["upload", "file.csv", "--stack", "other", "--bucket", "b", "--wait"], 2, "--wait needs to read"),
        (
            ["upload", "file.csv", "--stack", "other", "--bucket", "b", "--replace"],
            2,
            "--replace needs to read",
        ),
        (["status", "--stack", "other"], 1, "there is no stack 'other'"),
        (["--stack", "other", "status"], 1, "there is no stack 'other'"),
        (["status", "--profile", "nobody"], 2, "nobody"),
        (["nonsense"], 2, "No such command"),
        (["demo", "none.csv"], 2, "none.csv: no such file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_gets_one_clear_message(
    run: Run, deployment: Deployment, tmp_path: Path, arguments: list[str], status: int, message: str
) -> None:
    """What was wrong, on standard error, with the right exit status."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.csv").write_bytes(DAY_1)
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) <= 4


def test_no_engine_at_the_endpoint(run: Run, deployment: Deployment) -> None:
    """When nothing answers, the message names the endpoint and where it comes from, within seconds."""
    began = time.monotonic()
    done = run("status", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert done.returncode == 1
    assert 'Could not connect to the endpoint URL: "http://127.0.0.1:9/"' in done.stderr
    assert "AWS_ENDPOINT_URL" in done.stderr
    assert time.monotonic() - began < 20


def test_no_credentials(run: Run, deployment: Deployment) -> None:
    """Without credentials the message says how to get some."""
    done = run("status", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert done.returncode == 2
    assert "no usable AWS credentials" in done.stderr


def test_no_region(run: Run, deployment: Deployment) -> None:
    """Without a region the message asks for one; AWS_REGION alone is one."""
    done = run("status", AWS_REGION="", AWS_DEFAULT_REGION="")
    assert done.returncode == 2
    assert "--region" in done.stderr
    assert run("status", AWS_DEFAULT_REGION="", AWS_REGION="us-east-1").returncode == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [("AWS_ENDPOINT_URL", "nonsense"), ("AWS_REGION", "no region"), ("AWS_PROFILE", "nobody")],
)
def test_wrong_settings_in_the_environment(run: Run, deployment: Deployment, name: str, value: str) -> None:
    """A value that cannot be is named, and is the user's error."""
    done = run("status", **{name: value})
    assert done.returncode == 2
    assert value in done.stderr


@pytest.fixture
def guarded(strict_engine: EmbeddedEngine) -> EmbeddedEngine:
    """An engine that checks credentials and policies, with a deployment."""
    strict_engine.reset()
    deploy_storage(strict_engine.client("cloudformation"), "flowtally")
    return strict_engine


def test_bad_credentials(run: Run, guarded: EmbeddedEngine) -> None:
    """Keys that AWS does not know are refused in plain words."""
    done = run("status", **guarded.environment() | {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"})
    assert done.returncode == 1
    assert "AWS refused the credentials" in done.stderr


def test_a_branch_that_may_only_upload(run: Run, guarded: EmbeddedEngine, tmp_path: Path) -> None:
    """With the policy for branches alone, uploading with --bucket works; below another prefix it does not.

    The engine does not resolve the principal's tag in a resource, so the test puts it in.
    """
    deployment = Deployment.from_stack(guarded.client("cloudformation"), "flowtally")
    iam = guarded.client("iam")
    (arn,) = (
        policy["Arn"]
        for policy in iam.list_policies(Scope="Local")["Policies"]
        if "BranchUploadPolicy" in policy["PolicyName"]
    )
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]
    iam.create_user(UserName="paris")
    document = str(version).replace("'", '"').replace("${aws:PrincipalTag/branch}", "paris")
    iam.put_user_policy(UserName="paris", PolicyName="upload", PolicyDocument=document)
    keys_of_paris = iam.create_access_key(UserName="paris")["AccessKey"]
    paris = guarded.environment() | {
        "AWS_ACCESS_KEY_ID": keys_of_paris["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys_of_paris["SecretAccessKey"],
    }
    (tmp_path / "day.csv").write_bytes(DAY_1)

    lost = run("upload", "day.csv", "--branch", "paris", **paris)
    assert lost.returncode == 1
    assert "--bucket" in lost.stderr

    arguments = ["upload", "day.csv", "--bucket", deployment.bucket, "--branch"]
    sent = run(*arguments, "paris", **paris)
    assert sent.returncode == 0, sent.stderr
    assert sent.stderr.count("Warning") == 1
    elsewhere = run(*arguments, "london", **paris)
    assert elsewhere.returncode == 1
    assert "not permitted: PutObject" in elsewhere.stderr
    listed = guarded.client("s3").list_objects_v2(Bucket=deployment.bucket)["Contents"]
    assert [entry["Key"].rpartition("/")[0] for entry in listed] == ["incoming/paris"]


def test_a_reader_that_leaves_early_is_no_error(run: Run, working: Deployment, two_days: list[Path]) -> None:
    """`flowtally … | head -0` ends quietly."""
    run("upload", *two_days, "--wait")
    eventually(lambda: is_at_rest(working))
    with subprocess.Popen(
        [sys.executable, "-m", "clients", "export", "10.0.0.1", "10.0.0.2", "-o", "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    ) as program:
        assert program.stdout
        assert program.stderr
        program.stdout.close()
        assert program.wait(PATIENCE) == 1
        assert program.stderr.read() == ""


def test_the_help_imports_only_what_it_needs() -> None:
    """Neither boto3 nor rich nor any command is loaded by `flowtally --help`, so it answers at once."""
    program = "import sys; from clients.cli import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert "clients.terminal.options" in loaded
    assert not loaded & {"boto3", "botocore", "rich", "pynamodb", "clients.commands"}


def test_upload_without_waiting_leaves_the_files_to_the_workers(
    run: Run, deployment: Deployment, two_days: list[Path]
) -> None:
    """The objects are there, and the exit status is 0."""
    done = run("upload", *two_days, "--branch", "paris")
    assert done.returncode == 0
    assert len(keys(deployment, "incoming/paris/")) == 2
