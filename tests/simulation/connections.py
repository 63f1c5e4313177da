"""What production code takes for boto3 clients: every call crosses a network where anything may happen."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from random import Random
from typing import Any, NoReturn

from tests.simulation import faults as kinds
from tests.simulation.call_sites import CallSite, calling_site
from tests.simulation.errors import no_answer, refusal, unreachable
from tests.simulation.event_loop import Crash, Process, Scheduler
from tests.simulation.faults import Faults

Effect = Callable[[], Any]
Trace = Callable[[str, str], None]

_THROTTLES = {
    "s3": "SlowDown",
    "sqs": "RequestThrottled",
    "dynamodb": "ProvisionedThroughputExceededException",
    "streams": "LimitExceededException",
}


class Network:
    """Carries requests from processes to services.

    Args:
        scheduler: decides who goes on after each call.
        random: decides how long a call takes.
        faults: decides what goes wrong.
        trace: is told of every call and what came of it.
    """

    def __init__(self, scheduler: Scheduler, random: Random, faults: Faults, trace: Trace | None) -> None:
        self.calls = 0
        self.late_until = 0.0  # when the last of the requests that are late arrives
        self._scheduler = scheduler
        self._random = random
        self._faults = faults
        self._trace = trace

    def call(
        self, process: Process, service: str, operation: str, site: CallSite | None, effect: Effect, what: str
    ) -> Any:
        """One call: takes time, lets others work, and has the effect or the fault that is due."""
        if not process.alive:
            raise Crash
        self.calls += 1
        fault = self._faults.at_call(site)
        try:
            self._scheduler.sleep(self._latency())
            if fault is None:
                return self._traced(process, what, effect)
            self._note(process, f"{what}  ** {fault} **")
            return self._with_fault(fault, process, service, operation, site, effect)
        except Exception as error:
            process.failed_calls += 1
            self._note(process, f"{what} -> {type(error).__name__} {error}")
            raise

    def _with_fault(
        self,
        fault: str,
        process: Process,
        service: str,
        operation: str,
        site: CallSite | None,
        effect: Effect,
    ) -> Any:
        if fault in (kinds.CRASH_BEFORE, kinds.CRASH_AFTER):
            assert site is not None
            self._crash(fault, site, effect)
        if fault in (kinds.LOST_REQUEST, kinds.LOST_ANSWER):
            self._lose(fault, effect)
        if fault == kinds.FREEZE_BEFORE:
            self._freeze(process)
        elif fault == kinds.FREEZE_AFTER:
            answer = effect()
            self._freeze(process)
            return answer
        elif fault == kinds.RETRIED:
            effect()  # a refusal is an answer that the SDK does not retry
            self._scheduler.sleep(self._random.uniform(0.1, 65))
        elif fault == kinds.LATE_REPEAT:
            late = self._scheduler.now + self._random.uniform(0.1, 900)  # for so long a signature is valid
            self.late_until = max(self.late_until, late)
            self._scheduler.at(late, lambda: self._quietly(effect))
            self._scheduler.sleep(60)
        elif fault == kinds.SLOW:
            self._scheduler.sleep(10 ** self._random.uniform(0, 4))
        elif fault in (kinds.THROTTLED, kinds.DENIED, kinds.REFUSED):
            raise refusal(_code_of(fault, service), operation)
        return effect()

    def _crash(self, fault: str, site: CallSite, effect: Effect) -> NoReturn:
        if fault == kinds.CRASH_AFTER:
            self._quietly(effect)
        self._faults.crashed[site, fault] += 1
        raise Crash

    def _lose(self, fault: str, effect: Effect) -> NoReturn:
        if fault == kinds.LOST_ANSWER:
            self._quietly(effect)
        self._scheduler.sleep(self._random.uniform(5, 400))
        raise unreachable() if fault == kinds.LOST_REQUEST else no_answer()

    def _freeze(self, process: Process) -> None:
        seconds = 10 ** self._random.uniform(1.5, 5.4)  # half a minute to three days
        self._scheduler.freeze(process, seconds)
        self._note(process, f"frozen for {seconds / 3600:.1f} h")
        self._scheduler.sleep(0)

    def _latency(self) -> float:
        chance = self._random.random()
        return chance * 0.03 if chance < 0.9 else (chance - 0.9) * 15

    def _quietly(self, effect: Effect) -> None:
        with suppress(Exception):  # nobody is there to hear of it
            effect()

    def _traced(self, process: Process, what: str, effect: Effect) -> Any:
        answer = effect()
        self._note(process, what)
        return answer

    def _note(self, process: Process, text: str) -> None:
        if self._trace:
            self._trace(process.name, text)


def _code_of(fault: str, service: str) -> str:
    """The code by which a service refuses."""
    if fault == kinds.THROTTLED:
        return _THROTTLES[service]
    if fault == kinds.DENIED:
        return "AccessDenied" if service == "s3" else "AccessDeniedException"
    return "InvalidRequest" if service == "s3" else "ValidationException"


class Connection:
    """A client of one service in one process."""

    def __init__(self, network: Network, process: Process, name: str, service: Any) -> None:
        self._network = network
        self._process = process
        self._name = name
        self._service = service

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        effect = getattr(self._service, operation)

        def call(**request: Any) -> Any:
            return self._send(operation, effect, request, calling_site(operation))

        self.__dict__[operation] = call
        return call

    def get_paginator(self, operation: str) -> "Paginator":
        """Reads a result page by page, each a call."""
        return Paginator(self, operation)

    def page(self, operation: str, request: dict[str, Any], site: CallSite | None) -> Any:
        """One page of a paginator."""
        return self._send(operation, getattr(self._service, operation), request, site)

    def _send(
        self, operation: str, effect: Callable[..., Any], request: dict[str, Any], site: CallSite | None
    ) -> Any:
        if hasattr(request.get("Body"), "read"):
            request["Body"] = request["Body"].read()
        if operation == "receive_message":
            self._process.hands.clear()
            self._service.wait()
        what = f"{operation} {_brief(request)}" if self._network._trace else ""
        return self._network.call(self._process, self._name, operation, site, lambda: effect(**request), what)


class Paginator:
    """What `get_paginator` gives."""

    def __init__(self, connection: Connection, operation: str) -> None:
        self._connection = connection
        self._operation = operation

    def paginate(self, **request: Any) -> Iterator[Any]:
        """The pages, each read when it is asked for."""
        return self._pages(request, calling_site(self._operation))

    def _pages(self, request: dict[str, Any], site: CallSite | None) -> Iterator[Any]:
        while True:
            page = self._connection.page(self._operation, request, site)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            request = request | {"ExclusiveStartKey": page["LastEvaluatedKey"]}


class Body:
    """The content of an object on its way: it takes time, and may break off in the middle.

    Args:
        content: what is sent.
        pause: lets others work.
        is_torn: whether it breaks off.
    """

    def __init__(self, content: bytes, pause: Callable[[], None], is_torn: bool) -> None:
        self._content = content
        self._at = 0
        self._pause = pause
        self._is_torn = is_torn

    def read(self, size: int | None = None) -> bytes:
        """The next bytes, none at the end."""
        if self._at == 0:
            self._pause()
        elif self._is_torn:
            raise no_answer()
        end = len(self._content) if size is None else self._at + size
        piece = self._content[self._at : max(1, end // 2) if self._is_torn else end]
        self._at += len(piece)
        return piece


def _brief(request: dict[str, Any]) -> str:
    """A request in a few words, for a trace."""
    key = request.get("Key") or request.get("Item") or {}
    parts = [str(key)] if isinstance(key, str) else [str(*v.values()) for v in list(key.values())[:2]]
    for name in (
        "TableName",
        "ReceiptHandle",
        "VisibilityTimeout",
        "ShardId",
        "SequenceNumber",
        "ShardIterator",
    ):
        parts += [str(request[name])] if name in request else []
    values = request.get("ExpressionAttributeValues", {})
    parts += [f"{name}={next(iter(value.values()))!r}" for name, value in values.items()]
    return " ".join(parts)
