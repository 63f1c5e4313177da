"""The command `flowtally report`."""

from pathlib import Path

import click

from clients.insight.overview import overview_of
from clients.render.report import write_report
from clients.render.unreadable import warn_of_unreadable
from clients.terminal.account import Account
from clients.terminal.console import count_of, number, say, size
from clients.terminal.explanation import explanation
from clients.terminal.options import pass_account


@click.command(epilog=explanation("flowtally report -o report.html"))
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The page, such as report.html.",
)
@click.option("--title", help="What stands above it. [default: the name of the stack]")
@pass_account
def report(account: Account, target: Path, title: str | None) -> None:
    """Write a page that tells what to look at and why.

    In short; load by day, who makes it, who grows; devices by day; findings; data quality. One file
    that opens offline in any browser and prints well; nothing is fetched from anywhere. What the measures
    mean stands in docs/insight.md.
    """
    overview = overview_of(account.client, account.deployment)
    warn_of_unreadable(overview.quality.unreadable)
    written = write_report(target, overview, title or account.stack)
    found = count_of(len(overview.findings), "finding")
    say(f"{target}: {found} in {count_of(overview.pairs, 'pair')}, {size(written)}")
    say(f"Reading cost {number(overview.read_units)} read units")
