"""The embedded engine: S3, SQS, DynamoDB with Streams and CloudFormation in one child process.

The engine is `ministack`. Demo, tests and benchmarks run on it; the code that they run knows nothing
of it, because boto3 takes the endpoint from the environment.
"""

import importlib.util
import os
import socket
import ssl
import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config

from clients.local_aws.child import Child
from models.errors import FlowtallyError, ServiceUnavailable

_LOOPBACK = "127.0.0.1"
_REGION = "us-east-1"
_START = 30.0  # seconds to come up in
_PORTS = 3  # ports to try: another program may take one between choosing it and using it

_CODE = (files("clients.local_aws") / "engine_process.py").read_text()


class EmbeddedEngine:
    """A fresh engine on a free port of the loopback interface, gone on leaving the `with` block.

    Args:
        authorize: whether it checks credentials and policies, as AWS does. It then speaks TLS, which
            the policies of flowtally's bucket and queues demand.

    Raises:
        FlowtallyError: (on entering) ministack is not installed.
        ServiceUnavailable: (on entering) it does not start.
    """

    def __init__(self, *, authorize: bool = False) -> None:
        self._authorize = authorize
        self._child: Child | None = None
        self._port = 0
        self._clients: dict[tuple[str, int], Any] = {}

    def __enter__(self) -> Self:
        if importlib.util.find_spec("ministack") is None:
            raise FlowtallyError(
                "the embedded engine is not installed",
                remedy='Install it with: pip install "flowtally[demo]"',
            )
        self._clients = {}
        for attempt in range(_PORTS):
            self._port = _free_port()
            self._child = Child("the embedded engine", _CODE, self._child_environment())
            try:
                self._wait_until_healthy(self._child)
            except BaseException as error:
                self._child.stop()
                if not isinstance(error, ServiceUnavailable) or attempt + 1 == _PORTS:
                    raise
            else:
                break
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stops it and forgets all it holds; safe to repeat."""
        if self._child:
            self._child.stop(grace=0)  # it would wait for open connections, and has nothing to save

    @property
    def endpoint_url(self) -> str:
        """Where it answers."""
        return f"{'https' if self._authorize else 'http'}://{_LOOPBACK}:{self._port}"

    def check(self) -> None:
        """Raises ServiceUnavailable if it has ended by itself, with its last words."""
        if self._child and self._child.exit_status is not None:
            raise _ended(self._child, f"ended with status {self._child.exit_status}")

    def environment(self) -> dict[str, str]:
        """Variables with which boto3, in this or another process, talks to the engine and to nothing else."""
        environment = {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": _REGION,
            "AWS_DEFAULT_REGION": _REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": _LOOPBACK,
            "no_proxy": _LOOPBACK,
        }
        if self._authorize:
            environment["AWS_CA_BUNDLE"] = str(self._certificate)
        return environment

    def client(self, service: str, *, connections: int = 10) -> Any:
        """A boto3 client of a service of the engine, made once."""
        key = (service, connections)
        if key not in self._clients:
            self._clients[key] = self._new_client(service, connections)
        return self._clients[key]

    def _new_client(self, service: str, connections: int) -> Any:
        environment = self.environment()
        session = boto3.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=_REGION,
        )
        config = Config(max_pool_connections=connections, proxies={}, retries={"total_max_attempts": 3})
        verify = str(self._certificate) if self._authorize else None
        return session.client(  # type: ignore[call-overload]
            service, endpoint_url=self.endpoint_url, config=config, verify=verify
        )

    def reset(self) -> None:
        """Empties it: no stack, bucket, queue or table is left."""
        status = self._request("POST", "/_ministack/reset")
        if status != 200:
            raise ServiceUnavailable(f"reset refused with status {status}", where="the embedded engine")

    def _child_environment(self) -> dict[str, str]:
        """Only what it needs: settings of another ministack or of AWS must not reach it."""
        kept = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "PYTHONPATH", "SYSTEMROOT")
            if name in os.environ
        }
        return kept | {
            "BIND_HOST": _LOOPBACK,
            "MINISTACK_HOST": _LOOPBACK,  # so that the URLs of queues lead here
            "GATEWAY_PORT": str(self._port),
            "MINISTACK_REGION": _REGION,
            "LOG_LEVEL": "WARNING",
            "AUTH": "true" if self._authorize else "false",
            "USE_SSL": "1" if self._authorize else "0",
        }

    def _wait_until_healthy(self, child: Child) -> None:
        deadline = time.monotonic() + _START
        while child.exit_status is None and time.monotonic() < deadline:
            if self._is_healthy():
                return
            time.sleep(0.05)
        if child.exit_status is None:
            raise _ended(child, f"did not answer within {_START:g} s of its start")
        raise _ended(child, f"ended with status {child.exit_status} when it was started")

    def _is_healthy(self) -> bool:
        try:
            return self._request("GET", "/_ministack/health") == 200
        except (OSError, HTTPException):
            return False

    @property
    def _certificate(self) -> Path:
        """The certificate that it makes for itself when it starts."""
        return (self._child.scratch if self._child else Path()) / "ministack-tls" / "server.crt"

    def _request(self, method: str, path: str) -> int:
        connection = HTTPConnection(_LOOPBACK, self._port, timeout=30)
        if self._authorize:
            trusted = ssl.create_default_context(cafile=self._certificate)
            connection = HTTPSConnection(_LOOPBACK, self._port, timeout=30, context=trusted)
        try:
            connection.request(method, path)
            return connection.getresponse().status
        finally:
            connection.close()


def _ended(child: Child, how: str) -> ServiceUnavailable:
    return ServiceUnavailable(f"{how}. Its last words:\n{child.last_lines() or '(none)'}\n", where=child.name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
