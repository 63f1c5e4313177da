"""The command `flowtally verify`."""

import click

from clients.queries.counted import Results, canonical
from clients.recovering.repair import rebuild
from clients.recovering.verify import verify_all, verify_pair
from clients.render.verification import differences_table, summary_of
from clients.terminal.account import Account
from clients.terminal.console import out, say
from clients.terminal.options import pass_account
from models.errors import FlowtallyError, UsageError


@click.command()
@click.argument("pair", metavar="[SRC DST]", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Verify all pairs.")
@click.option("--repair", is_flag=True, help="Rewrite the statistics that differ.")
@pass_account
def verify(account: Account, pair: tuple[str, ...], everything: bool, repair: bool) -> None:
    """Recompute statistics from the daily totals and compare.

    The exit status is 0 if all agree or were repaired, 1 if some differ. Where files are being counted, a
    pair that differs is looked at again for some seconds: the statistics follow the totals.
    """
    if everything == bool(pair) or (pair and len(pair) != 2):
        raise UsageError("either SRC and DST, or --all", where="flowtally verify")
    results = Results(account.client("dynamodb"), account.deployment)
    verdict = (
        verify_all(results) if everything else verify_pair(results, canonical(pair[0]), canonical(pair[1]))
    )
    looked_at = summary_of(verdict.pairs, verdict.days)
    if not verdict.differences:
        say(f"{looked_at}: all statistics agree with the daily totals")
        return
    out.print(differences_table(verdict.differences))
    if not repair:
        raise FlowtallyError(
            f"{len(verdict.differences)} of {looked_at} differ", remedy="Repair them with --repair"
        )
    rebuild(account, verdict.differences)
    say(f"{looked_at}: {len(verdict.differences)} repaired")
