"""The command `flowtally verify`."""

import click

from clients.queries.counted import Results, canonical
from clients.recovering.repair import rebuild
from clients.recovering.verify import verify_all, verify_pair
from clients.render.listing import shape_of
from clients.render.output import Output, pass_output
from clients.render.verification import DIFFERENCES, differences_listing, summary_of
from clients.terminal.account import Account
from clients.terminal.console import complain, say, warn
from clients.terminal.explanation import explanation
from clients.terminal.options import pass_account
from models.errors import FlowtallyError, UsageError

_DOCUMENT = {
    "pairs": "integer",
    "days": "integer",
    "pairs_that_differ": "integer",
    "repaired": "boolean",
    "pairs_without_statistics": [{"pair": "text", "reason": "text"}],
    "differences": [shape_of(DIFFERENCES)],
}


@click.command(
    epilog=explanation(
        "flowtally verify --all",
        "flowtally verify 192.168.20.43 44.227.96.221",
        "flowtally verify --all --repair",
        statuses={0: "all agree, or were repaired", 1: "some differ or cannot be computed, or AWS refused"},
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
    unrepairable = verdict.unrepairable + (rebuild(account, verdict.differences) if repair else [])
    repaired = len(verdict.differences) - len(unrepairable) + len(verdict.unrepairable)
    output.show(
        differences_listing(verdict.differences),
        pairs=verdict.pairs,
        days=verdict.days,
        pairs_that_differ=len(verdict.differences),
        repaired=repair and bool(verdict.differences),
        pairs_without_statistics=[one._asdict() for one in unrepairable],
    )
    looked_at = summary_of(verdict.pairs, verdict.days)
    for wrong in verdict.differences:
        if wrong.stored.set_aside and not repair:
            warn(f"{wrong.source} → {wrong.destination}: set aside, {wrong.stored.set_aside}")
    for key, reason in unrepairable:
        warn(f"{key}: {reason}")
    if unrepairable:
        found = f"{len(unrepairable)} of {looked_at} have no statistics, because of their daily totals"
        complain(FlowtallyError(found, remedy="See above what each of them needs"))
    if not verdict.differences and not unrepairable:
        say(f"{looked_at}: all statistics agree with the daily totals")
    elif repair:
        say(f"{looked_at}: {repaired} repaired")
    elif verdict.differences:
        found = f"{len(verdict.differences)} of {looked_at} differ"
        complain(FlowtallyError(found, remedy="Repair them with --repair"))
    return int(bool(unrepairable) or (bool(verdict.differences) and not repair))
