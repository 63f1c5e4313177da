"""The command `flowtally retract`."""

from pathlib import Path

import click

from clients.recovering.retract import CONNECTIONS, Retractor
from clients.terminal.account import Account
from clients.terminal.console import count_of, say
from clients.terminal.explanation import explanation
from clients.terminal.options import branch_option, pass_account
from clients.uploading.uploader import check_branch
from models.bucket_layout import NO_BRANCH
from models.storage.daily_totals import DailyTotalsStore
from models.storage.file_records import FilesTable


@click.command(
    epilog=explanation(
        "flowtally retract day.csv --branch paris",
        statuses={1: "this content is not counted, or AWS refused"},
    )
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@branch_option
@pass_account
def retract(account: Account, file: Path, branch: str) -> None:
    """Take the traffic of FILE out of the totals again.

    FILE has the content that was sent; its name does not matter. What other files added stays. Meant for
    a file that was replaced by a corrected or longer one, whose shared rows would count twice. Safe to
    repeat; afterwards the same content may be uploaded again.
    """
    if branch != NO_BRANCH:
        check_branch(branch)
    deployment = account.deployment
    dynamodb = account.client("dynamodb", connections=CONNECTIONS)
    retractor = Retractor(
        dynamodb,
        DailyTotalsStore(dynamodb, deployment.daily_totals),
        deployment.files,
        deployment.address_scope,
        deployment.source_key,
    )
    records = FilesTable(dynamodb, deployment.files).all()
    done = retractor.retract(branch, file, records)
    say(f"{file}: taken out of {count_of(done.taken_out, 'pair-day')}")
    if done.not_in:
        say(f"It was not in {count_of(done.not_in, 'other pair-day')} of this file.")
