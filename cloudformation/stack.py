"""Stacks of CloudFormation, on AWS and on the embedded engine alike: how they stand, and their ends."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cloudformation.events import events, first_cause
from models.errors import FlowtallyError, error_code

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import StackEventTypeDef

_PAUSES = (0.1, 0.2, 0.5, 1.0)  # seconds between two looks at a stack; the last one goes on

_LOOKS_FOR_AN_EVENT = 30

OnEvent = Callable[["StackEventTypeDef"], object]


def current(cloudformation: "CloudFormationClient", name: str) -> tuple[str, dict[str, str]]:
    """The stack's status and its parameters; empty if there is no stack."""
    try:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error_code(error) == "ValidationError":
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
    pauses, looks, has_begun = iter(_PAUSES), 0, False
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
        # Right after the call that began it, the status may be that from before; an event is proof.
        has_begun, looks = has_begun or bool(news), looks + 1
        is_known = has_begun or status == "DELETE_COMPLETE" or looks > _LOOKS_FOR_AN_EVENT
        if is_known and not status.endswith("_IN_PROGRESS"):
            return status
        time.sleep(next(pauses, _PAUSES[-1]))


def delete(cloudformation: "CloudFormationClient", name: str, on_event: OnEvent = lambda _: None) -> None:
    """Deletes a stack, and returns when it is gone. Where there is none, nothing happens.

    Raises:
        FlowtallyError: something could not be removed; the message has the first cause.
    """
    try:
        stack_id = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    except ClientError as error:
        if error_code(error) == "ValidationError":
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


def is_under_way(status: str) -> bool:
    """Whether a stack of this status is being changed; one that was only reviewed waits for nobody."""
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def is_empty(status: str) -> bool:
    """Whether there is nothing in a stack of this status: none, only reviewed, or taken back."""
    return status in ("", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE")


def remove_failed_creation(cloudformation: "CloudFormationClient", name: str) -> None:
    """Deletes a stack whose creation failed and was taken back: nothing else can be done with it."""
    if current(cloudformation, name)[0] == "ROLLBACK_COMPLETE":
        delete(cloudformation, name)
