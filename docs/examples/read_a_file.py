"""Reads a flow file and prints its daily totals, without any deployment.

python docs/examples/read_a_file.py data-20221207.csv
"""

import io
import sys
from pathlib import Path

from models.errors import FileRejected
from models.flow_csv.flow_file import read_flow_file


def main(path: Path) -> None:
    """Prints one line for each pair and day, and what could not be counted."""
    quarantine = io.BytesIO()
    with path.open("rb") as stream:
        try:
            file = read_flow_file(stream, quarantine)
        except FileRejected as reason:
            sys.exit(f"{path}: {reason}")
    for pair_day, totals in file.totals.items():
        print(
            f"{pair_day.day}  {pair_day.source} → {pair_day.destination}  "
            f"{totals.flows} flows, {totals.packets} packets, {totals.duration} µs"
        )
    print(f"{file.rows} rows, {file.quarantined} quarantined")
    print(quarantine.getvalue().decode(errors="replace"), end="")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
