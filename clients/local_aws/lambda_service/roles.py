"""The credentials of execution roles, as the Lambda service gets them from STS."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.config import Config


class Roles:
    """Takes on the roles of functions.

    On AWS only the Lambda service may. An engine does not know this one, so the trust policy of each role
    is widened to its account; what the role may do stays as it is written.

    Args:
        client: makes a boto3 client of the engine, with all permissions.
        environment: variables with which boto3 reaches the engine.
    """

    def __init__(self, client: Callable[[str], Any], environment: Mapping[str, str]) -> None:
        self._client = client
        self._environment = environment

    def credentials(self, role: str) -> dict[str, str]:
        """Variables with the credentials of a role."""
        account = role.split(":")[4]
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        self._client("iam").update_assume_role_policy(
            RoleName=role.rpartition("/")[2], PolicyDocument=json.dumps(trust)
        )
        given = self._client("sts").assume_role(RoleArn=role, RoleSessionName="lambda")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }

    def client(self, role: str, service: str) -> Any:
        """A boto3 client that may do what the role may."""
        credentials = self.credentials(role)
        session = boto3.Session(
            aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=credentials["AWS_SESSION_TOKEN"],
            region_name=self._environment["AWS_REGION"],
        )
        return session.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self._environment["AWS_ENDPOINT_URL"],
            verify=self._environment.get("AWS_CA_BUNDLE"),
            config=Config(max_pool_connections=20, proxies={}, retries={"total_max_attempts": 3}),
        )
