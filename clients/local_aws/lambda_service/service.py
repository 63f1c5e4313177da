"""The service: finds what is deployed, and keeps functions and mappings like it."""

import io
import ssl
import sys
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock, Thread
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

from botocore.exceptions import BotoCoreError, ClientError

from clients.local_aws.lambda_service.delivery import MappingSettings, log, tell_trouble
from clients.local_aws.lambda_service.environment import InvocationResult, LaunchSpec
from clients.local_aws.lambda_service.function import FunctionNotFound, FunctionSettings, LambdaFunction
from clients.local_aws.lambda_service.libraries import link_libraries
from clients.local_aws.lambda_service.queue_mapping import QueueMapping, check_visibility, show_again
from clients.local_aws.lambda_service.roles import Roles
from clients.local_aws.lambda_service.stream_mapping import StreamMapping
from models.errors import FlowtallyError, error_code

_LOOK = 0.5  # seconds between two looks at what is deployed
_MOST = 4  # environments of a function on this computer


class LambdaService:
    """Runs every function and mapping deployed on an engine, on leaving the `with` block none.

    Args:
        client: makes a boto3 client of the engine, with all permissions.
        environment: variables with which boto3 reaches the engine.
        most: environments that a function may have at once.
        freezes: whether idle environments are stopped, as on AWS.
    """

    def __init__(
        self,
        client: Callable[[str], Any],
        environment: Mapping[str, str],
        *,
        most: int = _MOST,
        freezes: bool = True,
    ) -> None:
        self._client = client
        self._environment = environment
        self._most = most
        self._freezes = freezes
        self._roles = Roles(client, environment)
        self._functions: dict[str, LambdaFunction] = {}
        self._mappings: dict[MappingSettings, QueueMapping | StreamMapping] = {}
        self._refused: dict[str, str] = {}
        self._stopped = Event()
        self._turn = Lock()

    def __enter__(self) -> Self:
        self._scratch = TemporaryDirectory(prefix="flowtally-lambda-", ignore_cleanup_errors=True)
        self._folder = Path(self._scratch.name)
        self._libraries = self._folder / "runtime"
        self._libraries.mkdir()
        link_libraries(self._libraries)
        self._watcher = Thread(target=self._watch, name="lambda-service", daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._watcher.join()
        for mapping in self._mappings.values():
            mapping.stop()
        for function in self._functions.values():
            function.stop()
        self._scratch.cleanup()

    @property
    def functions(self) -> dict[str, LambdaFunction]:
        """Those that were invoked, by name."""
        return dict(self._functions)

    @property
    def refused(self) -> dict[str, str]:
        """Why a mapping could not be made, by its id."""
        return dict(self._refused)

    @property
    def mappings(self) -> list[MappingSettings]:
        """Those at work."""
        return list(self._mappings)

    def invoke(self, name: str, event: bytes = b"{}") -> InvocationResult:
        """Runs a function on an event.

        Raises:
            Throttled: it is at its concurrency.
            FunctionNotFound: it was deleted.
            FlowtallyError: its runtime is another than this Python.
        """
        return self._function(name).invoke(event)

    def _watch(self) -> None:
        failed = 0  # looks in a row; one fails when what it found is deleted meanwhile
        while not self._stopped.is_set():
            try:
                self.look()
                failed = 0
            except (ClientError, BotoCoreError, OSError) as error:
                failed += 1
                if failed > 1:
                    log.warning("the deployed functions could not be listed", extra={"reason": str(error)})
            self._stopped.wait(_LOOK)

    def look(self) -> None:
        """Brings functions and mappings in line with what is deployed now."""
        with self._turn:
            pages = self._client("lambda").get_paginator("list_event_source_mappings").paginate()
            listed = [entry for page in pages for entry in page["EventSourceMappings"]]
            wanted = [MappingSettings.from_api(entry) for entry in listed if _is_enabled(entry)]
            for gone in [settings for settings in self._mappings if settings not in wanted]:
                self._mappings.pop(gone).stop()
            self._forget_changed()
            for settings in wanted:
                if settings not in self._mappings:
                    self._start(settings)

    def _start(self, settings: MappingSettings) -> None:
        """Starts a mapping with the permissions of its function's role, as Lambda does."""
        invoke = lambda event: self.invoke(settings.function, event)  # noqa: E731
        exists = partial(self._exists, settings.id)
        try:
            function = self._function(settings.function).settings
            if ":sqs:" in settings.source_arn:
                name = settings.source_arn.rpartition(":")[2]
                url = self._client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
                sqs = self._roles.client(function.role, "sqs")
                check_visibility(sqs, url, function.timeout)
                self._mappings[settings] = QueueMapping(
                    settings,
                    sqs,
                    url,
                    invoke,
                    give_back=partial(show_again, self._client("sqs"), url),
                    exists=exists,
                    pollers=self._most,
                )
            else:
                streams = self._roles.client(function.role, "dynamodbstreams")
                self._mappings[settings] = StreamMapping(settings, streams, invoke, exists)
        except (ClientError, BotoCoreError, OSError, FlowtallyError, FunctionNotFound) as error:
            if self._refused.get(settings.id) != str(error):
                tell_trouble("mapping not started", exists, error, mapping=settings.id)
            self._refused[settings.id] = str(error)
        else:
            self._refused.pop(settings.id, None)

    def _exists(self, mapping: str) -> bool:
        """Whether a mapping is deployed at this moment, which `look` knows half a second later."""
        try:
            found = self._client("lambda").get_event_source_mapping(UUID=mapping)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            return False
        return _is_enabled(found)

    def _function(self, name: str) -> LambdaFunction:
        known = self._functions.get(name)
        if known is None:
            known = self._functions.setdefault(name, self._load(name))
        return known

    def _forget_changed(self) -> None:
        """Ends the environments of functions that were deleted or deployed anew."""
        pages = self._client("lambda").get_paginator("list_functions").paginate()
        deployed = {entry["FunctionName"]: entry for page in pages for entry in page["Functions"]}
        for name, function in list(self._functions.items()):
            entry = deployed.get(name)
            if entry is None or self._settings(entry) != function.settings:
                del self._functions[name]
                function.stop()

    def _settings(self, entry: Mapping[str, Any]) -> FunctionSettings:
        reserved = self._client("lambda").get_function_concurrency(FunctionName=entry["FunctionName"])
        return FunctionSettings(
            name=entry["FunctionName"],
            arn=entry["FunctionArn"],
            handler=entry["Handler"],
            runtime=entry["Runtime"],
            timeout=int(entry["Timeout"]),
            memory=int(entry["MemorySize"]),
            role=entry["Role"],
            variables=entry.get("Environment", {}).get("Variables", {}),
            code_sha256=entry["CodeSha256"],
            concurrency=reserved.get("ReservedConcurrentExecutions"),
        )

    def _load(self, name: str) -> LambdaFunction:
        try:
            deployed = self._client("lambda").get_function(FunctionName=name)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            raise FunctionNotFound(name) from error
        settings = self._settings(deployed["Configuration"])
        here = f"python{sys.version_info.major}.{sys.version_info.minor}"
        if settings.runtime != here:
            raise FlowtallyError(
                f"the function is for {settings.runtime}, and this is {here}",
                where=name,
                remedy=f"Deploy it with --set Runtime={here}",
            )
        code = self._folder / settings.code_sha256.replace("/", "_")
        if not code.exists():
            self._unpack(deployed["Code"]["Location"], code)
        spec = LaunchSpec(settings.handler, code, self._libraries, self._variables(settings))
        return LambdaFunction(settings, spec, self._most, freezes=self._freezes)

    def _unpack(self, location: str, folder: Path) -> None:
        """Fetches the package; its address may name another scheme than the engine speaks."""
        address = urlsplit(location)
        engine = urlsplit(self._environment["AWS_ENDPOINT_URL"])
        trusted = ssl.create_default_context(cafile=self._environment.get("AWS_CA_BUNDLE"))
        handlers = (ProxyHandler({}), HTTPSHandler(context=trusted))
        located = address._replace(scheme=engine.scheme, netloc=engine.netloc).geturl()
        with build_opener(*handlers).open(located) as answer:
            zipfile.ZipFile(io.BytesIO(answer.read())).extractall(folder)

    def _variables(self, settings: FunctionSettings) -> dict[str, str]:
        """The environment that Lambda gives a function, and the way to the engine."""
        return {
            **self._environment,
            **self._roles.credentials(settings.role),
            **settings.variables,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{settings.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": settings.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings.memory),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "LANG": "en_US.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "TZ": ":UTC",
            "_HANDLER": settings.handler,
        }


def _is_enabled(mapping: Mapping[str, Any]) -> bool:
    return bool(mapping["State"] != "Disabled")
