"""What runs the stages, as far as the caller may see: Lambda by its stack, VMs by the table of leases.

It costs two requests that are free, and one small query where VMs share the stream.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from clients.terminal.account import Account
from clients.terminal.aws_errors import is_denied
from cloudformation.stack import is_empty
from models.errors import error_code
from models.storage.statistics_item import integer_in

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

ALIVE = 90  # seconds after its last sign of life for which a VM is taken to be alive


class Compute(NamedTuple):
    """What runs the stages.

    Attributes:
        has_lambda: whether the functions are deployed; None if that may not be seen.
        seen_at: when each VM that consolidates gave its last sign of life, epoch seconds, 0 if it does not
            say; None if that may not be seen.
        is_repair_due: whether changes left the stream unread, and all statistics are to be compared.
    """

    has_lambda: bool | None = None
    seen_at: list[int] | None = None
    is_repair_due: bool = False

    def alive(self, now: float) -> list[int]:
        """When the VMs that are alive gave their last signs of life."""
        return [seen for seen in self.seen_at or () if not seen or now - seen <= ALIVE]


def read_compute(account: Account) -> Compute:
    """Looks at the stacks beside that of the storage.

    Raises:
        ClientError, BotoCoreError: AWS did not answer, or refused, but not for a missing permission.
    """
    cloudformation = account.client("cloudformation")
    has_lambda: bool | None = None
    try:
        has_lambda = _outputs(cloudformation, f"{account.stack}-lambda") is not None
        leases = _outputs(cloudformation, f"{account.stack}-leases")
        items = _items(account, leases["Leases"]) if leases else []
    except ClientError as error:
        if not is_denied(error):
            raise
        return Compute(has_lambda)
    workers = [item for item in items if item["item_name"]["S"].startswith("worker#")]
    is_repair_due = any(item["item_name"]["S"] == "repair" for item in items)
    return Compute(has_lambda, [integer_in(worker, "beat_at") for worker in workers], is_repair_due)


def _outputs(cloudformation: "CloudFormationClient", name: str) -> dict[str, str] | None:
    """What a stack gives out; None if it is not there."""
    try:
        found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error_code(error) != "ValidationError":
            raise
        return None
    if is_empty(found["StackStatus"]):
        return None
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def _items(account: Account, table: str) -> list[Any]:
    """What the readers of the stream say of themselves."""
    pages = (
        account.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=table,
            KeyConditionExpression="stream_arn = :stream",
            ExpressionAttributeValues={":stream": {"S": account.deployment.stream_arn}},
        )
    )
    return [item for page in pages for item in page["Items"]]
