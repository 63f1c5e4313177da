"""The command `flowtally destroy`: what it asks, and how it is called."""

from pathlib import Path

import click

from clients.lifecycle.destroy import destroy as destroy_everything
from clients.terminal.account import Account
from clients.terminal.console import say
from clients.terminal.options import pass_account
from clients.terminal.questions import ask, yes_option
from models.errors import UsageError


@click.command()
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

    def export() -> Path | None:
        if directory or no_export:
            return directory
        answer = ask(lambda: click.prompt("Export everything to which directory? (- for none)", default="-"))
        return None if answer == "-" else Path(answer)

    def confirm(name: str) -> bool:
        question = f"Everything above will be deleted for ever.\nThe name of the stack, to confirm ({name})"
        return yes or ask(lambda: click.prompt(question, default="", show_default=False)) == name

    if destroy_everything(account, export, confirm):
        return 0
    say("Nothing was removed.")
    return 1
