"""What the worst files known cost a reader, against an ordinary one.

    python -m perf.benchmarks.hostile_files

Each file is read to its end, or until it is rejected, with all that a worker does with its bytes: totals of
every part of its pairs, and its quarantine, gzipped. CPU seconds are those of reading alone, without the
start of a process; the least of several runs counts. A worker gets these files gzipped as far as that goes,
and takes none whose content is more than 100 times as long: the cost of an uploaded MB is that of the content
that it then may have.
"""

import io
import time
import zlib
from collections.abc import Callable
from typing import NamedTuple

from handlers.summarizing.quarantined_rows import QuarantinedRows
from models.errors import FileRejected
from models.flow_csv.byte_stream import MOST_RATIO
from models.flow_csv.flow_file import each_part, read_flow_file
from models.flow_csv.parts import PAIR_DAYS
from perf.data.hostile import WORST, Lines, first_bytes, ordinary
from perf.figures import Figures, options_of, publish

_MB = 1e6
_RUNS = 2
_AIM = 20  # times an ordinary file, of each plain MB


class Taken(NamedTuple):
    """What reading a file took."""

    name: str
    seconds: float  # of the processor
    size: int  # bytes, plain
    ratio: float  # of them to those gzipped
    is_rejected: bool

    @property
    def per_plain(self) -> float:
        """Milliseconds a MB of content."""
        return self.seconds * 1000 / self.size * _MB

    @property
    def per_uploaded(self) -> float:
        """Seconds a MB of what is uploaded."""
        return self.per_plain / 1000 * min(self.ratio, MOST_RATIO)


def main() -> None:
    """Measures and prints."""
    parser = options_of("perf.benchmarks.hostile_files", __doc__)
    parser.add_argument("--megabytes", type=float, default=10, help="size of each file, plain")
    parser.add_argument("--only", default="", metavar="WORDS", help="files with these words in their name")
    options = parser.parse_args()
    usual = measure("an ordinary file", ordinary, options.megabytes)
    worst = [measure(name, make, options.megabytes) for name, make in WORST.items() if options.only in name]
    publish([_figures(usual, worst, options.megabytes)], save=options.save)


def measure(name: str, make: Callable[[], Lines], megabytes: float) -> Taken:
    """Reads a file of so many MB several times."""
    content = first_bytes(make(), int(megabytes * _MB))
    runs = [_read(content) for _ in range(_RUNS)]
    seconds, is_rejected = min(runs)
    return Taken(name, seconds, len(content), len(content) / len(zlib.compress(content, 9)), is_rejected)


def _read(content: bytes) -> tuple[float, bool]:
    """Seconds of the processor, and whether the file is rejected."""
    began, is_rejected = time.process_time(), False
    try:
        rows = QuarantinedRows(io.BytesIO(), len(content))
        flows = read_flow_file(io.BytesIO(content), rows, PAIR_DAYS)
        rows.end()
        for _ in each_part(flows, lambda: io.BytesIO(content), PAIR_DAYS):
            pass
    except FileRejected:
        is_rejected = True
    return time.process_time() - began, is_rejected


def _figures(usual: Taken, worst: list[Taken], megabytes: float) -> Figures:
    beyond = [taken.name for taken in worst if taken.per_plain > _AIM * usual.per_plain]
    return Figures(
        name="bench_hostile_files",
        title=f"Reading {megabytes:g} MB of the worst files known",
        columns=["", "ms a plain MB", "of an ordinary file's", "gzipped to", "s an uploaded MB", ""],
        rows=[
            [
                taken.name,
                f"{taken.per_plain:.1f}",
                f"{taken.per_plain / usual.per_plain:.1f} ×",
                f"1 : {taken.ratio:.0f}",
                f"{taken.per_uploaded:.2f}",
                "rejected" if taken.is_rejected else "",
            ]
            for taken in (usual, *worst)
        ],
        remarks=[f"More than {_AIM} × an ordinary file: {', '.join(beyond)}."] if beyond else [],
        command=f"python -m perf.benchmarks.hostile_files --megabytes {megabytes:g}",
    )


if __name__ == "__main__":
    main()
