"""The command `flowtally status`: how it is called, and what it says."""

import click

from clients.queries.file_report import LISTED, RecentFiles, files_of_branch
from clients.queries.stored import read_status
from clients.render.files import print_files_of_branch, print_quarantined, print_rejected
from clients.render.stored import stored_table, waiting_table
from clients.terminal.account import Account
from clients.terminal.console import out
from clients.terminal.options import pass_account


@click.command()
@click.option("--branch", help="Show the files of this branch alone, whatever became of them.")
@click.option(
    "--files",
    "listed",
    default=LISTED,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many files of a kind to list, the newest first.",
)
@pass_account
def status(account: Account, branch: str | None, listed: int) -> None:
    """Show what is stored, what is waiting, what became of files, and which need somebody.

    Listed are rejected files with the reason, and counted files with rows in quarantine, until the objects
    in rejected/ or quarantine/ are deleted.
    """
    if branch is None:
        _show_everything(account, listed)
    else:
        _show_branch(account, branch, listed)


def _show_everything(account: Account, listed: int) -> None:
    found = read_status(account, listed)
    out.print(stored_table(found.tables, found.objects))
    out.print(waiting_table(found))
    print_rejected(account, found.files.rejected)
    print_quarantined(account, found.files.quarantined)


def _show_branch(account: Account, branch: str, listed: int) -> None:
    newest = RecentFiles.of(files_of_branch(account, branch), listed)
    print_files_of_branch(branch, newest)
    rejected = [file for file in newest.files if file.state == "rejected"]
    quarantined = [file for file in newest.files if file.state == "counted" and file.quarantined]
    print_rejected(account, RecentFiles.of(rejected, listed))
    print_quarantined(account, RecentFiles.of(quarantined, listed))
