"""The command `flowtally status`."""

import click

from clients.queries.file_report import LISTED, RecentFiles, files_of_branch
from clients.queries.stored import read_status
from clients.render.files import (
    FILES_OF_BRANCH,
    QUARANTINED,
    REJECTED,
    branch_listing,
    quarantined_listing,
    rejected_listing,
)
from clients.render.listing import shape_of
from clients.render.output import Output, pass_output
from clients.render.stored import STORED, WORK, stored_listing, work_listing
from clients.terminal.account import Account
from clients.terminal.explanation import explanation
from clients.terminal.options import pass_account
from models.storage.schema import IN_TOTALS

_DOCUMENT = {
    "stored": [shape_of(STORED)],
    "work": [shape_of(WORK)],
    "rejected": [shape_of(REJECTED)],
    "quarantined": [shape_of(QUARANTINED)],
    "files": [shape_of(FILES_OF_BRANCH)],
}


@click.command(
    epilog=explanation(
        "flowtally status",
        "flowtally status --branch paris --files 100",
        "flowtally status --json | jq '.rejected[].reason'",
        statuses={1: "the branch has sent no file, or AWS refused"},
        document=_DOCUMENT,
    )
    + "\n\nWith --branch there is `files` in the place of `stored` and `work`, without it no `files`."
)
@click.option("--branch", help="Show the files of this branch alone, whatever became of them.")
@click.option(
    "--files",
    "listed",
    default=LISTED,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many files of a kind to list, the newest first.",
)
@pass_output
@pass_account
def status(account: Account, output: Output, branch: str | None, listed: int) -> None:
    """Show what is stored, what is waiting, what became of files, and which need somebody.

    Listed are rejected files with the reason, and counted files with rows in quarantine, with the reason that
    most of these have, until the objects in rejected/ or quarantine/ are deleted. Notes say what was assumed
    about a file.
    """
    if branch is None:
        _show_everything(account, output, listed)
    else:
        _show_branch(account, output, branch, listed)


def _show_everything(account: Account, output: Output, listed: int) -> None:
    found = read_status(account, listed)
    output.show(
        stored_listing(found.tables, found.objects),
        work_listing(found),
        rejected_listing(account, found.files.rejected),
        quarantined_listing(account, found.files.quarantined),
    )


def _show_branch(account: Account, output: Output, branch: str, listed: int) -> None:
    newest = RecentFiles.of(files_of_branch(account, branch), listed)
    rejected = [file for file in newest.files if file.state == "rejected"]
    quarantined = [file for file in newest.files if file.state in IN_TOTALS and file.quarantined]
    output.show(
        branch_listing(branch, newest),
        rejected_listing(account, RecentFiles.of(rejected, listed)),
        quarantined_listing(account, RecentFiles.of(quarantined, listed)),
    )
