"""The command `flowtally top`."""

from heapq import nlargest

import click

from clients.queries.counted import Results
from clients.render.pairs import busiest_table
from clients.terminal.account import Account
from clients.terminal.console import out
from clients.terminal.options import pass_account
from models.errors import NotFound


@click.command()
@click.option(
    "-n", "count", default=20, show_default=True, type=click.IntRange(min=1), help="How many pairs."
)
@click.option(
    "--by",
    type=click.Choice(["duration", "packets"]),
    default="duration",
    show_default=True,
    help="What makes a pair busy: its total over all days of this.",
)
@click.option("--sample", is_flag=True, help="Deviations of a sample (n − 1), not of the population (n).")
@pass_account
def top(account: Account, count: int, by: str, sample: bool) -> None:
    """Show the busiest pairs, with averages and deviations of their days."""
    pairs = Results(account.client("dynamodb"), account.deployment).all_pairs()
    busiest = nlargest(
        count, pairs, key=lambda pair: pair.duration_sum if by == "duration" else pair.packets_sum
    )
    if not busiest:
        raise NotFound("nothing is counted yet", remedy="Send files with `flowtally upload`")
    out.print(busiest_table(busiest, by, sample=sample))
