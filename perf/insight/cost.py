"""Measures what `top`, `anomalies` and `report` cost on a large table: CPU, peak memory and read units.

    python -m perf.insight.cost [--pairs 100000] [--days 60] [--save]

The table is made up page by page in a process of its own, which is not measured; the commands run as users
run them. Each is run on a quarter of the pairs, too: memory must not have grown with them.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.request import urlopen

import click
import orjson

from perf.figures import Figures, versions
from perf.measuring.process_cost import Cost, cost_of

_SMALLER = 4
_FOUND = 3  # the exit status of `anomalies` when something was found


class Run(NamedTuple):
    """One command on one table."""

    command: str
    pairs: int
    cost: Cost
    pages: int
    most: int  # times that one page was read
    units: float


@contextmanager
def served(pairs: int, days: int) -> Iterator[str]:
    """The address of a process that has such a table."""
    arguments = ["-m", "perf.insight.table_server", "--pairs", str(pairs), "--days", str(days)]
    with subprocess.Popen(
        [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        try:
            yield server.stdout.readline().strip()
        finally:
            server.communicate()


def commands(report: Path) -> dict[str, Sequence[str]]:
    """The three as people call them."""
    return {"top": ["top"], "anomalies": ["anomalies", "-n", "20"], "report": ["report", "-o", str(report)]}


def measure(pairs: int, days: int) -> Iterator[Run]:
    """Runs each command once."""
    with served(pairs, days) as url, TemporaryDirectory() as directory:
        for name, arguments in commands(Path(directory, "report.html")).items():
            given = ["AWS_ACCESS_KEY_ID=any", "AWS_SECRET_ACCESS_KEY=any", f"AWS_ENDPOINT_URL={url}"]
            program = [sys.executable, "-m", "clients", "--region", "us-east-1", *arguments]
            cost = cost_of(["env", *given, *program], statuses=(0, _FOUND))
            with urlopen(url) as answer:
                asked = orjson.loads(answer.read())
            yield Run(name, pairs, cost, asked["pages"], asked["most"], asked["units"])


def figures_of(runs: Sequence[Run], pairs: int, days: int) -> Figures:
    """CPU, memory and read units of each command, and what they took together."""
    sizes = sorted({run.pairs for run in runs})
    rows = []
    for name in dict.fromkeys(run.command for run in runs):
        (run,) = (run for run in runs if run.command == name and run.pairs == pairs)
        peaks = [
            f"{one.cost.peak / 1e6:.0f} MB"
            for size in sizes
            for one in runs
            if (one.command, one.pairs) == (name, size)
        ]
        reads = "once" if run.most == 1 else f"up to {run.most} times"
        rows.append([name, f"{run.cost.cpu:.1f} s", *peaks, f"{run.units:,.1f}", f"{run.pages}, {reads}"])
    total = sum(run.cost.cpu for run in runs if run.pairs == pairs)
    rows.append(["**together**", f"**{total:.1f} s**", *[""] * len(sizes), "", ""])
    return Figures(
        "insight-cost",
        f"What the commands cost on {pairs:,} pairs × {days} days",
        ["command", "CPU", *[f"peak, {size:,} pairs" for size in sizes], "read units", "pages read"],
        rows,
        "python -m perf.insight.cost",
        versions("boto3", "orjson"),
        remarks=[
            "Every pair has flows on every day; 1,000 devices, 3,000 peers; one pair in 100 has a story."
        ],
    )


@click.command()
@click.option("--pairs", default=100_000, show_default=True, help="How many pairs.")
@click.option("--days", default=60, show_default=True, help="How many days each has.")
@click.option("--save", is_flag=True, help="Keep the figures for the docs.")
def main(pairs: int, days: int, save: bool) -> None:
    """Measure what the commands that read everything cost, on a made-up table."""
    runs = [run for size in (pairs // _SMALLER, pairs) for run in measure(size, days)]
    for run in runs:
        print(f"{run.command} of {run.pairs:,} pairs says: {run.cost.output.splitlines()[-1]}")
    figures = figures_of(runs, pairs, days)
    figures.show()
    if save:
        print(figures.save())


if __name__ == "__main__":
    main(prog_name="python -m perf.insight.cost")
