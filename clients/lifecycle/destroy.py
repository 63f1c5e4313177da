"""`flowtally destroy`: removes everything that `deploy` made, the data included.

The stack of the storage goes last: as long as it is there, an interrupted removal can go on by its names.
Tables are shown, exported and removed by one list of names, so none is removed that was not looked at.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from clients.lifecycle import retained_resources
from clients.lifecycle.attachments import Attachment, detach, foreign_attachments
from clients.lifecycle.retained_resources import Table
from clients.queries.stored import ObjectUse, Status, TableUse, object_uses, read_status, table_use
from clients.terminal.account import Account
from clients.terminal.console import say
from cloudformation import stack
from cloudformation.plan import PARTS, Stacks
from models.errors import FlowtallyError, NotFound, OtherLayout, UsageError


class Found(NamedTuple):
    """What there is of a deployment, and how much data in it."""

    tables: Sequence[TableUse]
    objects: Sequence[ObjectUse]
    status: Status | None  # of a whole deployment; of the remains of one nothing more can be told
    attachments: Sequence[Attachment]  # of policies, to what is not part of it


class Audience(Protocol):
    """Whoever removes a deployment: sees what there is, decides, and sees what happens."""

    def show_found(self, found: Found) -> None:
        """Shows what will be gone."""

    def export(self, tables: Sequence[Table]) -> None:
        """Exports tables, if that is wanted."""

    def confirm(self, name: str) -> bool:
        """Whether to remove everything of this name."""

    def show_event(self, event: Any) -> None:
        """Shows what became of a resource."""


def destroy(account: Account, audience: Audience) -> bool:
    """Removes all; False if the user does not want to.

    Args:
        account: where, and which stack.
        audience: whom to show things and to ask.

    Raises:
        NotFound: there is nothing of that name.
        UsageError: the stack is not one of flowtally's.
        FlowtallyError: a table cannot be exported, and nothing was removed; or something is left. The
            message says what.
    """
    cloudformation = account.client("cloudformation")
    if not left(account):
        raise NotFound(
            f"there is nothing of a stack {account.stack!r} in {cloudformation.meta.region_name}",
            remedy="Name another with --stack or --region",
        )
    tables = retained_resources.tables(account, account.stack)
    readable = [table for table in tables if not retained_resources.is_being_deleted(account, table)]
    attachments = foreign_attachments(account)
    audience.show_found(_look(account, readable, attachments))
    if readable:
        audience.export(readable)
    else:
        say("There is no table to export")
    if not audience.confirm(account.stack):
        return False
    for attachment in attachments:
        say(f"Detaching {attachment}")
        detach(account, attachment)
    _remove(account, tables, audience)
    if remains := left(account):
        raise FlowtallyError(f"still there: {', '.join(remains)}", remedy="Run the command again")
    say(f"Nothing of {account.stack} is left", style="bold")
    return True


def left(account: Account) -> list[str]:
    """What there is of a deployment: stacks, bucket, tables and logs."""
    cloudformation = account.client("cloudformation")
    names = Stacks(cloudformation, account.stack).names
    found = [f"stack {name}" for name in names if stack.current(cloudformation, name)[0]]
    if bucket := retained_resources.bucket(account, account.stack):
        found.append(f"bucket {bucket}")
    found += [f"table {table.name}" for table in retained_resources.tables(account, account.stack)]
    return found + [f"log group {name}" for name in retained_resources.logs(account, account.stack)]


def _look(account: Account, tables: Sequence[Table], attachments: Sequence[Attachment]) -> Found:
    """What is there, and how much data in it.

    Raises:
        UsageError: the stack is not one of flowtally's.
    """
    if _is_whole(account, tables):
        status = read_status(account)
        return Found(status.tables, status.objects, status, attachments)
    say("What an earlier, unfinished deploy or destroy left: " + ", ".join(left(account)))
    bucket = retained_resources.bucket(account, account.stack)
    return Found(
        [table_use(account.client("dynamodb"), table.label, table.name) for table in tables],
        object_uses(account.client("s3"), bucket) if bucket else [],
        None,
        attachments,
    )


def _remove(account: Account, tables: Sequence[Table], audience: Audience) -> None:
    cloudformation = account.client("cloudformation")
    stacks = Stacks(cloudformation, account.stack)
    for part in reversed(PARTS):
        stack.delete(cloudformation, stacks.of(part), audience.show_event)
    if bucket := retained_resources.bucket(account, account.stack):
        say(f"Removing bucket {bucket}")
        retained_resources.remove_bucket(account, bucket)
    for table in tables:
        say(f"Removing table {table.name}")
    retained_resources.remove_tables(account, tables)
    stack.delete(cloudformation, account.stack, audience.show_event)
    retained_resources.remove_logs(account, account.stack)


def _is_whole(account: Account, tables: Sequence[Table]) -> bool:
    """Whether storage is there as deployed, so that its outputs tell all.

    Raises:
        UsageError: the stack is not one of flowtally's.
    """
    status, _ = stack.current(account.client("cloudformation"), account.stack)
    if not status.startswith(("CREATE_COMPLETE", "UPDATE_", "IMPORT_")):  # others may have no outputs
        return False
    if Stacks(account.client("cloudformation"), account.stack).is_half_adopted():
        return False
    try:
        deployment = account.deployment
    except OtherLayout:
        return False
    except UsageError as error:
        raise UsageError(
            "this is not one of flowtally's stacks; it is left alone", where=f"stack {account.stack}"
        ) from error
    named = {deployment.daily_totals, deployment.pair_statistics, deployment.files}
    there = {table.name for table in tables}
    return (
        status.endswith("_COMPLETE")
        and named == there
        and bool(retained_resources.bucket(account, account.stack))
    )
