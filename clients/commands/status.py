"""The command `flowtally status`."""

import time
from collections.abc import Sequence

import click

from clients.queries.file_report import (
    LISTED,
    RecentFiles,
    files_of_branch,
    read_rejected,
    reasons_of,
)
from clients.queries.problems import Limits, Problem, limit_options, problems_of, problems_of_branch
from clients.queries.stored import read_status
from clients.queries.twins import twins_of
from clients.render.files import (
    QUARANTINED,
    REASONS,
    REJECTED,
    branch_listing,
    columns_with,
    partly_listing,
    quarantined_listing,
    reasons_listing,
    rejected_listing,
)
from clients.render.listing import shape_of
from clients.render.output import Output, pass_output
from clients.render.stored import (
    BRANCHES,
    PROBLEMS,
    STAGES,
    STORED,
    WORK,
    branches_listing,
    problems_listing,
    stages_listing,
    stored_listing,
    work_listing,
)
from clients.terminal.account import Account
from clients.terminal.explanation import explanation
from clients.terminal.options import pass_account
from models.storage.file_records import FilesTable
from models.storage.schema import IN_TOTALS, PARTLY

_NEEDS_SOMEBODY = 3  # the exit status, as of `anomalies` where something was found

_DOCUMENT = {
    "stored": [shape_of(STORED)],
    "stages": [shape_of(STAGES)],
    "work": [shape_of(WORK)],
    "rejected": [shape_of(REJECTED)],
    "partly": [shape_of(REJECTED)],
    "quarantined": [shape_of(QUARANTINED)],
    "reasons": [shape_of(REASONS)],
    "branches": [shape_of(BRANCHES)],
    "problems": [shape_of(PROBLEMS)],
    "files": [shape_of(columns_with({}))],
}


@click.command(
    epilog=explanation(
        "flowtally status",
        "flowtally status --branch paris --files 100",
        "flowtally status --json | jq '.rejected[].reason'",
        "flowtally status --check --silent-after 2d || echo flowtally needs me",
        "flowtally status --branch paris --check",
        statuses={
            1: "the branch has sent no file, or AWS refused",
            3: "something needs somebody (with --check)",
        },
        document=_DOCUMENT,
    )
    + "\n\nWith --branch there is `files` in the place of `stored`, `stages`, `work`, `branches` and "
    "`problems`, without it no `files`; with --check there is `problems` alone."
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
@click.option(
    "--check", "is_check", is_flag=True, help="For monitors: show what needs somebody, exit with 3."
)
@limit_options
@pass_output
@pass_account
def status(
    account: Account,
    output: Output,
    branch: str | None,
    listed: int,
    is_check: bool,
    limits: Limits,
) -> int:
    """Show what is stored, what is waiting, what became of files, and which need somebody.

    Listed are branches with the days missing between their first and their last; rejected files with the
    reason, and counted files with rows in quarantine, with the reason that most of these have, until the
    objects in rejected/ or quarantine/ are deleted; partly counted files with the reason, until they are
    completed or retracted; and by reason how many rows of how many files are in quarantine. Notes say what
    was assumed about a file; with --branch, a duplicate names the file whose content it has, to those who may
    see that. Somebody is needed where files are rejected, partly counted or wait too long, messages failed
    for good, statistics are behind for too long or set aside, days are missing, or a branch has gone silent.
    With --branch and --check it is told of that branch alone, under its BranchUploadPolicy, too: there a
    rejected file needs somebody until one of its name is counted, unless it came before --since.

    Of both stages it says what runs them, as far as it can be seen: Lambda if it is deployed, VMs by their
    signs of life; and how far they are behind. Up to 100,000 weeks of pairs are compared with their
    statistics, which are read to be counted anyway; of more, and with --check, 100 of them: those that
    changed last in a sample of 1,000.
    """
    if is_check and branch is not None:
        return _tell_monitor(output, _problems_of_branch(account, branch, limits))
    if branch is not None:
        _show_branch(account, output, branch, listed)
        return 0
    found = read_status(account, listed, with_traffic=not is_check)
    now = time.time()
    problems = problems_of(found, limits, now)
    if is_check:
        return _tell_monitor(output, problems)
    output.show(
        stored_listing(found.tables, found.objects),
        stages_listing(found, now),
        work_listing(found, now),
        branches_listing(found.files.branches),
        rejected_listing(account, found.files.rejected),
        partly_listing(account, found.files.partly),
        quarantined_listing(account, found.files.quarantined),
        reasons_listing(found.files.reasons),
        problems_listing(problems),
    )
    return 0


def _tell_monitor(output: Output, problems: Sequence[Problem]) -> int:
    output.show(problems_listing(problems))
    return _NEEDS_SOMEBODY if problems else 0


def _problems_of_branch(account: Account, branch: str, limits: Limits) -> list[Problem]:
    files = files_of_branch(account, branch)
    return problems_of_branch(files, read_rejected(account), limits, time.time())


def _show_branch(account: Account, output: Output, branch: str, listed: int) -> None:
    files = files_of_branch(account, branch)
    table = FilesTable(account.client("dynamodb"), account.files_table)
    newest = RecentFiles.of(files, listed)
    rejected = [file for file in newest.files if file.state == "rejected"]
    partly = [file for file in newest.files if file.state == PARTLY]
    quarantined = [file for file in newest.files if file.state in IN_TOTALS and file.quarantined]
    output.show(
        branch_listing(branch, newest, twins_of(table, newest.files, files)),
        rejected_listing(account, RecentFiles.of(rejected, listed)),
        partly_listing(account, RecentFiles.of(partly, listed)),
        quarantined_listing(account, RecentFiles.of(quarantined, listed)),
        reasons_listing(reasons_of(quarantined)),
    )
