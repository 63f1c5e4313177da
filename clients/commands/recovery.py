"""The commands `flowtally redrive` and `flowtally retract`: how they are called, and what they say."""

from pathlib import Path

import click

from clients.recovering.redrive import Redrive
from clients.recovering.retract import CONNECTIONS, Retractor
from clients.terminal.account import Account
from clients.terminal.console import count_of, say, warn
from clients.terminal.options import on_account
from clients.uploading.uploader import check_branch
from models.storage.daily_totals import DailyTotalsStore
from models.storage.file_records import FilesTable


@click.command()
@click.option("--rejected", is_flag=True, help="Also what lies in rejected/, with the reasons shown.")
@click.option("--dead-letters", is_flag=True, help="Also the messages that failed for hours.")
@on_account
def redrive(account: Account, rejected: bool, dead_letters: bool) -> None:
    """Start again what lies in incoming/, whether its message was lost or not.

    What is being counted anyway takes no harm: the same content counts once.
    """
    again = Redrive(account.client("s3"), account.client("sqs"), account.deployment)
    for file in again.incoming():
        say(f"started again   {file.key}")
    if rejected:
        for file in again.rejected():
            if file.started:
                say(f"started again   {file.key}  had been rejected: {file.reason}")
            else:
                warn(f"{file.key} stays in rejected/: another file waits under its name")
    if dead_letters:
        say(f"{count_of(again.dead_letters(), 'dead letter')} moved back to the queue")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--branch",
    envvar="FLOWTALLY_BRANCH",
    default="main",
    show_default=True,
    show_envvar=True,
    help="Who sent the file.",
)
@on_account
def retract(account: Account, file: Path, branch: str) -> None:
    """Take the traffic of FILE out of the totals again.

    FILE has the content that was sent; its name does not matter. What other files added stays. Meant for
    a file that was replaced by a corrected or longer one, whose shared rows would count twice. Safe to
    repeat; afterwards the same content may be uploaded again.
    """
    check_branch(branch)
    deployment = account.deployment
    dynamodb = account.client("dynamodb", connections=CONNECTIONS)
    retractor = Retractor(
        dynamodb,
        DailyTotalsStore(dynamodb, deployment.daily_totals),
        deployment.files,
        deployment.address_scope,
    )
    records = FilesTable(dynamodb, deployment.files).all()
    done = retractor.retract(branch, file, records)
    say(f"{file}: taken out of {count_of(done.taken_out, 'pair-day')}")
    if done.not_in:
        say(f"It was not in {count_of(done.not_in, 'other pair-day')} of this file.")
