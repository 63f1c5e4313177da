"""The command `flowtally redrive`."""

import click

from clients.recovering.redrive import Redrive, RedriveResult
from clients.render.listing import Listing, shape_of
from clients.render.output import Output, pass_output
from clients.render.redrive import RESTARTED, say_what_was_done
from clients.terminal.account import Account
from clients.terminal.console import count_of, say
from clients.terminal.explanation import explanation
from clients.terminal.options import pass_account


@click.command(
    epilog=explanation(
        "flowtally redrive",
        "flowtally redrive --rejected --dead-letters",
        statuses={0: "done, also where there was nothing to do", 1: "AWS refused"},
        document={"files": [shape_of(RESTARTED)], "dead_letters": "integer"},
    )
)
@click.option("--rejected", is_flag=True, help="Also what lies in rejected/, with the reasons shown.")
@click.option("--dead-letters", is_flag=True, help="Also the messages that failed for hours.")
@pass_output
@pass_account
def redrive(account: Account, output: Output, rejected: bool, dead_letters: bool) -> None:
    """Start again what lies in incoming/, whether its message was lost or not.

    What is being counted anyway takes no harm: the same content counts once.
    """
    results: list[RedriveResult] = []

    def report(result: RedriveResult) -> None:
        results.append(result)
        say_what_was_done(result)

    again = Redrive(account.client("s3"), account.client("sqs"), account.deployment)
    if not again.restart_incoming(report):
        say("Nothing lies in incoming/")
    if rejected and not again.restart_rejected(report):
        say("Nothing lies in rejected/")
    moved = again.move_dead_letters() if dead_letters else 0
    if dead_letters:
        say(f"{count_of(moved, 'dead letter')} moved back to the queue")
    output.give(Listing("files", "", RESTARTED, results), dead_letters=moved)
