"""How flowtally talks to AWS: one place for retries, timeouts and connections."""

from typing import Any

import boto3
from botocore.config import Config

from models.storage.fast_dynamodb import FastDynamoDB


def client(service: str, *, connections: int = 10, session: boto3.Session | None = None) -> Any:
    """A boto3 client. Endpoint, region and credentials come from the environment, as AWS documents.

    Args:
        service: the name of the service, as boto3 spells it.
        connections: how many requests may be under way at once.
        session: another session than the default one, for another region or profile.
    """
    config = Config(
        retries={"mode": "adaptive", "total_max_attempts": 8},
        max_pool_connections=connections,
        connect_timeout=5,
        read_timeout=60,  # above the 20 s of a long poll
        tcp_keepalive=True,
    )
    return (session or boto3.Session()).client(service, config=config)  # type: ignore[call-overload]


def dynamodb(connections: int) -> Any:
    """A DynamoDB client for many writes: boto3's, with an `update_item` that costs little.

    Args:
        connections: how many requests may be under way at once.
    """
    session = boto3.Session()
    plain = client("dynamodb", connections=connections, session=session)
    credentials = session.get_credentials()
    return FastDynamoDB(plain, credentials, connections) if credentials else plain
