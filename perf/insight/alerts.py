"""Measures what alerts add to the second stage: the CPU of consolidating a pair, with them and without.

    python -m perf.insight.alerts [--pairs 200] [--turns 20] [--save]

Real changes from the stream of the embedded engine, a day more of each pair in each turn, one in a hundred of
them ten times as high. Few pairs at a time, the two take turns, so that whatever else the computer does falls
on both alike; the pairs of one are those of the other in the next turn. The engine is a process of its own.
"""

import logging
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import click

from clients.local_aws.engine import EmbeddedEngine
from cloudformation.deploy import deploy_storage
from handlers.assembly import WRITERS
from handlers.concurrency import ThreadedForEach
from handlers.consolidating.alerts import tell_of_days
from handlers.consolidating.stage import Consolidator, StreamRecord
from handlers.logs import JsonFormatter
from models.deployment import Deployment
from models.storage.aws_clients import client, dynamodb
from models.storage.daily_totals import DailyTotalsStore
from models.storage.pair_statistics import PairStatisticsStore
from models.traffic import PairWeek, Totals, week_of
from perf.figures import Figures, versions

_FIRST_DAY = date(2022, 10, 3)
_KNOWN_DAYS = 10  # before any is measured: without a history nothing is compared
_AT_ONCE = 20  # pairs
_OUTLIERS, _FACTOR = 0.01, 10
WITHOUT, WITH = "without alerts", "with alerts"


class Taken(NamedTuple):
    """CPU seconds of consolidating some pairs."""

    name: str
    pairs: int
    seconds: float


class Changes:
    """The records of the stream, a day of all pairs after the other."""

    def __init__(self, deployment: Deployment, pairs: int) -> None:
        self._store = DailyTotalsStore(dynamodb(WRITERS), deployment.daily_totals)
        self._stream = deployment.stream_arn
        self._pairs = pairs
        self._random = Random("alerts")
        self._iterators: dict[str, str] = {}

    def of_day(self, number: int) -> Sequence[StreamRecord]:
        """Adds a day to each pair, and gives what the stream tells of it."""
        day = (_FIRST_DAY + timedelta(number)).isoformat()
        monday, weekday = week_of(day)
        arrived = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) + 100_000
        for pair in range(self._pairs):
            size = self._random.uniform(0.8, 1.2) * (_FACTOR if self._random.random() < _OUTLIERS else 1)
            totals = Totals(int(1e9 * size), int(1000 * size), 100)
            week = PairWeek(f"10.0.{pair >> 8}.{pair & 255}", "44.227.96.221", monday)
            self._store.add_once(week, {weekday: totals}, f"file{number:04}".encode(), arrived)
        records = list(self._read())
        if len(records) != self._pairs:
            raise RuntimeError(f"{len(records)} records of {self._pairs} pairs")
        return records

    def _read(self) -> Iterator[Any]:
        streams = client("dynamodbstreams")
        for shard in streams.describe_stream(StreamArn=self._stream)["StreamDescription"]["Shards"]:
            name = shard["ShardId"]
            iterator = self._iterators.get(name) or self._first(name)
            while (answer := streams.get_records(ShardIterator=iterator))["Records"]:
                yield from answer["Records"]
                iterator = answer["NextShardIterator"]
            self._iterators[name] = iterator

    def _first(self, shard: str) -> str:
        begin: str = client("dynamodbstreams").get_shard_iterator(
            StreamArn=self._stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        return begin


def measure(deployment: Deployment, pairs: int, turns: int) -> list[Taken]:
    """Consolidates the changes of so many days after those that make a history."""
    changes = Changes(deployment, pairs)
    stages = {
        name: Consolidator(
            PairStatisticsStore.of(deployment, dynamodb(WRITERS), observer=observer), ThreadedForEach(1)
        )
        for name, observer in ((WITHOUT, None), (WITH, tell_of_days))
    }
    taken: list[Taken] = []
    for number in range(_KNOWN_DAYS + turns):
        records = changes.of_day(number)
        for place in range(0, pairs, _AT_ONCE):
            some = records[place : place + _AT_ONCE]
            name = (WITHOUT, WITH)[(place // _AT_ONCE + number) % 2]
            began = time.process_time()
            stages[name].process(some)
            if number >= _KNOWN_DAYS:
                taken.append(Taken(name, len(some), time.process_time() - began))
    return taken


def figures_of(taken: Sequence[Taken]) -> Figures:
    """CPU a pair, and how many times that without alerts."""
    cost = {
        name: sum(one.seconds for one in taken if one.name == name)
        / sum(one.pairs for one in taken if one.name == name)
        for name in (WITHOUT, WITH)
    }
    rows = [[name, f"{each * 1000:.3f} ms", f"{each / cost[WITHOUT]:.3f} ×"] for name, each in cost.items()]
    pairs = sum(one.pairs for one in taken) // 2
    return Figures(
        "insight-alerts",
        f"CPU of consolidating a pair, {pairs:,} changes each",
        ["", "CPU a pair", "of that without"],
        rows,
        "python -m perf.insight.alerts",
        versions("boto3", "ministack"),
    )


@click.command()
@click.option("--pairs", default=200, show_default=True, help="How many pairs.")
@click.option("--turns", default=20, show_default=True, help="How many days are measured.")
@click.option("--save", is_flag=True, help="Keep the figures for the docs.")
def main(pairs: int, turns: int, save: bool) -> None:
    """Measure consolidation with alerts and without."""
    with EmbeddedEngine() as engine, Path(os.devnull).open("w") as nowhere:
        os.environ.update(engine.environment())
        handler = logging.StreamHandler(nowhere)  # formatted as for CloudWatch, and thrown away
        handler.setFormatter(JsonFormatter())
        logging.basicConfig(handlers=[handler])
        deploy_storage(client("cloudformation"), "flowtally")
        deployment = Deployment.from_stack(client("cloudformation"), "flowtally")
        figures = figures_of(measure(deployment, pairs, turns))
    figures.show()
    if save:
        print(figures.save())


if __name__ == "__main__":
    main(prog_name="python -m perf.insight.alerts")
