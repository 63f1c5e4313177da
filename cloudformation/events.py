"""What CloudFormation tells of a change: its events, and why it failed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from models.errors import error_code

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import StackEventTypeDef

_TAKEN_BACK = ("ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE")
_LEFT_EARLIER = (
    "If an earlier deployment left what is in the way, delete it, or all data with it by `flowtally destroy`"
)


def first_cause(cloudformation: "CloudFormationClient", name: str, last_event: str) -> str:
    """What failed first since an event; what failed after it was mostly cancelled for it."""
    cause = ""
    for event in events(cloudformation, name):  # newest first
        if event["EventId"] == last_event:
            break
        if event.get("ResourceStatus", "").endswith("_FAILED"):
            reason = event.get("ResourceStatusReason", "no reason given").rstrip(".")
            cause = f"{event.get('LogicalResourceId')} ({event.get('ResourceType')}) failed: {reason}"
    return cause


def events(cloudformation: "CloudFormationClient", name: str) -> "Iterator[StackEventTypeDef]":
    """The events of a stack, the newest first; none once it is gone."""
    try:
        for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=name):
            yield from page["StackEvents"]
    except ClientError as error:
        if error_code(error) != "ValidationError":  # it is gone, its events with it
            raise


def what_to_do(name: str, status: str, cause: str) -> str:
    """What one can do about a change of a stack that failed, and what became of the stack.

    It says nothing of other stacks: those that were changed before stay as they are then.

    Args:
        name: the stack's.
        status: what the change ended as.
        cause: what failed first.
    """
    if status in _TAKEN_BACK:
        taken_back = f"CloudFormation took back all that it had done to stack {name}"
        return f"{taken_back}. {_LEFT_EARLIER}" if "already exists" in cause else taken_back
    way_out = "continue its rollback" if status == "UPDATE_ROLLBACK_FAILED" else "delete it"
    return (
        f"Stack {name} is stuck halfway ({status}). Look at its events in the console of CloudFormation, "
        f"{way_out} there, and run the command again"
    )


def found_by_validation(cloudformation: "CloudFormationClient", subject: dict[str, str]) -> str:
    """What CloudFormation found before it began; empty if it was content, or tells nobody.

    Such findings are in no event of the stack, which only says that there are some.
    """
    try:
        found = cloudformation.describe_events(**subject)["OperationEvents"]  # type: ignore[arg-type]
    except ClientError:
        return ""
    return "; ".join(
        f"{event.get('ValidationPath', 'template')}: {event['ValidationStatusReason'].rstrip('.')}"
        for event in found
        if event["OperationId"] == found[0]["OperationId"] and "ValidationStatusReason" in event
    )
