"""The command `flowtally export`."""

import click

from clients.exporting import csv_table
from clients.queries.counted import Results, canonical
from clients.terminal.account import Account
from clients.terminal.console import say, warn
from clients.terminal.explanation import explanation
from clients.terminal.options import pass_account


@click.command(
    epilog=explanation(
        "flowtally export 192.168.20.43 44.227.96.221 -o pair.csv",
        "flowtally export 192.168.20.43 44.227.96.221 -o - | head",
        statuses={1: "the pair has no flows, or AWS refused"},
    )
)
@click.argument("source", metavar="SRC")
@click.argument("destination", metavar="DST")
@click.option(
    "-o", "--output", "target", required=True, metavar="FILE", help="The file; - is standard output."
)
@click.option("--sample", is_flag=True, help="Deviations of a sample (n − 1), not of the population (n).")
@pass_account
def export(account: Account, source: str, destination: str, target: str, sample: bool) -> None:
    """Write a pair of addresses as a CSV table for spreadsheets and programs.

    One row for each day on which SRC had flows to DST, oldest first:

    \b
      Src IP, Dst IP, Day (YYYY-MM-DD), Flows,
      Total Flow Duration (us), Total Fwd Pkts      of this day, exact integers
      Days, Avg…, Std… of flow duration and packets of the pair, over all its days

    The last five stand in every row, so that the table is a plain rectangle. Averages and deviations have
    all digits of a double; a deviation that is not defined (one day, with --sample) is an empty cell.
    """
    results = Results(account.client("dynamodb"), account.deployment)
    source, destination = canonical(source), canonical(destination)
    days = results.days(source, destination)
    if not days:
        raise results.unknown(source, destination)
    statistics = results.pair(source, destination)
    if statistics and statistics.set_aside:
        warn(f"the statistics are left out: {statistics.set_aside}")
        statistics = None
    elif statistics is None or statistics.days != len(days):
        known = statistics.days if statistics else 0
        warn(
            f"the statistics are of {known} days so far, {len(days)} are counted; they follow within seconds"
        )
    lines = csv_table.rows(source, destination, days, statistics, sample=sample)
    csv_table.write_csv(target, csv_table.header(sample=sample), lines)
    if target != csv_table.STANDARD_OUTPUT:
        say(f"{target}: {len(days)} days of {source} → {destination}")
