"""The command `flowtally top`."""

from collections.abc import Sequence
from datetime import datetime

import click

from clients.insight.ranking import MEASURES
from clients.insight.selection import Question, Selection, names_per, networks_of, ranked
from clients.queries.scan import TableScan, histories
from clients.render.listing import shape_of
from clients.render.output import Output, pass_output
from clients.render.ranking import ranking_columns, ranking_listing
from clients.render.unreadable import warn_of_unreadable
from clients.terminal.account import Account
from clients.terminal.console import count_of, number, say
from clients.terminal.explanation import explanation
from clients.terminal.options import first_option, last_option, pass_account
from models.errors import NotFound, UsageError

_SHARE_ROWS = 10_000  # kept at most to reach a share of the total

_DOCUMENT = {
    "by": "text",
    "deviation": "population or sample",
    "total": "number",
    "read_units": "number",
    "unreadable": ["text"],
    "pairs": [shape_of(ranking_columns("duration", "pair", 1, sample=False))],
}


@click.command(
    epilog=explanation(
        "flowtally top -n 5 --by packets",
        "flowtally top --per device --by load --from 2022-12-01",
        "flowtally top --share 80 --address 192.168.20.0/24",
        "flowtally top --json | jq '.pairs[0]'",
        "flowtally top -n 1000 --csv > busiest.csv",
        statuses={1: "nothing is counted yet, nothing is left by the filters, or AWS refused"},
        document=_DOCUMENT,
    )
)
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(min=1), help="How many rows.")
@click.option(
    "--by",
    type=click.Choice(list(MEASURES)),
    default="duration",
    show_default=True,
    help="What makes one busy: totals over the days, mean or deviation of a day, deviation ÷ mean "
    "(variation), load of the peak day, growth a day.",
)
@click.option(
    "--per",
    default="pair",
    show_default=True,
    metavar="WHAT",
    help="What a row is: pair, source, destination, device (either end), network/24.",
)
@click.option(
    "--share", type=click.IntRange(1, 100), metavar="PERCENT", help="As many rows as make this part of all."
)
@click.option("--quietest", is_flag=True, help="The lowest instead of the highest.")
@click.option("--merge", "merged", is_flag=True, help="Both directions of a pair as one row.")
@click.option(
    "--address",
    "addresses",
    multiple=True,
    metavar="IP|CIDR",
    help="Pairs with an end in it; may be repeated.",
)
@click.option("--branch", default="", help="Pairs of a branch, where addresses are told apart by branch.")
@first_option
@last_option
@click.option("--least", type=float, help="Leave out what has less than this of --by (durations in µs).")
@click.option("--sample", is_flag=True, help="Deviations of a sample (n − 1), not of the population (n).")
@pass_output
@pass_account
def top(
    account: Account,
    output: Output,
    count: int,
    by: str,
    per: str,
    share: int | None,
    quietest: bool,
    merged: bool,
    addresses: Sequence[str],
    branch: str,
    first: datetime | None,
    last: datetime | None,
    least: float | None,
    sample: bool,
) -> None:
    """Show the busiest pairs, devices or networks, with averages and deviations of their days.

    Load is the average number of flows open at once; docs/insight.md explains all measures.
    """
    names_per(per)
    if least is not None and by == "load":
        raise UsageError("--least is not for loads", remedy="Say --by duration and give µs")
    selection = Selection(networks_of(addresses), branch, _iso(first), _iso(last))
    question = Question(by, per, _SHARE_ROWS if share else count, quietest, merged, least)
    scan = TableScan(account.client("dynamodb"), account.deployment.daily_totals)
    ranking = ranked(question, selection, histories(scan))
    warn_of_unreadable(scan.unreadable)
    rows = ranking.making_up(share / 100) if share else ranking.best()
    if not rows:
        asked = bool(addresses or branch or first or last or least)
        what = "nothing is left by these filters" if asked else "nothing is counted yet"
        raise NotFound(what, remedy="Ask for more" if asked else "Send files with `flowtally upload`")
    listing = ranking_listing(rows, by, ranking.total, per=per, quietest=quietest, sample=sample)
    output.show(
        listing,
        by=by,
        deviation="sample" if sample else "population",
        total=ranking.total,
        read_units=scan.read_units,
        unreadable=scan.unreadable,
    )
    looked_at = count_of(ranking.looked_at, "row")
    say(f"{len(rows)} of {looked_at}; reading cost {number(scan.read_units)} read units")


def _iso(day: datetime | None) -> str:
    return day.date().isoformat() if day else ""
