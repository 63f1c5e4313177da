"""A function: as many environments as events arrive at once, within its concurrency."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from clients.local_aws.lambda_service.environment import Environment, InvocationResult, LaunchSpec

_KEPT = 10_000  # results that are remembered


class Throttled(Exception):
    """All the environments that the function may have are at work."""


class FunctionNotFound(Exception):
    """The function was deleted."""


@dataclass(frozen=True)
class FunctionSettings:
    """What is deployed."""

    name: str
    arn: str
    handler: str
    runtime: str  # python3.13
    timeout: int  # seconds
    memory: int  # MB
    role: str
    variables: Mapping[str, str]
    code_sha256: str
    concurrency: int | None = None  # None: as many as the account has


class LambdaFunction:
    """Invokes a function, in a warm environment if one is idle, in a new one otherwise.

    Args:
        settings: what is deployed.
        spec: what its processes are started with.
        most: environments that this computer may have of it.
        freezes: whether idle environments are stopped.
    """

    def __init__(
        self, settings: FunctionSettings, spec: LaunchSpec, most: int, *, freezes: bool = True
    ) -> None:
        self.settings = settings
        self.results: deque[InvocationResult] = deque(maxlen=_KEPT)
        self._spec = spec
        self._most = most if settings.concurrency is None else min(most, settings.concurrency)
        self._freezes = freezes
        self._idle: list[Environment] = []
        self._busy = 0
        self._stopped = False
        self._turn = Lock()

    @property
    def environments(self) -> list[Environment]:
        """Those that are warm and idle."""
        return list(self._idle)

    def invoke(self, event: bytes) -> InvocationResult:
        """Runs the handler on an event and gives what became of it, errors included.

        Raises:
            Throttled: the function is at its concurrency, or is stopped.
        """
        warm = self._take()
        try:
            environment = warm or Environment(self._spec, self.settings.arn, freezes=self._freezes)
            result = (None if warm else environment.initialize()) or environment.invoke(
                event, self.settings.timeout
            )
        except BaseException:
            self._give_back(None)
            raise
        self._give_back(environment)
        self.results.append(result)
        return result

    def stop(self) -> None:
        """Ends all environments, those at work when they are done."""
        with self._turn:
            self._stopped = True
            idle, self._idle = self._idle, []
        for environment in idle:
            environment.stop()

    def _take(self) -> Environment | None:
        """A warm environment, or None if a new one may be started."""
        with self._turn:
            if self._stopped or self._busy >= self._most:
                raise Throttled(self.settings.name)
            self._busy += 1
            while self._idle:
                environment = self._idle.pop()
                if environment.is_alive:
                    return environment
                environment.stop()
        return None

    def _give_back(self, environment: Environment | None) -> None:
        with self._turn:
            self._busy -= 1
            if environment is None:
                return
            if environment.is_alive and not self._stopped:
                self._idle.append(environment)
                return
        environment.stop()
