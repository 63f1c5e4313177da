"""The command `flowtally watch`."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from clients.queries.problems import Limits, limit_options, problems_of
from clients.queries.stored import Status, read_status
from clients.render.files import partly_listing, reasons_listing, rejected_listing
from clients.render.listing import Listing
from clients.render.stored import (
    branches_listing,
    problems_listing,
    stages_listing,
    stored_listing,
    work_listing,
)
from clients.terminal.account import Account
from clients.terminal.aws_errors import translate
from clients.terminal.console import out, warning
from clients.terminal.explanation import explanation
from clients.terminal.options import age, pass_account
from models.errors import NotFound, UsageError

_LISTED = 5  # rejected files


@click.command(
    epilog=explanation(
        "flowtally watch",
        "flowtally watch --every 30s",
        statuses={1: "AWS refused", 2: "there is no terminal"},
    )
)
@click.option(
    "--every", metavar="AGE", default="5s", show_default=True, callback=age, help="Time between two looks."
)
@limit_options
@pass_account
def watch(account: Account, every: float, limits: Limits) -> None:
    """Show what is waiting, what became of files and what needs somebody, live, until Ctrl-C.

    The same as `flowtally status`, but for the tables of totals and statistics, which would have to be read
    each time; the lag of consolidation is that of a sample. Takes a screen of its own, and leaves the
    terminal as it was.
    """
    if not out.is_terminal:
        raise UsageError("there is no terminal", where="flowtally watch", remedy="Use `flowtally status`")
    try:
        with Live(
            Text("Looking …"), console=out, screen=True, auto_refresh=False, vertical_overflow="crop"
        ) as live:
            while True:
                live.update(_look(account, limits), refresh=True)
                time.sleep(max(0.2, every))
    except KeyboardInterrupt:
        pass


def _look(account: Account, limits: Limits) -> RenderableType:
    """The screen as it is now; what AWS refuses may be for a moment only, so it is shown, too.

    Raises:
        UsageError, NotFound: the settings are wrong, which no waiting mends.
    """
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    head = Text(f"{account.stack}  {now}  Ctrl-C ends", style="dim")
    try:
        status = read_status(account, _LISTED, with_traffic=False)
    except Exception as error:
        known = translate(error)
        if known is None or isinstance(known, UsageError | NotFound):
            raise
        return Group(head, warning(str(known)))
    return Group(
        head, *(listing.as_table() for listing in _listings(account, status, limits) if listing.rows)
    )


def _listings(account: Account, status: Status, limits: Limits) -> Iterator[Listing]:
    now = time.time()
    yield problems_listing(problems_of(status, limits, now))
    yield stages_listing(status, now)
    yield work_listing(status, now)
    yield branches_listing(status.files.branches)
    yield rejected_listing(account, status.files.rejected)
    yield partly_listing(account, status.files.partly)
    yield reasons_listing(status.files.reasons)
    yield stored_listing(status.tables, status.objects)
