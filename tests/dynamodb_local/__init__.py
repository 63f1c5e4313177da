"""DynamoDB Local: AWS's own engine of tables and streams, as a second opinion on both protocols.

`make test-dynamodb-local` fetches it. It has no S3, SQS or CloudFormation.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import boto3

LIBRARIES = Path(__file__).parents[2] / "build" / "dynamodb-local"

_LAUNCHER = Path(__file__).with_name("Loopback.java")
_CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


class DynamoDBLocal:
    """An empty engine on a free port of the loopback interface, gone on leaving the `with` block."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.endpoint_url = ""

    def __enter__(self) -> Self:
        assert LIBRARIES.is_dir(), "DynamoDB Local is not there: fetch it with `make test-dynamodb-local`"
        java = shutil.which("java")
        assert java, "DynamoDB Local needs Java 17 or newer"
        self._scratch = TemporaryDirectory(prefix="flowtally-")
        log = Path(self._scratch.name) / "log"
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [java, "-Xmx1g", f"-Djava.library.path={LIBRARIES}", "-cp", f"{LIBRARIES}/*", _LAUNCHER],
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
        """A boto3 client of `dynamodb` or `dynamodbstreams`."""
        return boto3.Session(**_CREDENTIALS).client(service, endpoint_url=self.endpoint_url)

    def reset(self) -> None:
        """Removes all tables."""
        dynamodb = self.client("dynamodb")
        for page in dynamodb.get_paginator("list_tables").paginate():
            for name in page["TableNames"]:
                dynamodb.delete_table(TableName=name)

    def let_hours_pass(self, hours: int) -> None:
        """Ages the streams: shards older than 4 hours roll over, records older than 24 go."""
        assert self._process
        assert self._process.stdin
        self._process.stdin.write(f"{hours}\n".encode())
        self._process.stdin.flush()
        assert self._next_line() == str(hours)

    def _next_line(self) -> str:
        assert self._process
        assert self._process.stdout
        return self._process.stdout.readline().decode().strip()
