"""The command `flowtally destroy`: what it asks, and how it is called."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from clients.exporting.full_export import export_everything
from clients.lifecycle.destroy import Found
from clients.lifecycle.destroy import destroy as destroy_everything
from clients.lifecycle.retained_resources import Table, check_layouts
from clients.render.stacks import print_event
from clients.render.stored import stored_listing, work_listing
from clients.terminal.account import Account
from clients.terminal.console import say
from clients.terminal.explanation import explanation
from clients.terminal.options import pass_account
from clients.terminal.questions import ask, yes_option
from models.errors import UsageError


class _Terminal:
    """Shows and asks on the terminal.

    Args:
        account: where.
        directory: where to export to; None to ask.
        exports: whether anything is to be exported.
        yes: whether the removal is agreed to.
    """

    def __init__(self, account: Account, directory: Path | None, *, exports: bool, yes: bool) -> None:
        self._account = account
        self._directory = directory
        self._exports = exports
        self._yes = yes

    def show_found(self, found: Found) -> None:
        stored_listing(found.tables, found.objects).print()
        if found.status:
            work_listing(found.status, time.time()).print()
        for attachment in found.attachments:
            say(f"Will be detached, as nothing can be removed before: {attachment}")

    def export(self, tables: Sequence[Table]) -> None:
        if self._exports and (directory := self._directory or self._asked()):
            check_layouts(self._account, tables)
            dynamodb = self._account.client("dynamodb")
            export_everything(dynamodb, tables, directory, lambda path: say(f"Exported: {path}"))

    def confirm(self, name: str) -> bool:
        question = f"Everything above will be deleted for ever.\nThe name of the stack, to confirm ({name})"
        prompt = lambda: click.prompt(question, default="", show_default=False)  # noqa: E731
        return self._yes or ask(prompt) == name

    def show_event(self, event: Any) -> None:
        print_event(event)

    def _asked(self) -> Path | None:
        answer = ask(lambda: click.prompt("Export everything to which directory? (- for none)", default="-"))
        return None if answer == "-" else Path(answer)


@click.command(
    epilog=explanation(
        "flowtally destroy",
        "flowtally destroy --export backup --yes",
        statuses={1: "nothing was removed, as the answer was no, or something is left"},
    )
)
@click.option(
    "--export",
    "directory",
    metavar="DIRECTORY",
    type=click.Path(file_okay=False, path_type=Path),
    help="Export everything to CSV files in this directory first.",
)
@click.option("--no-export", is_flag=True, help="Export nothing.")
@yes_option
@pass_account
def destroy(account: Account, directory: Path | None, no_export: bool, yes: bool) -> int:
    """Remove everything that was deployed, and all data.

    Says what is there, offers to export it, and asks for the name of the stack. Safe to repeat and to
    interrupt.
    """
    if directory and no_export:
        raise UsageError("either --export or --no-export", where="flowtally destroy")
    if yes and not (directory or no_export):
        raise UsageError(
            "the data would be gone without a copy",
            where="flowtally destroy --yes",
            remedy="Say --export DIRECTORY, or --no-export",
        )

    if destroy_everything(account, _Terminal(account, directory, exports=not no_export, yes=yes)):
        return 0
    say("Nothing was removed.")
    return 1
