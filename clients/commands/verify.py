"""The command `flowtally verify`."""

import click

from clients.queries.counted import Results, canonical
from clients.recovering.repair import rebuild
from clients.recovering.verify import verify_all, verify_pair
from clients.render.listing import shape_of
from clients.render.output import Output, pass_output
from clients.render.verification import DIFFERENCES, differences_listing, summary_of
from clients.terminal.account import Account
from clients.terminal.console import complain, say
from clients.terminal.explanation import explanation
from clients.terminal.options import pass_account
from models.errors import FlowtallyError, UsageError

_DOCUMENT = {
    "pairs": "integer",
    "days": "integer",
    "pairs_that_differ": "integer",
    "repaired": "boolean",
    "differences": [shape_of(DIFFERENCES)],
}


@click.command(
    epilog=explanation(
        "flowtally verify --all",
        "flowtally verify 192.168.20.43 44.227.96.221",
        "flowtally verify --all --repair",
        statuses={0: "all agree, or were repaired", 1: "some differ, or AWS refused"},
        document=_DOCUMENT,
    )
)
@click.argument("pair", metavar="[SRC DST]", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Verify all pairs.")
@click.option("--repair", is_flag=True, help="Rewrite the statistics that differ.")
@pass_output
@pass_account
def verify(account: Account, output: Output, pair: tuple[str, ...], everything: bool, repair: bool) -> int:
    """Recompute statistics from the daily totals and compare.

    Where files are being counted, a pair that differs is looked at again for some seconds: the statistics
    follow the totals.
    """
    if everything == bool(pair) or (pair and len(pair) != 2):
        raise UsageError("either SRC and DST, or --all", where="flowtally verify")
    results = Results(account.client("dynamodb"), account.deployment)
    verdict = (
        verify_all(results) if everything else verify_pair(results, canonical(pair[0]), canonical(pair[1]))
    )
    if repair:
        rebuild(account, verdict.differences)
    output.show(
        differences_listing(verdict.differences),
        pairs=verdict.pairs,
        days=verdict.days,
        pairs_that_differ=len(verdict.differences),
        repaired=repair and bool(verdict.differences),
    )
    looked_at = summary_of(verdict.pairs, verdict.days)
    if not verdict.differences:
        say(f"{looked_at}: all statistics agree with the daily totals")
    elif repair:
        say(f"{looked_at}: {len(verdict.differences)} repaired")
    else:
        found = f"{len(verdict.differences)} of {looked_at} differ"
        complain(FlowtallyError(found, remedy="Repair them with --repair"))
    return int(bool(verdict.differences) and not repair)
