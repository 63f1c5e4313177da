"""The whole pipeline on this computer: the engine, a deployment on it, and the compute that counts."""

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, Literal, Self

from clients.local_aws.child import Child
from clients.local_aws.engine import EmbeddedEngine
from clients.local_aws.lambda_service.service import LambdaService
from clients.local_aws.local_lambda import deploy_lambda
from cloudformation.deploy import deploy_leases, deploy_storage
from models.deployment import Deployment
from models.errors import FlowtallyError

LocalCompute = Literal["vm", "lambda", "both"]

STACK = "flowtally"
_WORKERS = ("summarize", "summarize", "consolidate")  # a process each


class LocalPipeline:
    """Engine, deployment and compute, started on entering the `with` block and stopped on leaving it.

    Args:
        compute: what counts: the daemon, Lambda functions, or both at once.
        tell: is told what was started, in a line each.

    Raises:
        FlowtallyError: (on entering) something could not be started.
    """

    deployment: Deployment

    def __init__(self, compute: LocalCompute, tell: Callable[[str], object]) -> None:
        self._compute = compute
        self._tell = tell
        self._started = ExitStack()
        self.engine = EmbeddedEngine()
        self.workers: Sequence[Child] = ()

    def __enter__(self) -> Self:
        with ExitStack() as started:  # what was started before a failure is stopped
            started.enter_context(self.engine)
            deploy_storage(self.client("cloudformation"), STACK)
            self.deployment = Deployment.from_stack(self.client("cloudformation"), STACK)
            self._tell(f"Embedded engine at {self.engine.endpoint_url}, storage.yaml deployed")
            if self._compute in ("lambda", "both"):
                deploy_lambda(self.engine, STACK)
                started.enter_context(LambdaService(self.engine.client, self.engine.environment()))
                self._tell(
                    "Lambda: the real package in processes of the real runtime client, lambda.yaml deployed"
                )
            if self._compute in ("vm", "both"):
                self.workers = self._start_daemon(started)
            self._started = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()

    def client(self, service: str, *, connections: int = 10) -> Any:
        """A boto3 client of a service of the engine."""
        return self.engine.client(service, connections=connections)

    def check(self) -> None:
        """Raises a FlowtallyError if a process has died."""
        for worker in self.workers:
            if worker.exit_status is not None:
                raise FlowtallyError(
                    f"died with status {worker.exit_status}. Its last words:\n{worker.last_lines()}\n",
                    where=worker.name,
                )
        self.engine.check()

    def serve_functions(self) -> None:
        """Runs the functions that somebody deploys on the engine from now on."""
        if self._compute == "vm":  # else they are run already
            self._started.enter_context(LambdaService(self.engine.client, self.engine.environment()))

    def stop_workers(self) -> None:
        """Stops the daemon, whose deployment is gone."""
        _terminate(self.workers)
        for worker in self.workers:
            worker.stop()
        self.workers = ()

    def last_words(self) -> str:
        """The end of what each worker printed."""
        return "\n".join(f"{worker.name}: {worker.last_lines(3)}" for worker in self.workers)

    def _start_daemon(self, started: ExitStack) -> Sequence[Child]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FLOWTALLY_"))
        }
        environment = {
            **inherited,
            **self.engine.environment(),
            **self.deployment.to_environment(),
            "FLOWTALLY_LEASES": deploy_leases(self.client("cloudformation"), STACK),
        }
        workers = [
            started.enter_context(
                Child.module(f"flowtally-daemon {stage}", "vm_daemon", environment, [stage])
            )
            for stage in _WORKERS
        ]
        started.callback(_terminate, workers)
        processes = (f"{stage} ({worker.pid})" for stage, worker in zip(_WORKERS, workers, strict=True))
        self._tell(f"Daemon: {', '.join(processes)}")
        return workers


def _terminate(workers: Sequence[Child]) -> None:
    """Asks all to stop before any is waited for."""
    for worker in workers:
        worker.terminate()
