"""The command `flowtally top`."""

from heapq import nlargest

import click

from clients.queries.counted import Results
from clients.render.listing import shape_of
from clients.render.output import Output, pass_output
from clients.render.pairs import busiest_listing, pair_columns
from clients.terminal.account import Account
from clients.terminal.explanation import explanation
from clients.terminal.options import pass_account
from models.errors import NotFound

_DOCUMENT = {
    "by": "duration or packets",
    "deviation": "population or sample",
    "pairs": [shape_of(pair_columns(sample=False))],
}


@click.command(
    epilog=explanation(
        "flowtally top -n 5 --by packets",
        "flowtally top --json | jq '.pairs[0]'",
        "flowtally top -n 1000 --csv > busiest.csv",
        statuses={1: "nothing is counted yet, or AWS refused"},
        document=_DOCUMENT,
    )
)
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
@pass_output
@pass_account
def top(account: Account, output: Output, count: int, by: str, sample: bool) -> None:
    """Show the busiest pairs, with averages and deviations of their days."""
    pairs = Results(account.client("dynamodb"), account.deployment).all_pairs()
    busiest = nlargest(
        count, pairs, key=lambda pair: pair.duration_sum if by == "duration" else pair.packets_sum
    )
    if not busiest:
        raise NotFound("nothing is counted yet", remedy="Send files with `flowtally upload`")
    output.show(
        busiest_listing(busiest, by, sample=sample), by=by, deviation="sample" if sample else "population"
    )
