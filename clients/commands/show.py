"""The command `flowtally show`."""

from datetime import datetime

import click

from clients.insight.glance import Glance
from clients.queries.search import Search, asked_for
from clients.render.glance import (
    DAYS,
    LAST_DAYS,
    days_listing,
    figure_columns,
    figures_listing,
    last_days_listing,
    print_days,
)
from clients.render.listing import shape_of
from clients.render.output import Output, pass_output
from clients.render.ranking import ranking_columns, ranking_listing
from clients.render.unreadable import warn_of_unreadable
from clients.terminal.account import Account
from clients.terminal.console import count_of, number, say
from clients.terminal.explanation import explanation
from clients.terminal.options import first_option, last_option, pass_account

_LAST = 7  # days that are held against the average

_DOCUMENT = {
    "name": "text",
    "pair_count": "integer",
    "first_day": "text",
    "last_day": "text",
    "deviation": "population or sample",
    "read_units": "number",
    "unreadable": ["text"],
    "figures": [shape_of(figure_columns(sample=False))],
    "last_days": [shape_of(LAST_DAYS)],
    "days": [shape_of(DAYS)],
    "pairs": [shape_of(ranking_columns("duration", "pair", 1, sample=False))],
}


@click.command(
    epilog=explanation(
        "flowtally show 192.168.20.43 44.227.96.221",
        "flowtally show 192.168.20.43 --from 2022-12-01",
        "flowtally show 192.168.20.0/24 10.0.0.0/8 --both",
        "flowtally show 192.168.20.43 --json | jq '.last_days[-1].duration_times_avg'",
        statuses={1: "nothing was found, or AWS refused"},
        document=_DOCUMENT,
    )
)
@click.argument("source", metavar="SRC")
@click.argument("destination", metavar="[DST]", required=False)
@click.option("--both", is_flag=True, help="From DST to SRC, too.")
@first_option
@last_option
@click.option(
    "--last",
    "count",
    default=_LAST,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many days to hold against the average.",
)
@click.option("--sample", is_flag=True, help="Deviations of a sample (n − 1), not of the population (n).")
@pass_output
@pass_account
def show(
    account: Account,
    output: Output,
    source: str,
    destination: str | None,
    both: bool,
    first: datetime | None,
    last: datetime | None,
    count: int,
    sample: bool,
) -> None:
    """Show a pair or a device at a glance: its days, averages, and the last days against them.

    SRC and DST are addresses or networks, as for `flowtally export`. SRC alone: all pairs with an end there,
    added up by day, and the busiest of them. Averages and deviations are over the days with flows. In the
    chart, days two deviations above the average stand out; the dots are the average.
    """
    search = Search(account, asked_for(source, destination, both=both, first=first, last=last))
    glance = Glance.of(search.histories())
    warn_of_unreadable(search.unreadable)
    if not glance.pairs:
        raise search.not_found()
    name, days = search.wanted.text, [*glance.history]
    listings = [
        figures_listing(name, glance, sample=sample),
        last_days_listing(glance.last_days(count, sample=sample)),
    ]
    pairs = ranking_listing(
        glance.busiest, "duration", glance.total, per="pair", quietest=False, sample=sample
    )
    if output.is_for_people:
        print_days(glance.history, sample=sample)
        output.show(*listings, *([pairs] if glance.pairs > 1 else []))
        cost = f"; reading cost {number(search.read_units)} read units" if search.read_units else ""
        span = f"{days[0]} to {days[-1]}" if len(days) > 1 else days[0]
        say(f"{count_of(glance.pairs, 'pair')}, {count_of(len(days), 'day')} with flows, {span}{cost}")
        return
    output.give(
        *(*listings, days_listing(glance.history), pairs),
        name=name,
        pair_count=glance.pairs,
        first_day=days[0],
        last_day=days[-1],
        deviation="sample" if sample else "population",
        read_units=search.read_units,
        unreadable=search.unreadable,
    )
