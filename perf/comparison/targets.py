"""The two kinds of compute on an engine of their own, and what each used.

CPU seconds are those of the processes that would run on AWS's or one's own processors: the execution
environments from their cold starts on, or the daemon's processes from ready on. What polls for Lambda is
AWS's and not counted; calls are, as they are billed. All calls pass a proxy that counts them.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from clients.local_aws.lambda_service.function import LambdaFunction
from clients.local_aws.lambda_service.service import LambdaService
from clients.local_aws.local_lambda import deploy_lambda
from models.deployment import Deployment
from models.errors import FlowtallyError
from perf.measuring.pipeline import STACK, Pipeline, running, wait_for_log
from perf.measuring.process_cost import cpu_of, peak_of
from perf.measuring.recording_proxy import RecordingProxy

Compute = Literal["lambda", "vm"]

STAGES = ("summarize", "consolidate")
MAPPINGS = 2  # a queue's and a stream's
_PATIENCE = 60.0  # seconds to be ready in


@dataclass
class Used:
    """What a run used; None where the target does not tell.

    Attributes:
        cpu: seconds by stage.
        peak_memory: bytes of resident memory of the biggest process, by stage.
        calls: by operation, or by method those of S3; those that find nothing included.
        invocations: of Lambda functions.
        cold_starts: of them.
        init_seconds: of all cold starts.
        busy_seconds: from the start to the end of all invocations, cold starts included.
        write_units: consumed, by table; otherwise they are taken from the revisions of the items.
    """

    cpu: dict[str, float] | None = None
    peak_memory: dict[str, int] | None = None
    calls: dict[str, int] | None = None
    invocations: int = 0
    cold_starts: int = 0
    init_seconds: float = 0.0
    busy_seconds: float = 0.0
    write_units: dict[str, int] | None = None


class RunTarget(Protocol):
    """Where a run takes place: an engine with one kind of compute, or a deployed stack."""

    @property
    def deployment(self) -> Deployment:
        """Its resources."""

    @property
    def name(self) -> str:
        """What to call it."""

    def client(self, service: str) -> Any:
        """A boto3 client with all permissions."""

    def check(self) -> None:
        """Raises what went wrong with the compute."""

    def used(self) -> Used:
        """What was used since the target was opened."""


@contextmanager
def local(compute: Compute, time_limit: int | None = None) -> Iterator[RunTarget]:
    """A kind of compute at work on a fresh deployment on an engine of its own.

    Args:
        compute: which.
        time_limit: of the function that counts, in seconds, in place of that of the template.
    """
    with running() as pipeline, RecordingProxy(pipeline.engine.endpoint_url) as wire:
        if compute == "vm":
            yield _LocalVm(pipeline, wire)
            return
        deploy_lambda(pipeline.engine, STACK)
        if time_limit:
            pipeline.engine.client("lambda").update_function_configuration(
                FunctionName=f"{STACK}-summarize", Timeout=time_limit
            )
        environment = pipeline.engine.environment() | {"AWS_ENDPOINT_URL": wire.url}
        with LambdaService(pipeline.engine.client, environment) as service:
            _wait_for_mappings(service)
            yield _LocalLambda(pipeline, wire, service)


@dataclass
class _Local:
    pipeline: Pipeline
    wire: RecordingProxy
    name = "embedded engine"

    @property
    def deployment(self) -> Deployment:
        return self.pipeline.deployment

    def client(self, service: str) -> Any:
        return self.pipeline.engine.client(service)

    def calls(self) -> dict[str, int]:
        return dict(Counter(call.operation for call in list(self.wire.calls)))


class _LocalVm(_Local):
    """One process for each core that counts, one that consolidates."""

    def __init__(self, pipeline: Pipeline, wire: RecordingProxy) -> None:
        super().__init__(pipeline, wire)
        through = {"AWS_ENDPOINT_URL": wire.url}
        workers = range(os.cpu_count() or 1)
        self._processes = {
            "summarize": [pipeline.start("summarize", through) for _ in workers],
            "consolidate": [pipeline.start("consolidate", through)],
        }
        for process in self._processes["summarize"]:
            wait_for_log(process, "summarizing", _PATIENCE)
        wait_for_log(self._processes["consolidate"][0], "statistics verified", _PATIENCE)
        self._before = self._cpu()
        wire.calls.clear()

    def check(self) -> None:
        self.pipeline.engine.check()
        for process in (process for stage in self._processes.values() for process in stage):
            if process.exit_status is not None:
                raise FlowtallyError(f"ended: {process.last_lines()}", where=process.name)

    def used(self) -> Used:
        memory = {stage: max(map(peak_of, processes)) for stage, processes in self._processes.items()}
        cpu = {stage: seconds - self._before[stage] for stage, seconds in self._cpu().items()}
        return Used(cpu, memory, self.calls())

    def _cpu(self) -> dict[str, float]:
        return {
            stage: sum(cpu_of(process.pid) for process in processes)
            for stage, processes in self._processes.items()
        }


class _LocalLambda(_Local):
    """The functions from their real package under the real runtime client."""

    def __init__(self, pipeline: Pipeline, wire: RecordingProxy, service: LambdaService) -> None:
        super().__init__(pipeline, wire)
        self._service = service
        wire.calls.clear()

    def check(self) -> None:
        self.pipeline.engine.check()
        for function in self._functions().values():
            if failed := next((outcome.error for outcome in function.results if outcome.error), ""):
                raise FlowtallyError(failed, where=function.settings.name)

    def used(self) -> Used:
        functions = self._functions()
        outcomes = [outcome for function in functions.values() for outcome in function.results]
        return Used(
            cpu={
                stage: sum(cpu_of(environment.pid) for environment in function.environments)
                for stage, function in functions.items()
            },
            peak_memory={
                stage: max(outcome.peak_memory for outcome in function.results)
                for stage, function in functions.items()
            },
            calls=self.calls(),
            invocations=len(outcomes),
            cold_starts=sum(outcome.init > 0 for outcome in outcomes),
            init_seconds=sum(outcome.init for outcome in outcomes),
            busy_seconds=sum(outcome.duration + outcome.init for outcome in outcomes),
        )

    def _functions(self) -> Mapping[str, LambdaFunction]:
        invoked = self._service.functions
        return {stage: invoked[f"{STACK}-{stage}"] for stage in STAGES if f"{STACK}-{stage}" in invoked}


def _wait_for_mappings(service: LambdaService) -> None:
    deadline = time.monotonic() + _PATIENCE
    while len(service.mappings) < MAPPINGS:
        if time.monotonic() > deadline:
            raise FlowtallyError(f"no event source mappings: {service.refused}", where="Lambda")
        time.sleep(0.1)
