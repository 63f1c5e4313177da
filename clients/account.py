"""The AWS account, region and stack that a command works on."""

from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from models.deployment import Deployment

# A person waits for the answer, so the client gives up long before a worker would.
_RETRIES = {"mode": "standard", "total_max_attempts": 3}


class Account:
    """Clients and the deployment of one stack.

    Args:
        stack: the name of the stack.
        region: its region; by default what the environment or the profile says.
        profile: a profile of the AWS configuration; by default what the environment says.
    """

    def __init__(self, stack: str, region: str | None = None, profile: str | None = None) -> None:
        self.stack = stack
        self._region = region
        self._profile = profile

    def client(self, service: str, *, connections: int = 10) -> Any:
        """A boto3 client of a service.

        Raises:
            BotoCoreError: no region, no such profile.
        """
        config = Config(
            retries=_RETRIES,  # type: ignore[arg-type]
            max_pool_connections=connections,
            connect_timeout=5,
            read_timeout=60,
        )
        return self._session.client(service, config=config)  # type: ignore[call-overload]

    @cached_property
    def deployment(self) -> Deployment:
        """What the stack's outputs name.

        Raises:
            NotFound: there is no such stack.
            UsageError: the stack is not one of flowtally's.
            ClientError: AWS refused to tell.
        """
        return Deployment.from_stack(self.client("cloudformation"), self.stack)

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session(region_name=self._region, profile_name=self._profile)
