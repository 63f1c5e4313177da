"""`python -m tests.simulation.mutants`: removes one safeguard of production code at a time.

The simulator must notice each within a bounded number of seeds: a safeguard whose removal nobody
notices is untested, or it is not needed.
"""

# a program of the terminal

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from itertools import count, islice
from pathlib import Path
from types import CodeType
from typing import Any

from perf.figures import Figures
from tests.helpers.project import ROOT
from tests.simulation.planted import MUTANTS
from tests.simulation.removals import Mutant
from tests.simulation.themes import theme_of

SEEDS = 2000  # schedules
_SURVIVED = "survived"


class _Mutating(MetaPathFinder):
    """Imports one module with its source changed."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._module = mutant.file.removesuffix(".py").replace("/", ".")

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Finds that module only."""
        if fullname != self._module:
            return None
        spec = PathFinder.find_spec(fullname, path)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _MutatedLoader(fullname, spec.origin, self._mutant)
        return spec


class _MutatedLoader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, mutant: Mutant) -> None:
        super().__init__(fullname, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        source = self._mutant.applied(Path(self.path).read_text())
        return compile(source, self.path, "exec", dont_inherit=True)


def main() -> int:
    """Runs all mutants and prints a table. The exit status is 1 if one survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="processes to run them in")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many seeds each gets")
    parser.add_argument("--only", help="run those with this in their name")
    parser.add_argument(
        "--trace", metavar="NAME", help="show how one is noticed, in a trace as short as possible"
    )
    parser.add_argument("--save", action="store_true", help="keep the table for the docs")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run or options.trace:
        return _hunt(options.run or options.trace, options.seeds, is_traced=not options.run)
    chosen = [mutant for mutant in MUTANTS if not options.only or options.only in mutant.name]
    table = _table(chosen, options.seeds, options.jobs)
    if options.save:
        table.save()
    return 1 if _survivors(table.rows) else 0


def _hunt(name: str, seeds: int, *, is_traced: bool) -> int:
    """Runs seeds on a mutated program, in this process, until one breaks an invariant."""
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    sys.meta_path.insert(0, _Mutating(mutant))
    from tests.simulation.__main__ import replay  # noqa: PLC0415  # only now may production be imported
    from tests.simulation.schedule import run_schedule  # noqa: PLC0415

    of_theme = (seed for seed in count() if mutant.theme in (None, theme_of(seed)))
    for seed in islice(of_theme, seeds):
        if broken := run_schedule(seed).broken:
            print(f"{seed}\t{broken[0]}")
            return replay(seed) if is_traced else 0
    print(_SURVIVED)
    return 0


def _table(mutants: list[Mutant], seeds: int, jobs: int) -> Figures:
    """Hunts all mutants, and prints each when it is done with."""
    begun, rows = time.monotonic(), []
    print(f"{'safeguard removed':<58} {'seed':>5}  invariant broken")
    with ThreadPoolExecutor(jobs) as pool:
        for mutant, finding in zip(mutants, pool.map(lambda m: _in_process(m, seeds), mutants), strict=True):
            seed, _, broken = finding.rpartition("\t")
            print(f"{mutant.name:<58} {seed or '-':>5}  {broken[:110]}", flush=True)
            rows.append([mutant.name, seed or "-", broken.partition(":")[0]])
    print(f"{len(mutants)} mutants, {_survivors(rows)} survived, {time.monotonic() - begun:.0f} seconds")
    return Figures(
        name="mutants",
        title="Safeguards of production code, removed one at a time",
        columns=["safeguard removed", "seed that noticed", "invariant broken"],
        rows=rows,
        command="make mutants",
    )


def _survivors(rows: Sequence[Sequence[str]]) -> int:
    return sum(seed == "-" for _, seed, _ in rows)


def _in_process(mutant: Mutant, seeds: int) -> str:
    """A seed and what it broke, or what came instead."""
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    command = [sys.executable, "-m", "tests.simulation.mutants", "--run", mutant.name, "--seeds", str(seeds)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    return done.stdout.strip() or f"could not run: {(done.stderr.splitlines() or ['?'])[-1]}"


if __name__ == "__main__":
    sys.exit(main())
