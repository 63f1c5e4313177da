"""Measures what `flowtally export` of a large table costs in each form: CPU, peak memory and bytes.

    python -m perf.insight.export_cost [--pairs 100000] [--days 30] [--save]

The table is made up page by page in a process of its own, which is not measured. Each form is written of a
quarter of the pairs, too: memory must not have grown with them.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import click

from perf.figures import Figures, publish, versions
from perf.insight.cost import served
from perf.measuring.process_cost import Cost, cost_of

_SMALLER = 4
FORMS = ("csv", "csv.gz", "jsonl", "parquet", "xlsx")


class Export(NamedTuple):
    """What one export cost."""

    cost: Cost
    size: int  # bytes of the file


def measure(pairs: int, days: int, forms: Sequence[str]) -> Iterator[tuple[str, Export]]:
    """Exports everything once in each form, and gives what it cost."""
    with served(pairs, days) as url, TemporaryDirectory() as directory:
        given = ["AWS_ACCESS_KEY_ID=any", "AWS_SECRET_ACCESS_KEY=any", f"AWS_ENDPOINT_URL={url}"]
        for form in forms:
            path = Path(directory, f"all.{form}")
            program = [sys.executable, "-m", "clients", "--region", "us-east-1", "export", "-o", str(path)]
            yield form, Export(cost_of(["env", *given, *program]), path.stat().st_size)
            path.unlink()


def figures_of(pairs: int, days: int, smaller: Mapping[str, Export], whole: Mapping[str, Export]) -> Figures:
    """A row for each form."""
    return Figures(
        name="export_cost",
        title=f"Exporting {pairs:,} pairs of {days} days, {pairs * days:,} rows, and a quarter of the pairs",
        columns=["", "MB", "CPU s", "CPU µs a row", "peak memory", "peak memory of a quarter"],
        rows=[
            [
                form,
                f"{each.size / 1e6:,.0f}",
                f"{each.cost.cpu:.0f}",
                f"{each.cost.cpu / (pairs * days) * 1e6:.1f}",
                f"{each.cost.peak / 1e6:.0f} MB",
                f"{smaller[form].cost.peak / 1e6:.0f} MB",
            ]
            for form, each in whole.items()
        ],
        command=f"python -m perf.insight.export_cost --pairs {pairs} --days {days}",
        packages=versions("boto3", "pyarrow", "xlsxwriter"),
    )


@click.command()
@click.option("--pairs", default=100_000, show_default=True, help="How many pairs.")
@click.option("--days", default=30, show_default=True, help="How many days each has.")
@click.option("--form", "forms", multiple=True, type=click.Choice(FORMS), help="Which. [default: all]")
@click.option("--save", is_flag=True, help="Keep the figures for the docs.")
def main(pairs: int, days: int, forms: Sequence[str], save: bool) -> None:
    """Measure what exports of a made-up table cost."""
    smaller, whole = (dict(measure(count, days, forms or FORMS)) for count in (pairs // _SMALLER, pairs))
    publish([figures_of(pairs, days, smaller, whole)], save=save)


if __name__ == "__main__":
    main(prog_name="python -m perf.insight.export_cost")
