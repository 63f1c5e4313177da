"""`flowtally destroy`: removes everything that `deploy` made, the data included.

The stack of the storage goes last: as long as it is there, an interrupted removal can go on by its names.
"""

from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import ClientError

from clients import leftovers
from clients.account import Account
from clients.console import out, say
from clients.deploy import COMPONENTS
from clients.deployment_tables import print_event
from clients.files_table import FilesTable
from clients.full_export import export_everything
from clients.statistics import Results
from clients.status import read_status
from clients.tables import stored_table, waiting_table
from cloudformation import stack
from models.errors import FlowtallyError, NotFound, UsageError


def destroy(account: Account, export: Callable[[], Path | None], confirm: Callable[[str], bool]) -> bool:
    """Removes all; False if the user does not want to.

    Args:
        account: where, and which stack.
        export: asks where to export everything to first; None for no export.
        confirm: asks whether to go on.

    Raises:
        NotFound: there is nothing of that name.
        FlowtallyError: something is left; the message says what.
    """
    cloudformation = account.client("cloudformation")
    if not left(account):
        raise NotFound(
            f"there is nothing of a stack {account.stack!r} in {cloudformation.meta.region_name}",
            remedy="Name another with --stack or --region",
        )
    if _is_whole(account):
        found = read_status(account)
        out.print(stored_table(found.tables, found.objects))
        out.print(waiting_table(found))
        if directory := export():
            files = FilesTable(account.client("dynamodb"), account.deployment.files)
            for path in export_everything(
                Results(account.client("dynamodb"), account.deployment), files, directory
            ):
                say(f"Exported: {path}")
    else:
        say("What an earlier, unfinished deploy or destroy left: " + ", ".join(left(account)))
    if not confirm(account.stack):
        return False
    for part in reversed(COMPONENTS["both"]):
        stack.delete(cloudformation, f"{account.stack}-{part}", print_event)
    if bucket := leftovers.bucket(account, account.stack):
        say(f"Removing bucket {bucket}")
        leftovers.remove_bucket(account, bucket)
    for table in leftovers.tables(account, account.stack):
        say(f"Removing table {table}")
    leftovers.remove_tables(account, account.stack)
    stack.delete(cloudformation, account.stack, print_event)
    if remains := left(account):
        raise FlowtallyError(f"still there: {', '.join(remains)}", remedy="Run the command again")
    say(f"Nothing of {account.stack} is left", style="bold")
    return True


def left(account: Account) -> list[str]:
    """What there is of a deployment: stacks, bucket, tables and logs."""
    cloudformation = account.client("cloudformation")
    names = (account.stack, *(f"{account.stack}-{part}" for part in COMPONENTS["both"]))
    found = [f"stack {name}" for name in names if stack.current(cloudformation, name)[0]]
    if bucket := leftovers.bucket(account, account.stack):
        found.append(f"bucket {bucket}")
    found += [f"table {name}" for name in leftovers.tables(account, account.stack)]
    logs = account.client("logs").get_paginator("describe_log_groups")
    for page in logs.paginate(logGroupNamePrefix=f"/aws/lambda/{account.stack}-"):
        found += [f"log group {group['logGroupName']}" for group in page["logGroups"]]
    return found


def _is_whole(account: Account) -> bool:
    """Whether storage is there as deployed, so that it can be looked into.

    Raises:
        UsageError: the stack is not one of flowtally's.
    """
    status, _ = stack.current(account.client("cloudformation"), account.stack)
    if not status.endswith("_COMPLETE") or status in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE"):
        return False
    try:
        account.deployment  # noqa: B018  # whether it can be read is the question
    except UsageError as error:
        raise UsageError(
            "this is not one of flowtally's stacks; it is left alone", where=f"stack {account.stack}"
        ) from error
    bucket = leftovers.bucket(account, account.stack)
    try:
        account.client("dynamodb").describe_table(TableName=account.deployment.files)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return False
    return bucket is not None and len(leftovers.tables(account, account.stack)) == len(leftovers.TABLES)
