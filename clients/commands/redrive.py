"""The command `flowtally redrive`."""

import click

from clients.recovering.redrive import Redrive, RedriveResult
from clients.terminal.account import Account
from clients.terminal.console import count_of, say, warn
from clients.terminal.options import pass_account


@click.command()
@click.option("--rejected", is_flag=True, help="Also what lies in rejected/, with the reasons shown.")
@click.option("--dead-letters", is_flag=True, help="Also the messages that failed for hours.")
@pass_account
def redrive(account: Account, rejected: bool, dead_letters: bool) -> None:
    """Start again what lies in incoming/, whether its message was lost or not.

    What is being counted anyway takes no harm: the same content counts once.
    """
    again = Redrive(account.client("s3"), account.client("sqs"), account.deployment)
    if not again.restart_incoming(_say_what_was_done):
        say("Nothing lies in incoming/")
    if rejected and not again.restart_rejected(_say_what_was_done):
        say("Nothing lies in rejected/")
    if dead_letters:
        say(f"{count_of(again.move_dead_letters(), 'dead letter')} moved back to the queue")


def _say_what_was_done(file: RedriveResult) -> None:
    if not file.restarted:
        warn(f"{file.name} stays in rejected/: another file waits under its name")
    elif file.reason:
        say(f"started again   {file.name}  had been rejected: {file.reason}")
    else:
        say(f"started again   {file.name}")
