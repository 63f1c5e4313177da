"""Deployment of a template, through a change set, on AWS and on the embedded engine alike."""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING
from uuid import uuid4

from botocore.exceptions import ClientError, WaiterError

from models.errors import FlowtallyError, TryAgain, UsageError

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.literals import ChangeSetTypeType as ChangeSetType
    from types_boto3_cloudformation.type_defs import (
        ParameterTypeDef,
        StackEventTypeDef,
        WaiterConfigTypeDef,
    )

# The stack's name is part of the bucket's, beside account and region, and that has 63 characters at most.
_STACK_NAME = re.compile(r"[a-z][a-z0-9-]{0,33}")

_POLLS: "WaiterConfigTypeDef" = {"Delay": 1, "MaxAttempts": 1800}
_NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")


def storage_template() -> str:
    """The text of the template of bucket, queues, tables and policies."""
    return (files("cloudformation") / "storage.yaml").read_text(encoding="utf-8")


def deploy_stack(
    cloudformation: "CloudFormationClient", name: str, template: str, parameters: Mapping[str, str]
) -> None:
    """Creates the stack, or updates it to the template; returns when all is ready. Safe to repeat.

    Args:
        cloudformation: a boto3 CloudFormation client.
        name: the stack's name.
        template: the text of the template.
        parameters: of the template; those not given keep their values, or get their defaults.

    Raises:
        UsageError: CloudFormation refuses the template, a parameter or the name.
        TryAgain: another change of the stack is under way.
        FlowtallyError: a resource could not be made; the message has the first cause.
    """
    if not _STACK_NAME.fullmatch(name):
        raise UsageError(
            "not a name for a stack, which is part of its bucket's name",
            where=repr(name),
            remedy="Take up to 34 lower-case letters, digits and hyphens, beginning with a letter",
        )
    status, known = _current(cloudformation, name)
    if status == "ROLLBACK_COMPLETE":  # a creation that failed: it can only be deleted
        cloudformation.delete_stack(StackName=name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=_POLLS)
        status, known = "", set()
    if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        raise TryAgain(
            f"another change is under way ({status})", where=f"stack {name}", remedy="Wait until it is done"
        )
    kind: ChangeSetType = "CREATE" if status in ("", "REVIEW_IN_PROGRESS") else "UPDATE"
    change_set = _request(cloudformation, name, template, _values(parameters, known), kind)
    if _has_changes(cloudformation, name, change_set):
        _execute(cloudformation, name, change_set, kind)


def _current(cloudformation: "CloudFormationClient", name: str) -> tuple[str, set[str]]:
    """The stack's status and the names of its parameters; empty if there is no stack."""
    try:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return "", set()
        raise
    return stack["StackStatus"], {entry["ParameterKey"] for entry in stack.get("Parameters", [])}


def _values(parameters: Mapping[str, str], known: set[str]) -> "list[ParameterTypeDef]":
    given: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
    ]
    kept: list[ParameterTypeDef] = [
        {"ParameterKey": key, "UsePreviousValue": True} for key in sorted(known - parameters.keys())
    ]
    return given + kept


def _request(
    cloudformation: "CloudFormationClient",
    name: str,
    template: str,
    parameters: "list[ParameterTypeDef]",
    kind: "ChangeSetType",
) -> str:
    """Asks for a change set and gives its ARN."""
    try:
        return cloudformation.create_change_set(
            StackName=name,
            ChangeSetName=f"flowtally-{uuid4().hex}",
            ChangeSetType=kind,
            TemplateBody=template,
            Parameters=parameters,
            Capabilities=["CAPABILITY_IAM"],
        )["Id"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise UsageError(error.response["Error"]["Message"].rstrip("."), where=f"stack {name}") from error


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
        cause = _found_by_validation(cloudformation, {"ChangeSetName": change_set}) or reason.rstrip(".")
        raise UsageError(cause, where=f"stack {name}") from error
    return True


def _execute(
    cloudformation: "CloudFormationClient", name: str, change_set: str, kind: "ChangeSetType"
) -> None:
    last_event = next((event["EventId"] for event in _events(cloudformation, name)), "")
    cloudformation.execute_change_set(ChangeSetName=change_set)
    try:
        if kind == "CREATE":
            cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=_POLLS)
        else:
            cloudformation.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig=_POLLS)
    except WaiterError as error:
        cause = _found_by_validation(cloudformation, {"StackName": name})
        raise FlowtallyError(
            cause or _first_cause(cloudformation, name, last_event) or str(error),
            where=f"stack {name}",
            remedy="Nothing was changed: CloudFormation took back what it had done",
        ) from error


def _first_cause(cloudformation: "CloudFormationClient", name: str, last_event: str) -> str:
    """What failed first since an event; what failed after it was mostly cancelled for it."""
    cause = ""
    for event in _events(cloudformation, name):  # newest first
        if event["EventId"] == last_event:
            break
        if event.get("ResourceStatus", "").endswith("_FAILED"):
            reason = event.get("ResourceStatusReason", "no reason given").rstrip(".")
            cause = f"{event.get('LogicalResourceId')} ({event.get('ResourceType')}) failed: {reason}"
    return cause


def _events(cloudformation: "CloudFormationClient", name: str) -> "Iterator[StackEventTypeDef]":
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=name):
        yield from page["StackEvents"]


def _found_by_validation(cloudformation: "CloudFormationClient", subject: dict[str, str]) -> str:
    """What CloudFormation found before it began; empty if it was content, or tells nobody.

    Such findings are in no event of the stack, which only says that there are some.
    """
    try:
        events = cloudformation.describe_events(**subject)["OperationEvents"]  # type: ignore[arg-type]
    except ClientError:
        return ""
    return "; ".join(
        f"{event.get('ValidationPath', 'template')}: {event['ValidationStatusReason'].rstrip('.')}"
        for event in events
        if event["OperationId"] == events[0]["OperationId"] and "ValidationStatusReason" in event
    )
