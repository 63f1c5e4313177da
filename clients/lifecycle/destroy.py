"""`flowtally destroy`: removes everything that `deploy` made, the data included.

The stack of the storage goes last: as long as it is there, an interrupted removal can go on by its names.
Tables are shown, exported and removed by one list of names, so none is removed that was not looked at.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from clients.exporting.full_export import export_everything
from clients.lifecycle import retained_resources as leftovers
from clients.lifecycle.deploy import COMPONENTS
from clients.lifecycle.retained_resources import Table
from clients.queries.stored import object_uses, read_status, table_use
from clients.render.stacks import print_event
from clients.render.stored import stored_table, waiting_table
from clients.terminal.account import Account
from clients.terminal.console import out, say
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
    tables = leftovers.tables(account, account.stack)
    readable = [table for table in tables if not leftovers.is_being_deleted(account, table)]
    _show(account, readable)
    if not readable:
        say("There is no table to export")
    elif directory := export():
        for path in export_everything(account.client("dynamodb"), readable, directory):
            say(f"Exported: {path}")
    if not confirm(account.stack):
        return False
    _remove(account, tables)
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
    found += [f"table {table.name}" for table in leftovers.tables(account, account.stack)]
    return found + [f"log group {name}" for name in leftovers.logs(account, account.stack)]


def _show(account: Account, tables: Sequence[Table]) -> None:
    """Says what is there, and how much data in it.

    Raises:
        UsageError: the stack is not one of flowtally's.
    """
    if _is_whole(account, tables):
        found = read_status(account)
        out.print(stored_table(found.tables, found.objects))
        out.print(waiting_table(found))
        return
    say("What an earlier, unfinished deploy or destroy left: " + ", ".join(left(account)))
    bucket = leftovers.bucket(account, account.stack)
    uses = [table_use(account.client("dynamodb"), table.label, table.name) for table in tables]
    out.print(stored_table(uses, object_uses(account.client("s3"), bucket) if bucket else []))


def _remove(account: Account, tables: Sequence[Table]) -> None:
    cloudformation = account.client("cloudformation")
    for part in reversed(COMPONENTS["both"]):
        stack.delete(cloudformation, f"{account.stack}-{part}", print_event)
    if bucket := leftovers.bucket(account, account.stack):
        say(f"Removing bucket {bucket}")
        leftovers.remove_bucket(account, bucket)
    for table in tables:
        say(f"Removing table {table.name}")
    leftovers.remove_tables(account, tables)
    stack.delete(cloudformation, account.stack, print_event)
    leftovers.remove_logs(account, account.stack)


def _is_whole(account: Account, tables: Sequence[Table]) -> bool:
    """Whether storage is there as deployed, so that its outputs tell all.

    Raises:
        UsageError: the stack is not one of flowtally's.
    """
    status, _ = stack.current(account.client("cloudformation"), account.stack)
    if not status.startswith(("CREATE_COMPLETE", "UPDATE_", "IMPORT_")):  # others may have no outputs
        return False
    try:
        deployment = account.deployment
    except UsageError as error:
        raise UsageError(
            "this is not one of flowtally's stacks; it is left alone", where=f"stack {account.stack}"
        ) from error
    named = {deployment.daily_totals, deployment.pair_statistics, deployment.files}
    there = {table.name for table in tables}
    return status.endswith("_COMPLETE") and named == there and bool(leftovers.bucket(account, account.stack))
