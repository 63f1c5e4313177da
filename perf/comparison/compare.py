"""Lambda against the VM over a whole dataset: how fast, how heavy, how dear.

    python -m perf.comparison.compare                                      30 generated days, everything
    python -m perf.comparison.compare --dataset campus ../shared/data/campus
    python -m perf.comparison.compare --stack perf --compute vm --way burst --output results ../variot

Locally, every run has a fresh embedded engine, with the functions under AWS's runtime client or the daemon's
processes. On a deployed stack (--stack), which must be new and have the one kind of compute, AWS's services
tell what was used; deploy, run, destroy, and so on with the next, and the results come together.

A run counts only if the tables are exactly those that DuckDB computes. With --save or --output, results are
kept in a JSON and a CSV file, tables in JSON files for the docs and a Markdown report, plots in SVG files.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from clients.terminal.account import Account
from clients.terminal.console import say
from models.errors import FlowtallyError, UsageError
from perf.comparison.deployed import Deployed
from perf.comparison.plots import draw
from perf.comparison.report_tables import NAMES, tables
from perf.comparison.runs import Run, load_runs, measure, save_runs
from perf.comparison.targets import Compute, RunTarget, local
from perf.comparison.watcher import Way
from perf.comparison.workload import Workload, workload
from perf.data.generate import generate
from perf.figures import FOLDER

COMPUTES: tuple[Compute, ...] = ("lambda", "vm")
WAYS: tuple[Way, ...] = ("burst", "trickle")
_FIRST = date(2022, 10, 1)

Opener = Callable[[Compute], AbstractContextManager[RunTarget]]


def main() -> None:
    """Measures and prints."""
    options = _options(sys.argv[1:])
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # so that a file shows how far it is
    try:
        with _dataset(options) as data, _kept_in(options.output) as folder:
            open_target = _opener(options)
            for way in options.way or WAYS:
                for compute in options.compute or COMPUTES:
                    kept = keep(folder, _run(open_target, compute, way, data))
            report(folder, kept, _command(options))
    except FlowtallyError as error:
        sys.exit(f"Error: {error}")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    about, _, usage = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m perf.comparison.compare",
        description=f"{about}\n\n{usage}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="*", type=Path, help="flow files and directories [generated days]")
    parser.add_argument("--dataset", default="generated", help="its name in files and titles")
    parser.add_argument("--days", type=int, default=30, help="to generate, a file each")
    parser.add_argument("--megabytes", type=float, default=10, help="of a generated file")
    parser.add_argument("--pairs", type=int, default=620, help="of a generated file")
    parser.add_argument("--compute", action="append", choices=COMPUTES, help="[both]")
    parser.add_argument("--way", action="append", choices=WAYS, help="all at once, or one by one [both]")
    parser.add_argument("--stack", help="measure on this deployed stack, with the one compute it has")
    parser.add_argument("--region")
    parser.add_argument("--output", type=Path, help="keep runs in this folder, beside those that it has")
    parser.add_argument("--save", dest="output", action="store_const", const=FOLDER, help="keep for the docs")
    options = parser.parse_args(arguments)
    if options.stack and (len(options.compute or ()) != 1 or len(options.way or ()) != 1):
        parser.error("on a deployed stack, each run needs a new one: give one --compute and one --way")
    if options.stack and not options.output:
        parser.error("runs on deployed stacks come together in a folder: give --output or --save")
    return options


@contextmanager
def _dataset(options: argparse.Namespace) -> Iterator[Workload]:
    with TemporaryDirectory(prefix="flowtally-") as folder:
        paths = options.paths
        if not paths:
            say(f"Generating {options.days} days of {options.megabytes:g} MB")
            paths = generate(
                Path(folder),
                first=_FIRST,
                days=options.days,
                megabytes=options.megabytes,
                pairs=options.pairs,
            )
        yield workload(options.dataset, paths)


@contextmanager
def _kept_in(output: Path | None) -> Iterator[Path]:
    """The folder of the results, gone in the end unless somebody wants to keep them."""
    if output:
        yield output
        return
    with TemporaryDirectory(prefix="flowtally-") as folder:
        yield Path(folder)


def _opener(options: argparse.Namespace) -> Opener:
    if not options.stack:
        return local

    @contextmanager
    def deployed(compute: Compute) -> Iterator[RunTarget]:
        account = Account(options.stack, options.region)
        if account.deployment.address_scope != "enterprise":
            raise UsageError("the address scope is not enterprise", where=f"stack {options.stack}")
        yield Deployed(account, compute)

    return deployed


def _run(open_target: Opener, compute: Compute, way: Way, data: Workload) -> Run:
    size = data.content_bytes / 1e6
    say(f"{NAMES[compute]}, {way}: {len(data.files)} files, {size:,.1f} MB", style="bold")
    with open_target(compute) as target:
        run = measure(target, compute, way, data)
    say(f"All consolidated after {run.seconds:,.1f} s; the tables are exactly DuckDB's")
    return run


def keep(folder: Path, run: Run) -> Path:
    """Adds a run to those of its dataset that were kept, in place of an earlier one of the same kind.

    Runs of another content, machine or place are dropped, as they cannot be compared with it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"compare_{run.dataset}.json"
    others = [other for other in load_runs(path) if other.key != run.key and other.is_comparable(run)]
    save_runs(path, [*others, run])
    return path


def report(folder: Path, source: Path, command: str) -> None:
    """Prints tables, and saves them and the plots beside the runs that they are made from."""
    runs = load_runs(source)
    sections = []
    for figures in tables(runs, command):
        figures.show()
        figures.save(folder)
        sections.append(figures.markdown())
    plots = [f"![{path.stem}]({path.name})\n" for path in draw(source, runs)]
    title = f"# Lambda against the VM: {runs[0].dataset}\n"
    source.with_suffix(".md").write_text("\n".join([title, *plots, *sections]))


def _command(options: argparse.Namespace) -> str:
    """What measures it again, all runs together."""
    words = ["python -m perf.comparison.compare"]
    if options.dataset != "generated":
        words.append(f"--dataset {options.dataset}")
    if not options.paths and options.days != 30:
        words.append(f"--days {options.days}")
    if options.stack:
        words.append("--stack STACK --compute COMPUTE --way WAY")
    return " ".join([*words, *map(str, options.paths)])


if __name__ == "__main__":
    main()
