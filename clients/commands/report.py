"""The command `flowtally report`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from clients.insight.overview import Gathering, Overview
from clients.insight.quality import quality_of
from clients.queries.scan import TableScan, histories
from clients.render.report import report_page
from clients.render.unreadable import warn_of_unreadable
from clients.terminal.account import Account
from clients.terminal.console import count_of, number, say, size
from clients.terminal.explanation import explanation
from clients.terminal.options import pass_account
from models.deployment import Deployment
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
    overview = overview_of(account.client, account.deployment)
    warn_of_unreadable(overview.quality.unreadable)
    written = write_report(target, overview, title or account.stack)
    found = count_of(len(overview.findings), "finding")
    say(f"{target}: {found} in {count_of(overview.pairs, 'pair')}, {size(written)}")
    say(f"Reading cost {number(overview.read_units)} read units")


def overview_of(client: Callable[[str], Any], deployment: Deployment) -> Overview:
    """Everything that a report tells, from one read of each table.

    Args:
        client: makes a boto3 client.
        deployment: the names of the tables.

    Raises:
        NotFound: nothing is counted yet.
    """
    scan = TableScan(client("dynamodb"), deployment.daily_totals)
    gathering = Gathering()
    for pair, history in histories(scan):
        gathering.take(pair, history)
    if gathering.is_empty:
        warn_of_unreadable(scan.unreadable)
        raise NotFound("nothing is counted yet", remedy="Send files with `flowtally upload`")
    files = FilesTable(client("dynamodb"), deployment.files)
    quality = quality_of(files.all(), gathering.days, gathering.active, scan.unreadable)
    return gathering.overview(quality, scan.read_units + files.read_units)


def write_report(target: Path, overview: Overview, title: str) -> int:
    """Writes the page, and gives its length."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.write_text(report_page(overview, title), "utf-8")
