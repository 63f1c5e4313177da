"""The tables of the storage template, for engines that know tables but not CloudFormation."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from cloudformation.templates import content, template

_CREATE_TABLE = ("AttributeDefinitions", "KeySchema", "BillingMode", "StreamSpecification")


@cache
def tables() -> dict[str, dict[str, Any]]:
    """What CreateTable takes for each table of the template but its name, by logical name."""
    resources = content(template("storage"))["Resources"]
    definitions = {
        name: {key: value for key, value in resource["Properties"].items() if key in _CREATE_TABLE}
        for name, resource in resources.items()
        if resource["Type"] == "AWS::DynamoDB::Table"
    }
    for definition in definitions.values():
        if "StreamSpecification" in definition:
            definition["StreamSpecification"]["StreamEnabled"] = True
    return definitions


def create_tables(dynamodb: Any, names: Mapping[str, str]) -> str:
    """Creates the tables of the template.

    Args:
        dynamodb: a boto3 DynamoDB client.
        names: what to call each, by logical name.

    Returns:
        The ARN of the one stream.
    """
    streams: list[str] = []
    for logical, definition in tables().items():
        made = dynamodb.create_table(TableName=names[logical], **definition)["TableDescription"]
        streams += [made["LatestStreamArn"]] if "LatestStreamArn" in made else []
        dynamodb.get_waiter("table_exists").wait(TableName=names[logical], WaiterConfig={"Delay": 1})
    (stream,) = streams
    return stream
