"""The command `flowtally redrive`."""

import click

from clients.recovering.redrive import Redrive
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
