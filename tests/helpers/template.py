"""What the templates say, and the tables of the storage for engines that do not know CloudFormation."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from cloudformation.templates import content, template
from tests.helpers.project import ROOT

_CREATE_TABLE = ("AttributeDefinitions", "KeySchema", "BillingMode", "StreamSpecification")


NAMES = sorted(path.stem for path in (ROOT / "cloudformation").glob("*.yaml"))
TEMPLATES: dict[str, dict[str, Any]] = {name: dict(content(template(name))) for name in NAMES}


def resources(name: str, kind: str) -> dict[str, Any]:
    """Those of a type, by their logical names."""
    return {
        key: entry["Properties"]
        for key, entry in TEMPLATES[name]["Resources"].items()
        if entry["Type"] == kind
    }


def statements() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every statement of every policy of every template: template, resource, statement."""
    for name, written in TEMPLATES.items():
        for key, entry in written["Resources"].items():
            properties = entry.get("Properties", {})
            documents = [properties.get("PolicyDocument")]
            documents += [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            for document in filter(None, documents):
                for statement in document["Statement"]:
                    yield name, key, statement


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
            definition["StreamSpecification"] = definition["StreamSpecification"] | {"StreamEnabled": True}
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
