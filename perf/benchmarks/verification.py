"""The weekly verification: how long it takes for each million pair-days, and what fits into its 15 minutes.

    python -m perf.benchmarks.verification

Generated days are counted and consolidated on the embedded engine; then all statistics are verified, as the
function does. It reads all daily totals in a scan, and the statistics of each pair by a call, one after the
other: what the engine takes for a call decides, so the calls are counted and timed, too.
"""

import os
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from clients.local_aws.engine import EmbeddedEngine
from cloudformation.deploy import deploy_storage
from handlers.assembly import WRITERS
from handlers.concurrency import ThreadedForEach
from handlers.consolidating.repair import repair_all
from models.deployment import Deployment
from models.flow_csv.flow_file import read_flow_file
from models.flow_csv.parts import NO_LIMIT
from models.storage.aws_clients import client, dynamodb
from models.storage.daily_totals import DailyTotalsStore
from models.storage.pair_statistics import PairStatisticsStore
from models.traffic import DaysOfWeek, PairDay, PairWeek, by_week
from perf.data.generate import generate
from perf.figures import Figures, options_of, publish, versions
from perf.measuring.recording_proxy import RecordingProxy

_FIRST = date(2022, 10, 1)
_LIMIT = 15 * 60  # seconds that Lambda gives
_MILLION = 1e6


class Verified(NamedTuple):
    """What a verification looked at and took."""

    pairs: int
    pair_days: int
    seconds: float
    cpu: float  # seconds
    calls: int
    waited: float  # seconds for answers


def main() -> None:
    """Measures and prints."""
    parser = options_of("perf.benchmarks.verification", __doc__)
    parser.add_argument("--days", type=int, default=30, help="to generate, a file each")
    parser.add_argument("--pairs", type=int, default=620, help="of a file")
    options = parser.parse_args()
    with EmbeddedEngine() as engine, RecordingProxy(engine.endpoint_url) as wire:
        os.environ.update(engine.environment())
        cloudformation = client("cloudformation")
        deploy_storage(cloudformation, "flowtally")
        deployment = Deployment.from_stack(cloudformation, "flowtally")
        with TemporaryDirectory() as folder:
            files = generate(Path(folder), first=_FIRST, days=options.days, megabytes=1, pairs=options.pairs)
            pair_days = _count(files, deployment)
        repair_all(PairStatisticsStore.of(deployment, dynamodb(1)))  # makes the statistics of all pairs
        os.environ["AWS_ENDPOINT_URL"] = wire.url
        verified = _verify(deployment, wire, pair_days)
    publish([_figures(verified, options.days, options.pairs)], save=options.save)


def _count(files: Sequence[Path], deployment: Deployment) -> int:
    """Counts files; how many pair-days there are now."""
    store = DailyTotalsStore(dynamodb(WRITERS), deployment.daily_totals)
    days: set[PairDay] = set()
    for number, file in enumerate(files):
        with file.open("rb") as content, Path(os.devnull).open("wb") as nowhere:
            flows = read_flow_file(content, nowhere, NO_LIMIT)
        days |= flows.totals.keys()
        weeks = by_week(flows.first)
        source = number.to_bytes(8, "big")

        def add(week: PairWeek, weeks: Mapping[PairWeek, DaysOfWeek] = weeks, source: bytes = source) -> None:
            store.add_once(week, weeks[week], source, int(time.time()))

        ThreadedForEach(WRITERS)(add, weeks)
    return len(days)


def _verify(deployment: Deployment, wire: RecordingProxy, pair_days: int) -> Verified:
    wire.calls.clear()
    statistics = PairStatisticsStore.of(deployment, client("dynamodb"))
    began, cpu = time.perf_counter(), time.process_time()
    repaired = repair_all(statistics)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert not repaired.rebuilt
    waited = sum(call.answered_at - call.asked_at for call in wire.calls)
    return Verified(repaired.pairs, pair_days, seconds, cpu, len(wire.calls), waited)


def _figures(verified: Verified, days: int, pairs: int) -> Figures:
    millions = verified.pair_days / _MILLION
    rows = [
        ["pairs; pair-days", f"{verified.pairs:,}; {verified.pair_days:,}"],
        ["seconds a million pair-days", f"{verified.seconds / millions:,.0f}"],
        ["of them CPU of the verification", f"{verified.cpu / millions:,.0f}"],
        ["calls a million pair-days", f"{verified.calls / millions:,.0f}"],
        ["an answer took", f"{verified.waited / verified.calls * 1000:.1f} ms"],
        ["pair-days in 15 minutes", f"{_LIMIT / verified.seconds * millions:,.1f} million"],
    ]
    return Figures(
        name="verification",
        title=f"Verifying {days} generated days",
        columns=["", ""],
        rows=rows,
        packages=versions("boto3", "ministack"),
        command=f"python -m perf.benchmarks.verification --days {days} --pairs {pairs}",
    )


if __name__ == "__main__":
    main()
