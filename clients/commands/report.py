"""The command `flowtally report`."""

from pathlib import Path

import click

from clients.insight.overview import Gathering
from clients.insight.quality import quality_of
from clients.queries.scan import TableScan, histories
from clients.render.report import report_page
from clients.render.unreadable import warn_of_unreadable
from clients.terminal.account import Account
from clients.terminal.console import count_of, number, say, size
from clients.terminal.explanation import explanation
from clients.terminal.options import pass_account
from models.errors import NotFound
from models.storage.file_records import FilesTable


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
    dynamodb, deployment = account.client("dynamodb"), account.deployment
    scan = TableScan(dynamodb, deployment.daily_totals)
    gathering = Gathering()
    for pair, history in histories(scan):
        gathering.take(pair, history)
    warn_of_unreadable(scan.unreadable)
    if gathering.is_empty:
        raise NotFound("nothing is counted yet", remedy="Send files with `flowtally upload`")
    files = FilesTable(account.client("dynamodb"), deployment.files).all()
    quality = quality_of(files, gathering.days, gathering.active, scan.unreadable)
    overview = gathering.overview(quality, scan.read_units)
    target.parent.mkdir(parents=True, exist_ok=True)
    written = target.write_text(report_page(overview, title or account.stack), "utf-8")
    found = count_of(len(overview.findings), "finding")
    say(f"{target}: {found} in {count_of(overview.pairs, 'pair')}, {size(written)}")
    say(f"Reading the daily totals cost {number(scan.read_units)} read units")
