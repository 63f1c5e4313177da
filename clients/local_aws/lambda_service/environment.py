"""One execution environment: a process with the real runtime client, used again while it is warm.

start ─▶ init (the handler is imported) ─▶ idle, frozen ⇄ thawed, at work on one event ─▶ stopped
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from tempfile import TemporaryDirectory
from threading import Thread
from uuid import uuid4

import orjson

from clients.local_aws.child import Guard
from clients.local_aws.lambda_service.runtime_api import Invocation, RuntimeApi, RuntimeEvent

INIT_LIMIT = 10.0  # seconds that AWS gives to the import of the handler
_GRACE = 2.0  # seconds for the runtime client to ask for more after it answered

# Nothing of this interpreter's own site-packages: -I and -S; what is unpacked cannot be written to: -B.
_BOOTSTRAP = """\
import sys
sys.path[:0] = sys.argv[1:3]
sys.argv = ["bootstrap", sys.argv[3]]
from awslambdaric.__main__ import main
main(sys.argv)
"""


@dataclass(frozen=True)
class InvocationResult:
    """How an invocation ended."""

    payload: bytes  # what the handler returned, or the description of its error, as JSON
    error: str = ""  # empty, or what went wrong
    duration: float = 0.0  # seconds in the handler
    init: float = 0.0  # seconds of a cold start before it; 0 for a warm one
    peak_memory: int = 0  # bytes


@dataclass(frozen=True)
class LaunchSpec:
    """What a process is started with.

    Args:
        handler: `module.function`.
        code: the unpacked package.
        libraries: what the runtime brings.
        variables: the environment of the function.
        interpreter: the Python to run; by default the one that runs this program.
    """

    handler: str
    code: Path
    libraries: Path
    variables: Mapping[str, str]
    interpreter: str = field(default_factory=lambda: getattr(sys, "_base_executable", sys.executable))


class Environment:
    """A process for one invocation at a time.

    Args:
        spec: what to run.
        function_arn: what the handler is told it is.
        freezes: whether it is stopped between invocations, as on AWS, whatever its threads are doing.
    """

    def __init__(self, spec: LaunchSpec, function_arn: str, *, freezes: bool = True) -> None:
        self._function_arn = function_arn
        self._freezes = freezes
        self._scratch = TemporaryDirectory(prefix="flowtally-lambda-", ignore_cleanup_errors=True)
        self.log_path = Path(self._scratch.name) / "log"
        self._api = RuntimeApi()
        self._began = time.monotonic()
        self.init_seconds = 0.0
        # A process group of its own, so that Ctrl-C reaches only the program that stops it.
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own code
                [
                    *(spec.interpreter, "-I", "-S", "-B", "-c", _BOOTSTRAP),
                    *(str(spec.code), str(spec.libraries), spec.handler),
                ],
                cwd=spec.code,
                env={
                    **spec.variables,
                    "AWS_LAMBDA_RUNTIME_API": self._api.address,
                    "TMPDIR": self._scratch.name,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        self._guard = Guard(self._process.pid)
        Thread(target=self._watch, name="lambda-watch", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it can take another event."""
        return self._process.poll() is None

    def log(self) -> str:
        """What the function wrote."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def initialize(self) -> InvocationResult | None:
        """Waits until the handler is imported; the failure, if it could not be."""
        event = self._wait(INIT_LIMIT)
        self.init_seconds = time.monotonic() - self._began
        if event.kind == "idle":
            self._freeze()
            return None
        self.stop()
        return _failed(event, f"the handler was not imported within {INIT_LIMIT:g} s")

    def invoke(self, event: bytes, timeout: float) -> InvocationResult:
        """Runs the handler on an event.

        Args:
            event: JSON.
            timeout: seconds, after which the process is killed.
        """
        began = time.monotonic()
        request = Invocation(str(uuid4()), event, self._function_arn, time.time() + timeout)
        self._signal(signal.SIGCONT)
        self._api.hand_out(request)
        answer = self._wait(timeout)
        duration = time.monotonic() - began
        init, self.init_seconds = self.init_seconds, 0.0
        memory = self._peak_memory()
        if answer.kind in ("response", "error") and self._wait(_GRACE).kind == "idle":
            self._freeze()
        else:
            self.stop()
        if answer.kind == "response":
            return InvocationResult(answer.body, "", duration, init, memory)
        failure = _failed(answer, f"Task timed out after {timeout:.2f} seconds")
        return InvocationResult(failure.payload, failure.error, duration, init, memory)

    def stop(self) -> None:
        """Kills the process, frozen or not; safe to repeat."""
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._api.close()
        self._scratch.cleanup()

    def _watch(self) -> None:
        status = self._process.wait()
        self._guard.release()
        self._api.events.put(RuntimeEvent("exit", f"exit status {status}".encode()))

    def _wait(self, seconds: float) -> RuntimeEvent:
        """The next thing that happens; an empty exit when nothing does in time."""
        try:
            return self._api.events.get(timeout=seconds)
        except Empty:
            return RuntimeEvent("exit")

    def _freeze(self) -> None:
        if self._freezes:
            self._signal(signal.SIGSTOP)

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            os.kill(self._process.pid, number)

    def _peak_memory(self) -> int:
        try:
            lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        except OSError:
            return 0
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def _failed(event: RuntimeEvent, on_time_out: str) -> InvocationResult:
    """The failure in the form in which Lambda reports it."""
    if event.kind in ("error", "init-error"):
        description = orjson.loads(event.body or b"{}")
        kind, message = description.get("errorType", "Error"), description.get("errorMessage", "")
        return InvocationResult(event.body, f"{kind}: {message}")
    if event.body:
        said = f"Runtime exited with error: {event.body.decode()}"
        return InvocationResult(orjson.dumps({"errorType": "Runtime.ExitError", "errorMessage": said}), said)
    return InvocationResult(
        orjson.dumps({"errorType": "Sandbox.Timedout", "errorMessage": on_time_out}), on_time_out
    )
