"""DynamoDB Local: AWS's own engine of tables and streams, as a second opinion on both protocols.

Maven fetches it when it is first needed. It has no S3, SQS or CloudFormation.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from fcntl import LOCK_EX, flock
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import boto3

_HERE = Path(__file__).parent
_LAUNCHER = _HERE / "Loopback.java"
_RECIPE = _HERE / "pom.xml"
_BUILD = _HERE.parents[1] / "build"


def program(name: str) -> str:
    """The path of a program."""
    path = shutil.which(name)
    assert path, f"{name} is not there: DynamoDB Local needs Java 17 or newer and Maven"
    return path


def fetched() -> Path:
    """The folder with DynamoDB Local and the libraries it needs, in the version of the recipe."""
    folder = _BUILD / f"dynamodb-local-{sha256(_RECIPE.read_bytes()).hexdigest()[:8]}"
    _BUILD.mkdir(exist_ok=True)
    with _RECIPE.open() as recipe:
        flock(recipe, LOCK_EX)  # tests that run side by side fetch it once
        if not folder.is_dir():
            _fetch_into(folder)
    return folder


def _fetch_into(folder: Path) -> None:
    with TemporaryDirectory(dir=_BUILD) as unfinished:
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={unfinished}/libraries"]
        maven = [program("mvn"), "--quiet", "--batch-mode", "--file", str(_RECIPE), *goal]
        run = subprocess.run(maven, capture_output=True, check=False, text=True)
        assert run.returncode == 0, f"Maven cannot fetch DynamoDB Local:\n{run.stdout}{run.stderr}"
        Path(unfinished, "libraries").rename(folder)


class DynamoDBLocal:
    """An empty engine on a free port of the loopback interface, gone on leaving the `with` block."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._clients: dict[str, Any] = {}
        self.endpoint_url = ""

    def __enter__(self) -> Self:
        libraries = fetched()
        self._scratch = TemporaryDirectory(prefix="flowtally-")
        log = Path(self._scratch.name) / "log"
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [
                    *(program("java"), "-Xmx1g", f"-Djava.library.path={libraries}"),
                    *("-cp", f"{libraries}/*", str(_LAUNCHER)),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=self._scratch.name,
                env={"PATH": os.environ["PATH"], "DDB_LOCAL_TELEMETRY": "0"},
            )
        port = self._next_line()
        assert port.isdigit(), f"DynamoDB Local does not start:\n{log.read_text()}"
        self.endpoint_url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process
        self._process.kill()
        self._process.communicate()
        self._scratch.cleanup()

    def environment(self) -> Mapping[str, str]:
        """Variables with which boto3 finds tables and streams here, and all else where it did before."""
        return {
            "AWS_ENDPOINT_URL_DYNAMODB": self.endpoint_url,
            "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": self.endpoint_url,
        }

    def client(self, service: str) -> Any:
        """A boto3 client of `dynamodb` or `dynamodbstreams`, made once."""
        if service not in self._clients:
            session = boto3.Session("test", "test", region_name="us-east-1")
            self._clients[service] = session.client(service, endpoint_url=self.endpoint_url)  # type: ignore[call-overload]
        return self._clients[service]

    def reset(self) -> None:
        """Removes all tables."""
        dynamodb = self.client("dynamodb")
        for page in dynamodb.get_paginator("list_tables").paginate():
            for name in page["TableNames"]:
                dynamodb.delete_table(TableName=name)

    def let_hours_pass(self, hours: int) -> None:
        """Ages the streams: shards older than 4 hours roll over, records older than 24 go."""
        assert hours > 0
        assert self._process
        assert self._process.stdin
        self._process.stdin.write(f"{hours}\n".encode())
        self._process.stdin.flush()
        assert self._next_line() == str(hours)

    def _next_line(self) -> str:
        assert self._process
        assert self._process.stdout
        return self._process.stdout.readline().decode().strip()
