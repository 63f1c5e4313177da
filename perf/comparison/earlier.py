"""The burst over a month, this checkout against an earlier one, in turns on one machine.

    git worktree add ../earlier v0.1.0 && make -C ../earlier .venv/dev
    python -m perf.comparison.earlier ../earlier --module perf.compare

Each run has a fresh engine and the code, packages and Python of its checkout; the month is generated alike.
"""

import re
import subprocess
import sys
from pathlib import Path
from statistics import median

from perf.figures import Figures, options_of, publish

_HERE = Path(__file__).parents[2]
_MODULE = "perf.comparison.compare"
_TOLD = re.compile(r"All consolidated after ([\d.]+) s")
_NAMES = {"lambda": "Lambda", "vm": "VM"}


def main() -> None:
    """Measures and prints."""
    parser = options_of("perf.comparison.earlier", __doc__)
    parser.add_argument("earlier", type=Path, help="the other checkout, installed in its .venv")
    parser.add_argument("--module", default=_MODULE, help="what compares there")
    parser.add_argument("--runs", type=int, default=3, help="of each")
    options = parser.parse_args()
    rows = []
    for compute, name in _NAMES.items():
        before, now = [], []
        for _ in range(options.runs):
            before.append(_burst(options.earlier.resolve(), options.module, compute))
            now.append(_burst(_HERE, _MODULE, compute))
            print(f"{name}: before {before[-1]:.1f} s, now {now[-1]:.1f} s", file=sys.stderr)
        rows.append([name, _range(before), _range(now), f"{median(now) / median(before):.2f} ×"])
    figures = Figures(
        name="burst_against_earlier",
        title="From the first upload of 30 generated days at once to the last consolidation",
        columns=["", "before, s", "now, s", "of before"],
        rows=rows,
        command=f"python -m perf.comparison.earlier CHECKOUT --runs {options.runs}",
    )
    publish([figures], save=options.save)


def _burst(checkout: Path, module: str, compute: str) -> float:
    """Seconds that a burst takes there."""
    python = checkout / ".venv/bin/python"
    command = [str(python), "-m", module, "--way", "burst", "--compute", compute]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    told = _TOLD.search(done.stdout)
    if not told:
        sys.exit(f"Error: {checkout} measured nothing:\n{done.stdout}{done.stderr}")
    return float(told[1])


def _range(values: list[float]) -> str:
    return f"{median(values):.0f} ({min(values):.0f}–{max(values):.0f})"


if __name__ == "__main__":
    main()
