"""The cheap `update_item` is boto3's in all but cost."""

from functools import partial
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3 import BaseHTTPResponse, HTTPConnectionPool

from models.deployment import Deployment
from models.storage import fast_dynamodb
from models.storage.aws_clients import client, dynamodb
from models.storage.fast_dynamodb import FastDynamoDB

KEY = {"k": {"S": "10.0.0.1>10.0.0.2"}, "t": {"S": "2022-12-07"}}
REQUEST: dict[str, Any] = {
    "Key": KEY,
    "UpdateExpression": "ADD d :d, s :s SET b = :b, #note = :note",
    "ConditionExpression": "NOT contains(s, :b)",
    "ExpressionAttributeNames": {"#note": "note"},
    "ExpressionAttributeValues": {
        ":d": {"N": "9" * 38},
        ":s": {"BS": [b"\x00\xff", b"abc"]},
        ":b": {"B": b"abc"},
        ":note": {"S": "é日"},
    },
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
secrets = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=40)


def fast_for(region: str, access: str, secret: str, token: str | None) -> FastDynamoDB:
    plain = boto3.client(
        "dynamodb", region_name=region, aws_access_key_id=access, aws_secret_access_key=secret
    )
    return FastDynamoDB(plain, Credentials(access, secret, token), connections=1)


@settings(deadline=None)
@given(secrets, secrets, st.none() | secrets, st.binary(max_size=200))
def test_signature_is_botocores(access: str, secret: str, token: str | None, body: bytes) -> None:
    """For any credentials and content, the signature is the one that botocore computes."""
    ours = fast_for("eu-west-1", access, secret, token)._signed("UpdateItem", body)
    signed = ("content-type", "host", "x-amz-date", "x-amz-target", "x-amz-security-token")
    request = AWSRequest(
        "POST",
        "https://dynamodb.eu-west-1.amazonaws.com/",
        headers={name: value for name, value in ours.items() if name in signed},
        data=body,
    )
    request.context["timestamp"] = ours["x-amz-date"]
    theirs = SigV4Auth(Credentials(access, secret, token), "dynamodb", "eu-west-1")
    text = theirs.string_to_sign(request, theirs.canonical_request(request))
    assert ours["authorization"].endswith(f"Signature={theirs.signature(text, request)}")


def test_answers_are_boto3s(deployment: Deployment) -> None:
    """The new item comes back as from boto3: exact numbers, binary values as bytes."""
    ours, theirs = dynamodb(1), client("dynamodb")
    answers = []
    for database, table in ((ours, deployment.daily_totals), (theirs, deployment.daily_totals)):
        theirs.delete_item(TableName=table, Key=KEY)
        answers.append(database.update_item(TableName=table, ReturnValues="ALL_NEW", **REQUEST)["Attributes"])
    for answer in answers:
        answer["s"]["BS"].sort()
    assert answers[0] == answers[1]


def test_failed_conditions_are_boto3s(deployment: Deployment) -> None:
    """A failed condition is the same error, with the old item in it."""
    failures = []
    client("dynamodb").update_item(TableName=deployment.daily_totals, **REQUEST)
    for database in (dynamodb(1), client("dynamodb")):
        with pytest.raises(ClientError) as failure:
            database.update_item(TableName=deployment.daily_totals, **REQUEST)
        assert failure.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
        failures.append(failure.value.response["Item"])  # type: ignore[typeddict-item]  # unknown to its stub
        failures[-1]["s"]["BS"].sort()
    assert failures[0] == failures[1]
    assert failures[0]["d"] == {"N": "9" * 38}


def test_a_missing_table_is_reported(deployment: Deployment) -> None:
    """Errors other than a failed condition come from boto3, as its exceptions."""
    with pytest.raises(ClientError) as failure:
        dynamodb(1).update_item(TableName="nowhere", **REQUEST)
    assert failure.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_a_damaged_answer_is_asked_for_again(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer whose checksum differs counts for nothing; boto3 repeats the request."""
    with monkeypatch.context() as damage:
        damage.setattr(fast_dynamodb, "zlib", SimpleNamespace(crc32=lambda _: -1))
        with pytest.raises(ClientError, match="ConditionalCheckFailed"):
            dynamodb(1).update_item(TableName=deployment.daily_totals, **REQUEST)
    assert "Item" in client("dynamodb").get_item(TableName=deployment.daily_totals, Key=KEY)


@pytest.mark.parametrize("header", ["", "12x4", "\N{SUPERSCRIPT TWO}", "1" * 5000])
def test_a_damaged_checksum_is_no_error(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    """A checksum that is no number, or none that Python reads, counts as one that differs."""

    def damaged(pool: HTTPConnectionPool, *arguments: Any, **options: Any) -> BaseHTTPResponse:
        answer = send(pool, *arguments, **options)
        answer.headers["x-amz-crc32"] = header
        return answer

    send = HTTPConnectionPool.urlopen
    database = dynamodb(1)
    update = {"TableName": deployment.daily_totals, "Key": KEY, "UpdateExpression": "SET a = :a"}
    with monkeypatch.context() as damage:
        damage.setattr(database._pool, "urlopen", partial(damaged, database._pool))
        database.update_item(**update, ExpressionAttributeValues={":a": {"N": "7"}})
    assert client("dynamodb").get_item(TableName=deployment.daily_totals, Key=KEY)["Item"]["a"] == {"N": "7"}


def test_other_operations_are_boto3s(deployment: Deployment) -> None:
    """Everything but `update_item` is the client underneath."""
    assert deployment.daily_totals in dynamodb(1).list_tables()["TableNames"]
