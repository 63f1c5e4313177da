"""Lambda on this computer: execution environments and functions, as AWS documents them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from clients.local_aws.lambda_service.environment import Environment, InvocationResult, LaunchSpec
from clients.local_aws.lambda_service.function import FunctionSettings, LambdaFunction, Throttled
from clients.local_aws.lambda_service.libraries import link_libraries
from tests.helpers.waiting import eventually

HANDLER = """
import json, os, sys, time
count = 0
def handler(event, context):
    global count
    count += 1
    match event.get("do"):
        case "sleep": time.sleep(event["seconds"])
        case "fail": raise ValueError("as told")
        case "exit": os._exit(3)
        case "import": __import__(event["module"])
    return {"count": count, "pid": os.getpid(), "remaining": context.get_remaining_time_in_millis(),
            "arn": context.invoked_function_arn, "path": sys.path[:1], "environ": sorted(os.environ)}
"""
ARN = "arn:aws:lambda:us-east-1:000000000000:function:tried"


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the runtime brings."""
    folder = tmp_path_factory.mktemp("runtime")
    link_libraries(folder)
    return folder


@pytest.fixture
def spec(tmp_path: Path, libraries: Path) -> LaunchSpec:
    """A function that does what its event says."""
    code = tmp_path / "task"
    code.mkdir()
    (code / "tried.py").write_text(HANDLER)
    return LaunchSpec("tried.handler", code, libraries, {"FROM_THE_SETTINGS": "1", "PATH": "/usr/bin:/bin"})


@pytest.fixture
def function(spec: LaunchSpec) -> Iterator[Callable[..., LambdaFunction]]:
    """Makes functions, and ends them."""
    made: list[LambdaFunction] = []

    def make(timeout: int = 10, concurrency: int | None = None, most: int = 4) -> LambdaFunction:
        settings = FunctionSettings(
            "tried", ARN, spec.handler, "python3", timeout, 128, "", {}, "", concurrency
        )
        made.append(LambdaFunction(settings, spec, most))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def told(outcome: InvocationResult) -> Any:
    assert not outcome.error, outcome
    return json.loads(outcome.payload)


def event(**content: object) -> bytes:
    return json.dumps(content).encode()


def test_a_cold_start_is_followed_by_warm_ones(function: Callable[..., LambdaFunction]) -> None:
    """The first event starts a process, the next ones find it with its state."""
    tried = function()
    answers = [told(tried.invoke(event())) for _ in range(3)]
    assert [answer["count"] for answer in answers] == [1, 2, 3]
    assert len({answer["pid"] for answer in answers}) == 1
    cold, *warm = tried.results
    assert cold.init > 0
    assert cold.peak_memory > 1_000_000
    assert [outcome.init for outcome in warm] == [0, 0]


def test_a_warm_call_takes_milliseconds(function: Callable[..., LambdaFunction]) -> None:
    """Nothing waits for Nagle's algorithm: the quickest of twenty calls is far below its 40 ms."""
    tried = function()
    for _ in range(20):
        tried.invoke(event())
    assert min(outcome.duration for outcome in tried.results) < 0.02


def test_a_function_sees_its_package_and_the_runtime_only(function: Callable[..., LambdaFunction]) -> None:
    """boto3 can be imported; this project and what it installed cannot: packaging mistakes show."""
    tried = function()
    assert told(tried.invoke(event(do="import", module="boto3")))
    for module in ("models", "handlers", "clients", "pynamodb", "orjson", "click", "pytest"):
        assert "No module named" in tried.invoke(event(do="import", module=module)).error
    answer = told(tried.invoke(event()))
    assert "FROM_THE_SETTINGS" in answer["environ"]
    assert not {"HOME", "PYTHONPATH", "VIRTUAL_ENV"} & set(answer["environ"])


def test_the_context_tells_time_and_name(function: Callable[..., LambdaFunction]) -> None:
    """The time that remains is that of the function's timeout."""
    answer = told(function(timeout=7).invoke(event()))
    assert 5000 < answer["remaining"] <= 7000
    assert answer["arn"] == ARN


def test_an_error_of_the_handler_leaves_the_environment_warm(function: Callable[..., LambdaFunction]) -> None:
    """It is reported with its type, and the process goes on."""
    tried = function()
    outcome = tried.invoke(event(do="fail"))
    assert outcome.error == "ValueError: as told"
    assert json.loads(outcome.payload)["errorType"] == "ValueError"
    assert told(tried.invoke(event()))["count"] == 2


def test_a_timeout_kills_the_environment(function: Callable[..., LambdaFunction]) -> None:
    """The invocation fails when its time is over, and the next one starts cold."""
    tried = function(timeout=1)
    first = told(tried.invoke(event()))["pid"]
    outcome = tried.invoke(event(do="sleep", seconds=30))
    assert outcome.error == "Task timed out after 1.00 seconds"
    assert 1 <= outcome.duration < 2
    again = told(tried.invoke(event()))
    assert again["count"] == 1
    assert again["pid"] != first


def test_a_process_that_dies_at_work_is_noticed_at_once(function: Callable[..., LambdaFunction]) -> None:
    """Long before the timeout, with its exit status."""
    outcome = function(timeout=60).invoke(event(do="exit"))
    assert outcome.error == "Runtime exited with error: exit status 3"
    assert outcome.duration < 5


def test_an_environment_that_died_while_idle_is_replaced(function: Callable[..., LambdaFunction]) -> None:
    """The next event does not fail for it."""
    tried = function()
    pid = told(tried.invoke(event()))["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not tried.environments[0].is_alive)
    assert told(tried.invoke(event()))["pid"] != pid


def test_a_frozen_process_is_ended_when_its_time_is_over(function: Callable[..., LambdaFunction]) -> None:
    """One that is stopped in the middle of its work times out as any other."""
    tried = function(timeout=2)
    pid = told(tried.invoke(event()))["pid"]
    outcomes: list[InvocationResult] = []
    at_work = Thread(target=lambda: outcomes.append(tried.invoke(event(do="sleep", seconds=1))))
    at_work.start()
    time.sleep(0.3)
    os.kill(pid, signal.SIGSTOP)
    at_work.join()
    assert "timed out" in outcomes[0].error


def test_idle_environments_are_frozen(function: Callable[..., LambdaFunction]) -> None:
    """Between two events a process does not run; it goes on with the next."""
    tried = function()
    pid = told(tried.invoke(event()))["pid"]
    eventually(lambda: Path(f"/proc/{pid}/stat").read_text().split()[2] == "T")
    assert told(tried.invoke(event()))["pid"] == pid


def test_events_at_once_get_environments_of_their_own(function: Callable[..., LambdaFunction]) -> None:
    """Up to the concurrency; beyond it an event is throttled."""
    tried = function(concurrency=2)
    pids: list[int] = []
    at_work = [
        Thread(target=lambda: pids.append(told(tried.invoke(event(do="sleep", seconds=1.5)))["pid"]))
        for _ in range(2)
    ]
    for each in at_work:
        each.start()
    time.sleep(0.5)
    with pytest.raises(Throttled):
        tried.invoke(event())
    for each in at_work:
        each.join()
    assert len(set(pids)) == 2


def test_a_handler_that_cannot_be_imported_is_reported(spec: LaunchSpec) -> None:
    """With the name of what is missing, as AWS does."""
    broken = LaunchSpec("nowhere.handler", spec.code, spec.libraries, spec.variables)
    outcome = Environment(broken, ARN).initialize()
    assert outcome
    assert "nowhere" in outcome.error
    assert "Runtime.ImportModuleError" in outcome.error


ADOPT_ORPHANS = "import ctypes; ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)"  # PR_SET_CHILD_SUBREAPER

FREEZE_ONE = """
from pathlib import Path
import time
from clients.local_aws.lambda_service.environment import Environment, LaunchSpec
made = Environment(LaunchSpec({spec.handler!r}, Path({code!r}), Path({libraries!r}), {{}}), "")
made.initialize()
print(made.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(
    "heir", ["", ADOPT_ORPHANS], ids=["orphans go to init", "orphans stay in the session"]
)
def test_environments_do_not_outlive_a_parent_that_was_killed(spec: LaunchSpec, heir: str) -> None:
    """Not even frozen ones, and not where the process that inherits them is of their session, as in a
    container that runs a script."""
    killed = FREEZE_ONE.format(spec=spec, code=str(spec.code), libraries=str(spec.libraries))
    parent = f"""
{heir}
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {killed!r}], stdout=subprocess.PIPE)
print(child.stdout.readline().decode(), end="", flush=True)
child.kill()
child.wait()
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as heir_process:
        assert heir_process.stdout
        pid = int(heir_process.stdout.readline())

        def is_gone() -> bool:
            stat = Path(f"/proc/{pid}/stat")
            return not stat.exists() or stat.read_text().split()[2] == "Z"

        eventually(is_gone)
