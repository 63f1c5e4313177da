"""Writing daily totals: what a write costs the client, and what it costs in write units.

    python -m perf.benchmarks.writes

The yardstick is a plain loop of boto3's `update_item` with the very same expression, in the same
process, on the same table of the embedded engine. CPU seconds are the client's alone; the engine is a
process of its own. The ways take turns, and the cheapest of several rounds counts. Write units are what
the engine says it consumed. For the second stage, a stream of changes is consolidated in batches, and its
writes are counted.
"""

import os
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import ClientError

from clients.local_aws.engine import EmbeddedEngine
from cloudformation.deploy import deploy_storage
from handlers.assembly import WRITERS
from handlers.concurrency import ThreadedForEach
from handlers.consolidating.stage import Consolidator, fold
from models.deployment import Deployment
from models.storage.aws_clients import client, dynamodb
from models.storage.daily_totals import DailyTotalsStore
from models.storage.pair_statistics import PairStatisticsStore
from models.traffic import PairWeek, Totals
from perf.figures import Figures, options_of, publish, versions

_SOURCE = b"12345678"
_WEEKS = 3  # of each pair, which a batch of the stream brings together
_DAY = {3: Totals(161_030_872, 241, 17)}
_ROUNDS = 5
_PAIRS = 1000


class Metered:
    """A DynamoDB client that asks what each write consumed, and adds it up."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self.writes = 0
        self.units = 0.0

    def __getattr__(self, operation: str) -> Any:
        call = getattr(self._database, operation)
        return self._metered(call) if operation in ("update_item", "put_item") else call

    def as_client(self) -> Any:
        """Itself, where a DynamoDB client is asked for."""
        return self

    def _metered(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def write(**request: Any) -> Any:
            self.writes += 1
            try:
                answer = call(ReturnConsumedCapacity="TOTAL", **request)
            except ClientError:
                self.units += 1  # what a condition that fails costs
                raise
            self.units += answer["ConsumedCapacity"]["CapacityUnits"]
            return answer

        return write


class WriteCost(NamedTuple):
    """What writing so many items took."""

    name: str
    writes: int
    cpu: float  # seconds
    wall: float  # seconds


def main() -> None:
    """Measures and prints."""
    parser = options_of("perf.benchmarks.writes", __doc__)
    parser.add_argument("--pairs", type=int, default=_PAIRS)
    options = parser.parse_args()
    with EmbeddedEngine() as engine:
        os.environ.update(engine.environment())
        cloudformation = client("cloudformation")
        deploy_storage(cloudformation, "flowtally")
        deployment = Deployment.from_stack(cloudformation, "flowtally")
        runs = _first_stage(deployment.daily_totals, options.pairs)
        units = _write_units(deployment.daily_totals, options.pairs)
        second = _consolidation_cost(deployment)
    publish(_report(runs, units, second, options.pairs), save=options.save)


def _weeks(pairs: int, week: str) -> Iterator[PairWeek]:
    return (PairWeek(f"192.168.{n >> 8}.{n & 255}", "44.227.96.221", week) for n in range(pairs))


def _first_stage(table: str, pairs: int) -> list[WriteCost]:
    """The plain loop, our client in a loop, and our client as the workers use it."""

    def add_all(database: Any, for_each: Callable[..., None], week: str) -> None:
        store = DailyTotalsStore(database, table)
        for_each(lambda where: store.add_once(where, _DAY, _SOURCE, int(time.time())), _weeks(pairs, week))

    plain, ours, threads = boto3.client("dynamodb"), dynamodb(WRITERS), ThreadedForEach(WRITERS)
    ways: dict[str, tuple[Any, Callable[..., None]]] = {
        "boto3, plain loop": (plain, _in_turn),
        "flowtally, loop": (ours, _in_turn),
        f"flowtally, {WRITERS} in flight": (ours, threads),
    }
    runs: dict[str, list[WriteCost]] = {name: [] for name in ways}
    for turn in range(_ROUNDS + 1):
        for number, (name, (database, for_each)) in enumerate(ways.items()):
            work = partial(add_all, database, for_each, _monday(turn * len(ways) + number))
            runs[name].append(_measured(name, pairs, work))
    # Connections and caches of the first round are not what is measured.
    return [min(taken[1:], key=lambda run: run.cpu) for taken in runs.values()]


def _monday(number: int) -> str:
    return (date(2001, 1, 1) + timedelta(weeks=number)).isoformat()


def _in_turn(work: Callable[[PairWeek], object], weeks: Iterator[PairWeek]) -> None:
    for week in weeks:
        work(week)


def _measured(name: str, writes: int, work: Callable[[], None]) -> WriteCost:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return WriteCost(name, writes, time.process_time() - cpu, time.perf_counter() - wall)


def _write_units(table: str, pairs: int) -> Metered:
    """Write units of new items, each a pair and week with one day."""
    metered = Metered(dynamodb(WRITERS))
    store = DailyTotalsStore(metered.as_client(), table)
    weeks = [_weeks(pairs, _monday(1000 + number)) for number in range(_WEEKS)]
    for of_pair in zip(*weeks, strict=True):
        for week in of_pair:
            store.add_once(week, _DAY, _SOURCE, int(time.time()))
    return metered


class ConsolidationCost(NamedTuple):
    """What consolidating a stream took."""

    records: int
    pair_batches: int  # a pair in a batch, counted once for each batch
    metered: Metered


def _consolidation_cost(deployment: Deployment) -> ConsolidationCost:
    """Consolidates all that the first stage changed, in the batches that the stream gives."""
    metered = Metered(dynamodb(WRITERS))
    stage = Consolidator(PairStatisticsStore.of(deployment, metered.as_client()), ThreadedForEach(1))
    records = pair_batches = 0
    for batch in _batches(deployment.stream_arn):
        pair_batches += len(list(fold(batch)))
        records += len(batch)
        stage.process(batch)
    return ConsolidationCost(records, pair_batches, metered)


def _batches(stream_arn: str) -> Iterator[list[Any]]:
    streams = client("dynamodbstreams")
    for shard in streams.describe_stream(StreamArn=stream_arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=stream_arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while True:
            answer = streams.get_records(ShardIterator=iterator)
            if not answer["Records"]:
                break
            yield answer["Records"]
            iterator = answer["NextShardIterator"]


def _report(runs: list[WriteCost], units: Metered, second: ConsolidationCost, pairs: int) -> list[Figures]:
    yardstick = runs[0]
    command = "python -m perf.benchmarks.writes" + (f" --pairs {pairs}" if pairs != _PAIRS else "")
    rows = [
        [
            run.name,
            f"{run.cpu / run.writes * 1000:.3f}",
            f"{run.cpu / run.writes / (yardstick.cpu / yardstick.writes):.2f} ×",
            f"{run.writes / run.wall:,.0f}",
        ]
        for run in runs
    ]
    writes = Figures(
        name="bench_writes",
        title=f"Writing the daily totals of {pairs:,} pairs",
        columns=["", "client CPU ms a write", "of boto3's", "writes a second"],
        rows=rows,
        packages=versions("boto3", "ministack"),
        command=command,
    )
    metered = second.metered
    consumed = Figures(
        name="write_units",
        title="Write units consumed, as the engine reports them",
        columns=["stage", "counted", "writes", "write units", "write units each"],
        rows=[
            ["summarize", f"{units.writes:,} new pairs and weeks", f"{units.writes:,}", f"{units.units:,.1f}",
             f"{units.units / units.writes:.3f}"],
            ["consolidate", f"{second.pair_batches:,} pairs in batches of {second.records:,} changes",
             f"{metered.writes:,}", f"{metered.units:,.1f}", f"{metered.units / second.pair_batches:.3f}"],
        ],
        packages=versions("ministack"),
        command=command,
    )  # fmt: skip
    return [writes, consumed]


if __name__ == "__main__":
    main()
