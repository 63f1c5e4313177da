"""The AWS account, region and stack that a command works on."""

import os
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import NoRegionError

from clients.terminal.aws_errors import refuse_foreign_answer
from clients.terminal.options import DEFAULT_STACK
from models.deployment import Deployment
from models.errors import NotFound, UsageError

# A person waits for the answer, so the client gives up long before a worker would.
_RETRIES = {"mode": "standard", "total_max_attempts": 3}


class Account:
    """Clients and the deployment of one stack.

    Args:
        stack: the name of the stack.
        region: its region; by default what the environment or the profile says.
        profile: a profile of the AWS configuration; by default what the environment says.
        endpoint_url: another address than AWS's; by default what the environment or the profile says.
    """

    def __init__(
        self,
        stack: str,
        region: str | None = None,
        profile: str | None = None,
        endpoint_url: str | None = None,
    ) -> None:
        self.stack = stack
        self._region = region
        self._profile = profile
        self._endpoint_url = endpoint_url

    @property
    def options(self) -> str:
        """The options by which another command gets to the same place, each with a space before it."""
        given = [] if self.stack == DEFAULT_STACK else [f"--stack {self.stack}"]
        if self._region and self._region != boto3.Session(profile_name=self._profile).region_name:
            given.append(f"--region {self._region}")
        if self._profile:
            given.append(f"--profile {self._profile}")
        if self._endpoint_url:
            given.append(f"--endpoint-url {self._endpoint_url}")
        return "".join(f" {option}" for option in given)

    def client(self, service: str, *, connections: int = 10) -> Any:
        """A boto3 client of a service.

        Raises:
            BotoCoreError: no region, no such profile.
            UsageError: the endpoint is no URL.
        """
        if not self._session.region_name:  # an empty variable is no region either
            raise NoRegionError
        config = Config(
            retries=_RETRIES,  # type: ignore[arg-type]
            max_pool_connections=connections,
            connect_timeout=5,
            read_timeout=60,
        )
        try:
            client = self._session.client(  # type: ignore[call-overload]
                service, config=config, endpoint_url=self._endpoint_url
            )
        except ValueError as error:
            raise UsageError(
                str(error), remedy="Check --endpoint-url or AWS_ENDPOINT_URL, and the region"
            ) from error
        client.meta.events.register("before-parse", refuse_foreign_answer)
        return client

    @cached_property
    def deployment(self) -> Deployment:
        """What the stack's outputs name.

        Raises:
            NotFound: there is no such stack.
            UsageError: the stack is not one of flowtally's.
            ClientError: AWS refused to tell.
        """
        try:
            return Deployment.from_stack(self.client("cloudformation"), self.stack)
        except NotFound as error:
            raise NotFound(
                error.found, remedy="Name another with --stack or --region, or deploy it first"
            ) from error

    @property
    def settings(self) -> Mapping[str, str]:
        """What the environment says of the stack to a branch, which may not look at it; empty if nothing.

        `flowtally environment --branch` prints it.
        """
        is_of_this = os.environ.get("FLOWTALLY_STACK", DEFAULT_STACK) == self.stack
        names = ("FLOWTALLY_BUCKET", "FLOWTALLY_FILES")
        given = {name: os.environ[name] for name in names if is_of_this and os.environ.get(name)}
        return given if len(given) == len(names) else {}

    @property
    def bucket(self) -> str:
        """The bucket: as the settings have it, or the stack."""
        return self.settings.get("FLOWTALLY_BUCKET") or self.deployment.bucket

    @property
    def files_table(self) -> str:
        """The table of files, likewise."""
        return self.settings.get("FLOWTALLY_FILES") or self.deployment.files

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session(region_name=self._region, profile_name=self._profile)
