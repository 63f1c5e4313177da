"""What all event source mappings do: batches to a function, and what its answer says of each record."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from clients.local_aws.lambda_service.environment import InvocationResult
from clients.local_aws.lambda_service.filters import matches
from clients.local_aws.lambda_service.function import FunctionNotFound, Throttled

log = logging.getLogger("flowtally.lambda")

Record = Mapping[str, Any]

_THROTTLED = 0.2  # seconds until a throttled invocation is tried again


class MappingStopped(Exception):
    """The mapping was stopped while it waited for the function."""


@dataclass(frozen=True)
class MappingSettings:
    """An event source mapping, as the Lambda API describes it."""

    id: str
    source_arn: str
    function: str
    batch_size: int
    batch_window: float = 0.0  # seconds
    reports_failures: bool = False
    concurrency: int | None = None  # of a queue's mapping
    starting_position: str = "LATEST"  # of a stream's mapping, like all that follow
    bisects: bool = False
    retries: int = -1  # for ever
    record_age: float = -1.0  # seconds, for ever
    patterns: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def from_api(cls, description: Mapping[str, Any]) -> "MappingSettings":
        """Reads what `ListEventSourceMappings` tells of one."""
        is_queue = ":sqs:" in description["EventSourceArn"]
        filters = description.get("FilterCriteria", {}).get("Filters", [])
        return cls(
            id=description["UUID"],
            source_arn=description["EventSourceArn"],
            function=description["FunctionArn"].split(":")[6],
            batch_size=description.get("BatchSize") or (10 if is_queue else 100),
            batch_window=float(description.get("MaximumBatchingWindowInSeconds") or 0),
            reports_failures="ReportBatchItemFailures" in description.get("FunctionResponseTypes", []),
            concurrency=int(description.get("ScalingConfig", {}).get("MaximumConcurrency") or 0) or None,
            starting_position=description.get("StartingPosition", "LATEST"),
            bisects=bool(description.get("BisectBatchOnFunctionError")),
            retries=int(description.get("MaximumRetryAttempts", -1)),
            record_age=float(description.get("MaximumRecordAgeInSeconds", -1)),
            patterns=tuple(orjson.loads(entry["Pattern"]) for entry in filters),
        )

    def wants(self, record: Record) -> bool:
        """Whether the filters let a record through: any one of them does."""
        return not self.patterns or any(matches(pattern, record) for pattern in self.patterns)


@dataclass(frozen=True)
class Caller:
    """Invokes the function of a mapping, again and again while it is throttled.

    Args:
        invoke: runs the function on an event, or raises Throttled or FunctionNotFound.
        stopped: says when to give up.
    """

    invoke: Callable[[bytes], InvocationResult]
    stopped: Event

    def __call__(self, records: Sequence[Record]) -> InvocationResult:
        """Raises MappingStopped when the mapping is stopped meanwhile."""
        event = orjson.dumps({"Records": records})
        while not self.stopped.is_set():
            try:
                return self.invoke(event)
            except (Throttled, FunctionNotFound):  # a mapping goes soon after its function
                self.stopped.wait(_THROTTLED)
        raise MappingStopped


def tell_trouble(text: str, exists: Callable[[], bool], error: Exception, **details: str) -> None:
    """Logs what a mapping met, unless it was deleted: then what it reads may go before it is stopped."""
    try:
        is_deployed = exists()
    except (ClientError, BotoCoreError):
        is_deployed = True  # as far as is known
    if is_deployed:
        log.warning(text, extra={**details, "reason": str(error)})


def failed_records(
    result: InvocationResult, identifiers: Sequence[str], *, reports_failures: bool
) -> set[str]:
    """Which records of a batch failed, by their identifiers.

    All of them when the function failed, or its report makes no sense: an identifier that is empty,
    missing, or none of the batch's. None of them when it reports none, or does not report.
    """
    if result.error:
        return set(identifiers)
    if not reports_failures:
        return set()
    try:
        answer = orjson.loads(result.payload or b"null")
        entries = (answer or {}).get("batchItemFailures") or []
        failed = {entry["itemIdentifier"] for entry in entries}
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return set(identifiers)
    return failed if failed <= set(identifiers) else set(identifiers)
