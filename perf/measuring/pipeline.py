"""The whole pipeline on the embedded engine, for benchmarks: storage, and processes of the daemon."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from clients.local_aws.child import Child
from clients.local_aws.engine import EmbeddedEngine
from clients.queries.counted import days_in
from cloudformation.deploy import deploy_leases, deploy_storage
from models.deployment import Deployment
from models.errors import FlowtallyError
from models.storage.daily_totals import DailyTotalsStore
from models.storage.numbers import integer

STACK = "flowtally"
_POLL = 0.05  # seconds


class Pipeline:
    """A deployment on an engine, and the daemons that work on it; all gone on leaving `running`."""

    def __init__(self, engine: EmbeddedEngine, cleanup: ExitStack) -> None:
        self.engine = engine
        cloudformation = engine.client("cloudformation")
        deploy_storage(cloudformation, STACK)
        self.deployment = Deployment.from_stack(cloudformation, STACK)
        self._leases = deploy_leases(cloudformation, STACK)
        self._cleanup = cleanup

    def start(self, stage: str, settings: Mapping[str, str] | None = None) -> Child:
        """Starts a process of the daemon.

        Args:
            stage: `summarize` or `consolidate`.
            settings: variables of its environment, in place of the usual ones.
        """
        environment = {
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            **self.engine.environment(),
            **self.deployment.to_environment(),
            "FLOWTALLY_LEASES": self._leases,
            **(settings or {}),
        }
        return self._cleanup.enter_context(Child.module(stage, "vm_daemon", environment, [stage]))

    def upload(self, key: str, content: object) -> None:
        """Puts an object as a branch would."""
        self.engine.client("s3").put_object(Bucket=self.deployment.bucket, Key=key, Body=content)

    def pair_days_counted(self) -> int:
        """Daily totals that there are."""
        store = DailyTotalsStore(self.engine.client("dynamodb"), self.deployment.daily_totals)
        return sum(1 for _ in days_in(store))

    def pair_days_consolidated(self) -> int:
        """Days in the statistics of all pairs."""
        pages = self.engine.client("dynamodb").get_paginator("scan")
        return sum(
            integer(item["n"]["N"])
            for page in pages.paginate(TableName=self.deployment.pair_statistics)
            for item in page["Items"]
        )

    def files_left(self) -> int:
        """Files that are not counted yet."""
        listed = self.engine.client("s3").list_objects_v2(Bucket=self.deployment.bucket, Prefix="incoming/")
        left: int = listed["KeyCount"]
        return left


@contextmanager
def running() -> Iterator[Pipeline]:
    """An engine with a fresh deployment."""
    with ExitStack() as cleanup:
        yield Pipeline(cleanup.enter_context(EmbeddedEngine()), cleanup)


def wait_for_log(process: Child, event: str, patience: float = 30) -> None:
    """Waits until a process has logged an event lately.

    Raises:
        FlowtallyError: it did not.
    """
    deadline = time.monotonic() + patience
    while event not in process.last_lines(50):
        if time.monotonic() > deadline or process.exit_status is not None:
            raise FlowtallyError(f"{process.name} did not say {event!r}: {process.last_lines()}")
        time.sleep(_POLL)
