"""The command `flowtally export`."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain, islice

import click

from clients.exporting import traffic_tables
from clients.exporting.files import FORMS, STANDARD_OUTPUT, Form, form_for, with_numbers, write_table
from clients.exporting.locales import number_format
from clients.exporting.table import Cell, Table
from clients.queries.search import Search, asked_for
from clients.render.unreadable import warn_of_set_aside, warn_of_unreadable
from clients.terminal.account import Account
from clients.terminal.console import count_of, number, say
from clients.terminal.explanation import explanation
from clients.terminal.options import first_option, last_option, pass_account
from models.errors import UsageError


def _shape(table: Table) -> list[dict[str, str]]:
    return [{column.name: column.kind.replace("day", "text") for column in table.columns}]


_DOCUMENT = {
    "deviation": "population or sample",
    "days": _shape(traffic_tables.days_table([])),
    "pairs": _shape(traffic_tables.pairs_table([])),
}


@click.command(
    epilog=explanation(
        "flowtally export 192.168.20.43 44.227.96.221 > pair.csv",
        "flowtally export 192.168.20.43 --from 2022-12-01 -o device.parquet",
        "flowtally export 192.168.20.0/24 10.0.0.0/8 --both -o between.xlsx",
        "flowtally export --rows pairs --locale de -o pairs.csv",
        "flowtally export --format jsonl | jq .duration_total_us",
        statuses={1: "nothing was found, or AWS refused"},
        document=_DOCUMENT,
    )
)
@click.argument("source", metavar="[SRC]", required=False)
@click.argument("destination", metavar="[DST]", required=False)
@click.option(
    "-o",
    "--output",
    "target",
    default=STANDARD_OUTPUT,
    metavar="FILE",
    help="The file; its suffix says its form. [default: standard output]",
)
@click.option("--format", "form", type=click.Choice(list(FORMS)), help="The form, whatever the suffix.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: the same as --format json.")
@click.option(
    "--rows", type=click.Choice(["days", "pairs"]), default="days", show_default=True, help="What a row is."
)
@click.option("--both", is_flag=True, help="From DST to SRC, too.")
@first_option
@last_option
@click.option("--sample", is_flag=True, help="Deviations of a sample (n − 1), not of the population (n).")
@click.option(
    "--locale", metavar="LANGUAGE", help="CSV for spreadsheets of this language, such as de: decimal commas."
)
@pass_account
def export(
    account: Account,
    source: str | None,
    destination: str | None,
    target: str,
    form: str | None,
    as_json: bool,
    rows: str,
    both: bool,
    first: datetime | None,
    last: datetime | None,
    sample: bool,
    locale: str | None,
) -> None:
    """Write days or pairs to a file: CSV, JSON, Parquet or Excel.

    SRC and DST are addresses or networks (192.168.20.0/24). Both: the pairs from SRC to DST, with --both
    in either direction. SRC alone: the pairs with an end there. None: all pairs. Where addresses are told
    apart by branch, paris/192.168.20.43; SRC alone without a branch means those of all branches.

    \b
    The form is that of the file's suffix:
      .csv, .csv.gz     with a header; no text is a formula to a spreadsheet
      .json, .jsonl     one document, or an object a line
      .parquet, .xlsx   need `pip install "flowtally[parquet,excel]"`

    \b
    A row is a day on which SRC had flows to DST, or a pair (--rows pairs):
      Src IP, Dst IP, Day (YYYY-MM-DD), Flows,
      Total Flow Duration (us), Total Fwd Pkts    exact integers
      Days, Avg…, Std…                            of the pair, over its days

    The last five are over those days of the pair that are exported, and stand in each of its rows: a plain
    rectangle. Figures have all digits of a double; one that is not defined (the deviation of one day, with
    --sample) is an empty cell. A file is replaced when all is written, or not at all. Pairs over all their
    days come from the statistics, which follow within seconds; all else from the daily totals.
    """
    chosen = _form(target, form, as_json=as_json, locale=locale)
    search = Search(account, asked_for(source, destination, both=both, first=first, last=last))
    set_aside: list[str] = []
    counted = _Counted(_table(search, rows, set_aside, sample=sample, in_range=bool(first or last)))
    if not counted.is_empty:
        write_table(target, counted.table, chosen.write)
    warn_of_unreadable(search.unreadable)
    warn_of_set_aside(set_aside)
    if counted.is_empty:
        raise search.not_found()
    if target != STANDARD_OUTPUT:
        cost = f"; reading cost {number(search.read_units)} read units" if search.read_units else ""
        say(f"{target}: {count_of(counted.rows, rows.removesuffix('s'))} of {search.wanted.text}{cost}")


def _form(target: str, name: str | None, *, as_json: bool, locale: str | None) -> Form:
    if as_json:
        if name not in (None, "json"):
            raise UsageError("either --json or --format")
        name = "json"
    if locale is None:
        return form_for(target, name)
    return with_numbers(form_for(target, name), number_format(locale))


def _table(search: Search, rows: str, set_aside: list[str], *, sample: bool, in_range: bool) -> Table:
    if rows == "days":
        return traffic_tables.days_table(search.histories(), sample=sample)
    if in_range:
        pairs = traffic_tables.moments_of_histories(search.histories())
    else:
        pairs = traffic_tables.moments_of_statistics(search.statistics(), set_aside)
    return traffic_tables.pairs_table(pairs, sample=sample)


class _Counted:
    """Counts the rows of a table while they are read; the first is read at once.

    Attributes:
        table: the same table.
        rows: how many were read.
    """

    def __init__(self, table: Table) -> None:
        self.rows = 0
        rows = iter(table.rows)
        self._begin = list(islice(rows, 1))
        self.table = table._replace(rows=self._counting(rows))

    @property
    def is_empty(self) -> bool:
        """Whether there are no rows."""
        return not self._begin

    def _counting(self, others: Iterator[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
        for row in chain(self._begin, others):
            self.rows += 1
            yield row
