"""From upload to consolidated, one small file at a time, the daemon idle before.

    python -m perf.benchmarks.latency --files 100

The calls of both processes are timed on the wire. *Ours* is the time between the answer to one call and
the next call, on the way from the message to the statistics: what flowtally itself takes. *Poll* is the
time that the change lies in the stream until the reader asks again, once a second. The rest is the engine.
"""

import statistics
import time
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from perf.figures import Figures, options_of, publish
from perf.measuring.pipeline import Pipeline, running, wait_for_log
from perf.measuring.recording_proxy import Call, RecordingProxy

_PATIENCE = 30.0  # seconds
_WARM_UP = 3  # files before those that count


class Latency(NamedTuple):
    """Seconds from the upload of a file to its statistics, and what they were spent on."""

    total: float
    ours: float
    poll: float
    engine: float


def main() -> None:
    """Measures and prints."""
    parser = options_of("perf.benchmarks.latency", __doc__)
    parser.add_argument("--files", type=int, default=100)
    options = parser.parse_args()
    files = options.files
    latencies = list(measure(files + _WARM_UP))[_WARM_UP:]
    rows = [
        [name, *(f"{1000 * value:.0f} ms" for value in _median_and_95th(values))]
        for name, values in zip(
            ("total", "ours", "poll", "engine"), zip(*latencies, strict=True), strict=True
        )
    ]
    figures = Figures(
        name="bench_latency",
        title=f"From upload to consolidated, {files} small files, the daemon idle before",
        columns=["", "median", "95th percentile"],
        rows=rows,
        command=f"python -m perf.benchmarks.latency --files {files}",
    )
    publish([figures], save=options.save)


def measure(files: int) -> Iterator[Latency]:
    """Sends files one after the other, and gives what each took."""
    pause = Random(0)
    with running() as pipeline:
        endpoint = pipeline.engine.endpoint_url
        with RecordingProxy(endpoint) as summarize, RecordingProxy(endpoint) as consolidate:
            first = pipeline.start("summarize", {"AWS_ENDPOINT_URL": summarize.url})
            # A long lease, so that no write to its table is taken for one to the statistics.
            settings = {"AWS_ENDPOINT_URL": consolidate.url, "FLOWTALLY_LEASE": "3600"}
            second = pipeline.start("consolidate", settings)
            wait_for_log(first, "summarizing")
            wait_for_log(second, "statistics verified")
            for number in range(files):
                time.sleep(1 + pause.random())  # idle, and at any moment of the polls
                yield _one(pipeline, summarize, consolidate, number)


def _one(pipeline: Pipeline, summarize: RecordingProxy, consolidate: RecordingProxy, number: int) -> Latency:
    header = "Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts"
    rows = [f"10.0.0.1,10.0.{number // 250}.{number % 250},07/12/2022 10:00:00 AM,{n},3" for n in range(100)]
    began = time.perf_counter()
    pipeline.upload(f"incoming/x/{number}.csv", "\n".join([header, *rows, ""]).encode())
    written = _wait_for(summarize, "UpdateItem", began)
    read = _wait_for(summarize, "GET", began)
    received = [
        c for c in summarize.answered("ReceiveMessage", began - 25) if c.answered_at <= read.asked_at
    ][-1]
    updated = _wait_for(consolidate, "UpdateItem", written.answered_at)
    asked = [c for c in consolidate.answered("GetRecords", began - 5) if c.answered_at <= updated.asked_at][
        -1
    ]
    ours = (
        (read.asked_at - received.answered_at)
        + (written.asked_at - read.answered_at)
        + (updated.asked_at - asked.answered_at)
    )
    poll = max(0.0, asked.asked_at - written.answered_at)
    total = updated.answered_at - began
    return Latency(total, ours, poll, total - ours - poll)


def _wait_for(wire: RecordingProxy, operation: str, since: float) -> Call:
    deadline = time.perf_counter() + _PATIENCE
    while not (calls := wire.answered(operation, since)):
        if time.perf_counter() > deadline:
            raise TimeoutError(f"no {operation} within {_PATIENCE} s")
        time.sleep(0.005)
    return calls[0]


def _median_and_95th(values: tuple[float, ...]) -> tuple[float, float]:
    return statistics.median(values), statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    main()
