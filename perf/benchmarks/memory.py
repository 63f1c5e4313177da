"""The peak memory of a daemon's process over a very large file.

    python -m perf.benchmarks.memory --megabytes 1000

The file goes through the whole first stage: upload, queue, reading, writing, deletion.
"""

import sys
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from perf.data.generate import generate
from perf.figures import Figures, options_of, publish
from perf.measuring.pipeline import running, wait_for_log
from perf.measuring.process_cost import peak_of

_PATIENCE = 1800.0  # seconds
_LIMIT = 100_000_000  # bytes


def main() -> None:
    """Measures and prints; the exit status tells whether the limit was kept."""
    parser = options_of("perf.benchmarks.memory", __doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    options = parser.parse_args()
    megabytes = options.megabytes
    with TemporaryDirectory() as folder, running() as pipeline:
        (file,) = generate(Path(folder), first=date(2022, 12, 7), days=1, megabytes=megabytes)
        worker = pipeline.start("summarize")
        wait_for_log(worker, "summarizing")
        idle = peak_of(worker)
        began = time.monotonic()
        with file.open("rb") as content:
            pipeline.upload(f"incoming/x/{file.name}", content)
        wait_for_log(worker, "file counted", _PATIENCE)
        seconds, peak, size = time.monotonic() - began, peak_of(worker), file.stat().st_size
    figures = Figures(
        name="bench_memory",
        title="Peak memory of a process that counts one very large file",
        columns=["file", "before it", "peak", "upload to counted"],
        rows=[[f"{size / 1e6:.0f} MB", f"{idle / 1e6:.0f} MB", f"{peak / 1e6:.0f} MB", f"{seconds:.0f} s"]],
        command=f"python -m perf.benchmarks.memory --megabytes {megabytes}",
    )
    publish([figures], save=options.save)
    sys.exit(peak > _LIMIT)


if __name__ == "__main__":
    main()
