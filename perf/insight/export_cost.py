"""Measures what `flowtally export` of a large table costs in each form: CPU, time and peak memory.

    python -m perf.insight.export_cost [--pairs 100000] [--days 30]

The table is made up page by page in a process of its own, which is not measured. Each form is written of a
quarter of the pairs, too: memory must not have grown with them.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from perf.insight.cost import served
from perf.measuring.process_cost import cost_of

_SMALLER = 4
FORMS = ("csv", "csv.gz", "jsonl", "parquet", "xlsx")


def measure(pairs: int, days: int, forms: Sequence[str]) -> None:
    """Exports everything once in each form, and prints a line for each."""
    with served(pairs, days) as url, TemporaryDirectory() as directory:
        given = ["AWS_ACCESS_KEY_ID=any", "AWS_SECRET_ACCESS_KEY=any", f"AWS_ENDPOINT_URL={url}"]
        for form in forms:
            path = Path(directory, f"all.{form}")
            program = [sys.executable, "-m", "clients", "--region", "us-east-1", "export", "-o", str(path)]
            cost = cost_of(["env", *given, *program])
            print(
                f"{pairs:>9,} pairs × {days} days  {form:8} {path.stat().st_size / 1e6:8.1f} MB  "
                f"{cost.cpu:6.1f} s CPU  {cost.wall:6.1f} s  peak {cost.peak / 1e6:.0f} MB",
                flush=True,
            )
            path.unlink()


@click.command()
@click.option("--pairs", default=100_000, show_default=True, help="How many pairs.")
@click.option("--days", default=30, show_default=True, help="How many days each has.")
@click.option("--form", "forms", multiple=True, type=click.Choice(FORMS), help="Which. [default: all]")
def main(pairs: int, days: int, forms: Sequence[str]) -> None:
    """Measure what exports of a made-up table cost."""
    for count in (pairs // _SMALLER, pairs):
        measure(count, days, forms or FORMS)


if __name__ == "__main__":
    main(prog_name="python -m perf.insight.export_cost")
