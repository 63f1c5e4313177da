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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

from tests.simulation.planted import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
SEEDS = 4000
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
    parser.add_argument("--run", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        _hunt(next(mutant for mutant in MUTANTS if mutant.name == options.run), options.seeds)
        return 0
    chosen = [mutant for mutant in MUTANTS if not options.only or options.only in mutant.name]
    return _table(chosen, options.seeds, options.jobs)


def _hunt(mutant: Mutant, seeds: int) -> None:
    """Runs seeds on a mutated program, in this process, until one breaks an invariant."""
    sys.meta_path.insert(0, _Mutating(mutant))
    from tests.simulation.schedule import run_schedule  # noqa: PLC0415  # only now may production be imported

    for seed in range(mutant.first, mutant.first + seeds):
        if broken := run_schedule(seed).broken:
            print(f"{seed}\t{broken[0]}")
            return
    print(_SURVIVED)


def _table(mutants: list[Mutant], seeds: int, jobs: int) -> int:
    begun, survivors = time.monotonic(), 0
    print(f"{'safeguard removed':<58} {'seed':>5}  invariant broken")
    with ThreadPoolExecutor(jobs) as pool:
        for mutant, finding in zip(mutants, pool.map(lambda m: _in_process(m, seeds), mutants), strict=True):
            seed, _, broken = finding.partition("\t")
            survivors += not broken
            print(f"{mutant.name:<58} {seed if broken else '-':>5}  {broken[:110] or finding}", flush=True)
    print(f"{len(mutants)} mutants, {survivors} survived, {time.monotonic() - begun:.0f} seconds")
    return 1 if survivors else 0


def _in_process(mutant: Mutant, seeds: int) -> str:
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    command = [sys.executable, "-m", "tests.simulation.mutants", "--run", mutant.name, "--seeds", str(seeds)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    return done.stdout.strip() or f"could not run: {(list(_last_line(done.stderr)) or ['?'])[0]}"


def _last_line(text: str) -> Iterator[str]:
    yield from text.strip().splitlines()[-1:]


if __name__ == "__main__":
    sys.exit(main())
