"""What a deleted stack of the storage left behind, taken over by a new one: CloudFormation calls it import.

    tables and bucket ──import──▶ a stack of them alone ──update──▶ the whole stack

An import can do nothing else: its template has the resources that are imported and no output, and the stack
gets no tags. So the rest is made by an update, as everything is. Nothing is written to what is adopted.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from cloudformation.source_key import PARAMETER
from cloudformation.stack import current, outputs
from cloudformation.templates import template

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import ResourceToImportTypeDef

_IDENTIFIERS = {"AWS::DynamoDB::Table": "TableName", "AWS::S3::Bucket": "BucketName"}
_OF_LATER = {"NotificationConfiguration"}  # properties that name resources which are made by the update


class LeftBehind(NamedTuple):
    """What an earlier stack of the storage left."""

    resources: Mapping[str, str]  # their real names, by logical name
    parameters: Mapping[str, str]  # of the template, as they are


def import_template(resources: Mapping[str, str]) -> str:
    """The template of the storage with nothing but some of its resources, in JSON.

    Args:
        resources: those that are to be imported, by logical name.
    """
    whole: dict[str, Any] = yaml.load(template("storage"), _JsonLoader)  # noqa: S506  # made of the safe one
    del whole["Outputs"]
    whole["Resources"] = {name: _alone(whole["Resources"][name]) for name in resources}
    return json.dumps(whole)


def resources_to_import(resources: Mapping[str, str]) -> "list[ResourceToImportTypeDef]":
    """By what CloudFormation finds each resource."""
    declared = json.loads(import_template(resources))["Resources"]
    return [
        {
            "ResourceType": declared[logical]["Type"],
            "LogicalResourceId": logical,
            "ResourceIdentifier": {_IDENTIFIERS[declared[logical]["Type"]]: name},
        }
        for logical, name in resources.items()
    ]


def is_half_adopted(cloudformation: "CloudFormationClient", stack: str) -> bool:
    """Whether resources were imported into a stack, and the update that makes the rest is still to come."""
    status, parameters = current(cloudformation, stack)
    if not status or PARAMETER not in parameters or outputs(cloudformation, stack):
        return False
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    there = {
        entry["LogicalResourceId"]
        for page in pages
        for entry in page["StackResourceSummaries"]
        if entry["ResourceStatus"] != "DELETE_COMPLETE"
    }
    return bool(there) and there <= {"DailyTotals", "PairStatistics", "Files", "Bucket"}


def _alone(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A resource without what it needs others for."""
    properties = {name: value for name, value in resource["Properties"].items() if name not in _OF_LATER}
    kept = {name: value for name, value in resource.items() if name != "DependsOn"}
    return {**kept, "Properties": properties}


class _JsonLoader(yaml.SafeLoader):
    """Reads the short forms of CloudFormation's functions as their long ones, which JSON can say."""


def _function(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)  # noqa: S101  # there are no other nodes
        value = loader.construct_mapping(node, deep=True)
    if name == "GetAtt":
        value = value.split(".", 1)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


_JsonLoader.add_multi_constructor("!", _function)
