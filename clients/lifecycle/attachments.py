"""Where policies of a deployment are attached outside its stacks, as the docs tell people to do.

Such a policy cannot be deleted, nor the stack that it is in: the attachments go first.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from clients.terminal.account import Account
from cloudformation import stack
from cloudformation.plan import Stacks

# How IAM calls those that a policy may be attached to, what has their names, and what takes it from them.
_KINDS = {
    "user": ("PolicyUsers", "UserName", "detach_user_policy"),
    "group": ("PolicyGroups", "GroupName", "detach_group_policy"),
    "role": ("PolicyRoles", "RoleName", "detach_role_policy"),
}


class Attachment(NamedTuple):
    """A policy of ours and somebody of others'."""

    policy: str  # its logical name
    arn: str
    kind: str  # user, group or role
    name: str

    def __str__(self) -> str:
        return f"{self.policy} from {self.kind} {self.name}"


def foreign_attachments(account: Account) -> list[Attachment]:
    """Who has a policy of the account's deployment and is in none of its stacks."""
    resources = list(_resources(account))
    own = {name for kind, _, name in resources if kind == "AWS::IAM::Role"}
    return [
        attached
        for kind, policy, arn in resources
        if kind == "AWS::IAM::ManagedPolicy"
        for attached in _attached(account, policy, arn)
        if attached.kind != "role" or attached.name not in own
    ]


def detach(account: Account, attachment: Attachment) -> None:
    """Takes a policy from who has it."""
    _, name, operation = _KINDS[attachment.kind]
    getattr(account.client("iam"), operation)(**{name: attachment.name, "PolicyArn": attachment.arn})


def _resources(account: Account) -> Iterator[tuple[str, str, str]]:
    """Types, logical and real names of what is in the stacks."""
    cloudformation = account.client("cloudformation")
    for name in Stacks(cloudformation, account.stack).names:
        if stack.is_empty(stack.current(cloudformation, name)[0]):
            continue
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=name):
            for entry in page["StackResourceSummaries"]:
                if "PhysicalResourceId" in entry and entry["ResourceStatus"] != "DELETE_COMPLETE":
                    yield entry["ResourceType"], entry["LogicalResourceId"], entry["PhysicalResourceId"]


def _attached(account: Account, policy: str, arn: str) -> Iterator[Attachment]:
    pages: Any = account.client("iam").get_paginator("list_entities_for_policy").paginate(PolicyArn=arn)
    for page in pages:
        for kind, (listed, name, _) in _KINDS.items():
            for entity in page.get(listed, []):
                yield Attachment(policy, arn, kind, entity[name])
