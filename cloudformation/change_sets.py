"""Changes of a stack that are asked for first, and made when they are wanted."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from botocore.exceptions import ClientError, WaiterError

from cloudformation.events import events, first_cause, found_by_validation, what_to_do
from cloudformation.stack import OnEvent, current, follow, is_under_way
from cloudformation.templates import REMEDY, parameter_names
from models.errors import FlowtallyError, TryAgain, UsageError, error_code

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.literals import ChangeSetTypeType as ChangeSetType
    from types_boto3_cloudformation.type_defs import (
        CreateChangeSetInputTypeDef,
        ParameterTypeDef,
        ResourceChangeTypeDef,
        ResourceToImportTypeDef,
        WaiterConfigTypeDef,
    )

# The stack's name is part of the bucket's, beside account and region, and that has 63 characters at most.
# The stacks of its compute have a suffix.
_STACK_NAME = re.compile(r"[a-z][a-z0-9-]{0,33}(-lambda|-vm|-leases)?")

_POLLS: "WaiterConfigTypeDef" = {"Delay": 1, "MaxAttempts": 1800}
_NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")
_GOOD_ENDS = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}


@dataclass(frozen=True)
class ChangeSet:
    """What CloudFormation would do to bring a stack in line with a template."""

    stack: str
    arn: str
    kind: "ChangeSetType"
    changes: "list[ResourceChangeTypeDef]"


def ask(
    cloudformation: "CloudFormationClient",
    name: str,
    template: str,
    parameters: Mapping[str, str],
    tags: Mapping[str, str] | None = None,
    imports: "Sequence[ResourceToImportTypeDef]" = (),
) -> ChangeSet | None:
    """Asks what would have to change; None if nothing.

    Args:
        cloudformation: a boto3 CloudFormation client.
        name: the stack's name; of one whose creation failed, nothing can be changed.
        template: the text of the template.
        parameters: of the template; those not given keep their values, or get their defaults.
        tags: of the stack and all that is in it.
        imports: resources that are there already; the template must have these and no others.

    Raises:
        UsageError: CloudFormation refuses the template, a parameter or the name.
        TryAgain: another change of the stack is under way.
    """
    if not _STACK_NAME.fullmatch(name):
        raise UsageError(
            "not a name for a stack, which is part of its bucket's name",
            where=repr(name),
            remedy="Take up to 34 lower-case letters, digits and hyphens, beginning with a letter",
        )
    status, known = current(cloudformation, name)
    if is_under_way(status):
        raise TryAgain(
            f"another change is under way ({status})", where=f"stack {name}", remedy="Wait until it is done"
        )
    kind: ChangeSetType = "CREATE" if status in ("", "REVIEW_IN_PROGRESS") else "UPDATE"
    kept = known.keys() & parameter_names(template) if kind == "UPDATE" else set()
    request = _request(name, template, _values(parameters, kept), tags or {})
    request |= (
        {"ChangeSetType": "IMPORT", "ResourcesToImport": imports} if imports else {"ChangeSetType": kind}
    )
    arn = _requested(cloudformation, request)
    if not _has_changes(cloudformation, name, arn):
        return None
    return ChangeSet(name, arn, request["ChangeSetType"], _changes(cloudformation, arn))


def discard(cloudformation: "CloudFormationClient", change_set: ChangeSet) -> None:
    """Throws a change set away, and the empty stack that asking for it may have made."""
    cloudformation.delete_change_set(ChangeSetName=change_set.arn)
    if change_set.kind != "UPDATE" and current(cloudformation, change_set.stack)[0] == "REVIEW_IN_PROGRESS":
        cloudformation.delete_stack(StackName=change_set.stack)


def execute(
    cloudformation: "CloudFormationClient", change_set: ChangeSet, on_event: OnEvent = lambda _: None
) -> None:
    """Does what a change set says, and returns when all is ready.

    Args:
        cloudformation: a boto3 CloudFormation client.
        change_set: what to do.
        on_event: called with each event of the stack, in their order.

    Raises:
        FlowtallyError: a resource could not be made; the message has the first cause.
    """
    last_event = next((event["EventId"] for event in events(cloudformation, change_set.stack)), "")
    cloudformation.execute_change_set(ChangeSetName=change_set.arn)
    end = follow(cloudformation, change_set.stack, last_event, on_event)
    if end not in _GOOD_ENDS:
        cause = found_by_validation(cloudformation, {"StackName": change_set.stack})
        cause = cause or first_cause(cloudformation, change_set.stack, last_event) or f"it ended as {end}"
        remedy = what_to_do(change_set.stack, end, cause)
        raise FlowtallyError(cause, where=f"stack {change_set.stack}", remedy=remedy)


def _changes(cloudformation: "CloudFormationClient", arn: str) -> "list[ResourceChangeTypeDef]":
    pages = cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=arn)
    return [change["ResourceChange"] for page in pages for change in page.get("Changes", [])]


def _values(parameters: Mapping[str, str], known: set[str]) -> "list[ParameterTypeDef]":
    given: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
    ]
    kept: list[ParameterTypeDef] = [
        {"ParameterKey": key, "UsePreviousValue": True} for key in sorted(known - parameters.keys())
    ]
    return given + kept


def _request(
    name: str, template: str, parameters: "list[ParameterTypeDef]", tags: Mapping[str, str]
) -> "CreateChangeSetInputTypeDef":
    """What is asked for in any case; an import may set no tags."""
    request: CreateChangeSetInputTypeDef = {
        "StackName": name,
        "ChangeSetName": f"flowtally-{uuid4().hex}",
        "TemplateBody": template,
        "Parameters": parameters,
        "Capabilities": ["CAPABILITY_IAM"],
    }
    if tags:
        request["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    return request


def _requested(cloudformation: "CloudFormationClient", request: "CreateChangeSetInputTypeDef") -> str:
    """Asks for a change set and gives its ARN."""
    try:
        return cloudformation.create_change_set(**request)["Id"]
    except ClientError as error:
        if error_code(error) != "ValidationError":
            raise
        found = error.response["Error"]["Message"].rstrip(".")
        remedy = REMEDY if found.startswith("Template") else ""
        raise UsageError(found, where=f"stack {request['StackName']}", remedy=remedy) from error


def _has_changes(cloudformation: "CloudFormationClient", name: str, change_set: str) -> bool:
    """Waits until the change set is made; one that changes nothing is removed."""
    try:
        cloudformation.get_waiter("change_set_create_complete").wait(
            ChangeSetName=change_set, WaiterConfig=_POLLS
        )
    except WaiterError as error:
        reason = str(error.last_response.get("StatusReason", error))
        if any(words in reason for words in _NOTHING_TO_DO):
            cloudformation.delete_change_set(ChangeSetName=change_set)
            return False
        cause = found_by_validation(cloudformation, {"ChangeSetName": change_set}) or reason.rstrip(".")
        raise UsageError(cause, where=f"stack {name}") from error
    return True
