"""Deployment of a template, through a change set, on AWS and on the embedded engine alike."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING
from uuid import uuid4

from botocore.exceptions import ClientError, WaiterError

from cloudformation.events import events, first_cause, found_by_validation, what_to_do
from models.errors import FlowtallyError, TryAgain, UsageError

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.literals import ChangeSetTypeType as ChangeSetType
    from types_boto3_cloudformation.type_defs import (
        ParameterTypeDef,
        ResourceChangeTypeDef,
        StackEventTypeDef,
        WaiterConfigTypeDef,
    )

# The stack's name is part of the bucket's, beside account and region, and that has 63 characters at most.
# The stacks of its compute have a suffix.
_STACK_NAME = re.compile(r"[a-z][a-z0-9-]{0,33}(-lambda|-vm|-leases)?")

_POLLS: "WaiterConfigTypeDef" = {"Delay": 1, "MaxAttempts": 1800}
_PAUSES = (0.1, 0.2, 0.5, 1.0)  # seconds between two looks at a stack; the last one goes on
_NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")
_TEMPLATE_REMEDY = (
    "The stack was not changed. Mend the template in cloudformation/, or take it from the release again"
)
_GOOD_ENDS = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"}

OnEvent = Callable[["StackEventTypeDef"], object]


@dataclass(frozen=True)
class ChangeSet:
    """What CloudFormation would do to bring a stack in line with a template."""

    stack: str
    arn: str
    kind: "ChangeSetType"
    changes: "list[ResourceChangeTypeDef]"


def template(name: str) -> str:
    """The text of the template `storage`, `lambda` or `vm`."""
    return (files("cloudformation") / f"{name}.yaml").read_text()


def storage_template() -> str:
    """The text of the template of bucket, queues, tables and policies."""
    return template("storage")


def leases_template() -> str:
    """The text of the template of the table by which daemons share the stream."""
    return template("leases")


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
    if change_set := prepare(cloudformation, name, template, parameters):
        execute(cloudformation, change_set)


def prepare(
    cloudformation: "CloudFormationClient",
    name: str,
    template: str,
    parameters: Mapping[str, str],
    tags: Mapping[str, str] | None = None,
) -> ChangeSet | None:
    """Asks what would have to change; None if nothing.

    A stack whose creation failed is removed before: nothing else can be done with it.

    Args:
        cloudformation: a boto3 CloudFormation client.
        name: the stack's name.
        template: the text of the template.
        parameters: of the template; those not given keep their values, or get their defaults.
        tags: of the stack and all that is in it.

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
    if status == "ROLLBACK_COMPLETE":  # a creation that failed: it can only be deleted
        delete(cloudformation, name)
        status, known = "", {}
    if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        raise TryAgain(
            f"another change is under way ({status})", where=f"stack {name}", remedy="Wait until it is done"
        )
    kind: ChangeSetType = "CREATE" if status in ("", "REVIEW_IN_PROGRESS") else "UPDATE"
    declared = parameter_names(template)
    kept = {key for key in known if key in declared}
    arn = _request(cloudformation, name, template, _values(parameters, kept), kind, tags or {})
    if not _has_changes(cloudformation, name, arn):
        return None
    return ChangeSet(name, arn, kind, _changes(cloudformation, arn))


def parameter_names(template: str) -> set[str]:
    """The names of a template's parameters."""
    section = re.search(r"^Parameters:\n((?:[ #].*\n|\n)*)", template, re.MULTILINE)
    return set(re.findall(r"^  (\w+):", section[1], re.MULTILINE)) if section else set()


def resource_types(template: str) -> list[tuple[str, str]]:
    """The logical names of a template's resources and their types, by name."""
    section = template[template.index("\nResources:\n") :]
    return sorted(re.findall(r"^  (\w+):\n    Type: (\S+)", section, re.MULTILINE))


def output_names(*templates: str) -> set[str]:
    """The names of what templates give out."""
    sections = (template[template.index("\nOutputs:\n") :] for template in templates)
    return {name for section in sections for name in re.findall(r"^  (\w+):", section, re.MULTILINE)}


def discard(cloudformation: "CloudFormationClient", change_set: ChangeSet) -> None:
    """Throws a change set away, and the empty stack that asking for it may have made."""
    cloudformation.delete_change_set(ChangeSetName=change_set.arn)
    if change_set.kind == "CREATE" and current(cloudformation, change_set.stack)[0] == "REVIEW_IN_PROGRESS":
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


def delete(cloudformation: "CloudFormationClient", name: str, on_event: OnEvent = lambda _: None) -> None:
    """Deletes a stack, and returns when it is gone; no stack is as good.

    Raises:
        FlowtallyError: something could not be removed; the message has the first cause.
    """
    try:
        stack_id = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return
        raise
    last_event = next((event["EventId"] for event in events(cloudformation, stack_id)), "")
    cloudformation.delete_stack(StackName=name)
    end = follow(cloudformation, stack_id, last_event, on_event)
    if end != "DELETE_COMPLETE":
        raise FlowtallyError(
            first_cause(cloudformation, stack_id, last_event) or f"it ended as {end}",
            where=f"stack {name}",
            remedy="Remove what is in the way, and run it again",
        )


def follow(
    cloudformation: "CloudFormationClient",
    stack: str,
    last_event: str = "",
    on_event: OnEvent = lambda _: None,
) -> str:
    """Waits until a change is done, and gives the status of the stack then.

    Args:
        cloudformation: a boto3 CloudFormation client.
        stack: its name; its id, if it is being deleted.
        last_event: the id of the last event that is known already.
        on_event: called with each event after that one, in their order.
    """
    pauses = iter(_PAUSES)
    while True:
        status = current(cloudformation, stack)[0] or "DELETE_COMPLETE"
        news: list[StackEventTypeDef] = []
        for event in events(cloudformation, stack):  # newest first
            if event["EventId"] == last_event:
                break
            news.append(event)
        for event in reversed(news):
            on_event(event)
            last_event = event["EventId"]
        if not status.endswith("_IN_PROGRESS"):
            return status
        time.sleep(next(pauses, _PAUSES[-1]))


def current(cloudformation: "CloudFormationClient", name: str) -> tuple[str, dict[str, str]]:
    """The stack's status and its parameters; empty if there is no stack."""
    try:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return "", {}
        raise
    parameters = {
        entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in stack.get("Parameters", [])
    }
    return stack["StackStatus"], parameters


def outputs(cloudformation: "CloudFormationClient", name: str) -> dict[str, str]:
    """What the stack says of itself."""
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def stack_output(cloudformation: "CloudFormationClient", name: str, key: str) -> str:
    """One output of a stack."""
    return outputs(cloudformation, name)[key]


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
    cloudformation: "CloudFormationClient",
    name: str,
    template: str,
    parameters: "list[ParameterTypeDef]",
    kind: "ChangeSetType",
    tags: Mapping[str, str],
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
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )["Id"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        found = error.response["Error"]["Message"].rstrip(".")
        remedy = _TEMPLATE_REMEDY if found.startswith("Template") else ""
        raise UsageError(found, where=f"stack {name}", remedy=remedy) from error


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
