"""What tests share: one embedded engine a session, and a fresh deployment for each test that asks."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from moto import mock_aws

from clients.cli import run as flowtally
from clients.local_aws.engine import EmbeddedEngine
from cloudformation.deploy import deploy_storage
from models.deployment import Deployment
from models.flow_csv import reader
from models.flow_csv.row_counters.native_row_counter import library
from models.flow_csv.row_counters.row_counter import PythonRowCounter
from tests.dynamodb_local import DynamoDBLocal
from tests.helpers.deployed import client
from tests.helpers.packages import built, built_for_vms
from tests.helpers.program import Run, flowtally_program
from tests.helpers.template import create_tables

Manager = tuple[str, Callable[[], list[str]]]  # the address of a socket, and what was sent to it since


# Files that take long, much of it waiting.
_LONG = (
    "test_metrics.py",
    "test_slow_files.py",
    "test_compare.py",
    "test_demo.py",
    "test_deploy.py",
    "test_mishaps.py",
    "test_on_terminals.py",
)

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("flowtally", deadline=None)
settings.load_profile("flowtally")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where tables and streams are kept, and which programs the tests may start."""
    parser.addoption("--browser", action="store_true", help="run the tests that need Chromium")
    parser.addoption("--office", action="store_true", help="run the tests that need LibreOffice")
    parser.addoption("--dynamodb-local", action="store_true", help="keep tables in DynamoDB Local")
    parser.addoption("--without-engine", action="store_true", help="skip what starts an engine or a program")


def pytest_configure(config: pytest.Config) -> None:
    """`--without-engine` skips a test where it would start an engine, or a program that starts one."""
    if config.getoption("--without-engine"):
        EmbeddedEngine.__enter__ = _skip  # type: ignore[assignment,method-assign]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first: begun last, they would be waited for."""
    items.sort(key=lambda item: item.path.name not in _LONG)


def _skip(*_: object) -> None:
    pytest.skip("starts an engine")


@pytest.fixture
def engine_of_its_own(pytestconfig: pytest.Config) -> None:
    """For tests of programs that start an engine."""
    if pytestconfig.getoption("--without-engine"):
        pytest.skip("starts a program that starts an engine")


@pytest.fixture(scope="session")
def engine() -> Iterator[EmbeddedEngine]:
    """The embedded engine, started once."""
    with EmbeddedEngine() as running:
        yield running


@pytest.fixture(scope="module", params=["library", "python"])
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """The quick way through flow files: once by the library for this machine, once in Python."""
    if library() is None and request.param == "library":
        pytest.skip(f"there is no library for {os.uname().machine} and its C library")
    with pytest.MonkeyPatch.context() as patched:
        if request.param == "python":
            patched.setattr(reader, "new_row_counter", PythonRowCounter)
        yield


@pytest.fixture(scope="session")
def dynamodb_local(pytestconfig: pytest.Config) -> Iterator[DynamoDBLocal | None]:
    """DynamoDB Local, started once, if the tests are to run on it."""
    if not pytestconfig.getoption("--dynamodb-local"):
        yield None
        return
    with DynamoDBLocal() as running:
        yield running


@pytest.fixture
def deployment(
    engine: EmbeddedEngine, dynamodb_local: DynamoDBLocal | None, monkeypatch: pytest.MonkeyPatch
) -> Deployment:
    """flowtally's storage, new and empty, with this process's environment pointing to it."""
    engine.reset()
    for name, value in engine.environment().items():
        monkeypatch.setenv(name, value)
    cloudformation = client("cloudformation")
    deploy_storage(cloudformation, "flowtally")
    deployed = Deployment.from_stack(cloudformation, "flowtally")
    if dynamodb_local is None:
        return deployed
    dynamodb_local.reset()
    for name, value in dynamodb_local.environment().items():
        monkeypatch.setenv(name, value)
    resources = cloudformation.describe_stack_resources(StackName="flowtally")["StackResources"]
    names = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}
    return replace(deployed, stream_arn=create_tables(client("dynamodb"), names))


@pytest.fixture
def simple_deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """Bucket, queue and tables in this process, by moto: for single calls of clients."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    # Clients are kept by these variables, and those of an earlier test belong to an earlier moto.
    own = {"AWS_ACCESS_KEY_ID": uuid4().hex, "AWS_SECRET_ACCESS_KEY": "moto", "AWS_REGION": "us-east-1"}
    for name, value in {**own, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        daily, pairs, files = "daily-totals", "pair-statistics", "files"
        stream = create_tables(
            client("dynamodb"), {"DailyTotals": daily, "PairStatistics": pairs, "Files": files}
        )
        queue, dead_letters = (
            client("sqs").create_queue(QueueName=name)["QueueUrl"] for name in ("queue", "dead-letters")
        )
        client("s3").create_bucket(Bucket="flowtally-bucket")
        yield Deployment("flowtally-bucket", queue, dead_letters, daily, pairs, files, stream, b"k" * 32)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the program in an empty directory, and checks that no traceback and no colour comes out."""

    def run_it(*arguments: str | Path, **settings: str) -> "subprocess.CompletedProcess[str]":
        done = flowtally_program(*arguments, directory=tmp_path, **settings)
        assert "Traceback" not in done.stderr
        assert "\x1b" not in done.stdout + done.stderr
        return done

    return run_it


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """systemd's end of the protocol of sd_notify(3)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "notify"))
        end.setblocking(False)

        def received() -> list[str]:
            messages = []
            try:
                while True:
                    messages.append(end.recv(4096).decode())
            except BlockingIOError:
                return messages

        yield str(tmp_path / "notify"), received


@pytest.fixture(scope="session")
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
def run_here(place: EmbeddedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the program against the engine, in this process: it starts at once, and packages once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("clients.lifecycle.deploy.build_package", built)
    monkeypatch.setattr("clients.lifecycle.deploy.build_vm_package", built_for_vms)

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
