"""A deployment from outside: what is stored in it, as plain values, and whether anything is left to do."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from models.deployment import Deployment
from models.storage import aws_clients as aws
from models.storage.changes import Sums, WeekState
from models.storage.daily_totals import DailyTotalsStore
from models.storage.statistics_item import sums_of
from models.traffic import PairDay, Totals, by_week, day_of, split_pair
from perf.data.oracle import statistics_of


def client(service: str, *, connections: int = 10) -> Any:
    """A boto3 client for what the environment names now, made once: that costs more than many requests."""
    settings = sorted(entry for entry in os.environ.items() if entry[0].startswith("AWS_"))
    return _client(service, connections, tuple(settings))


@cache
def _client(service: str, connections: int, _settings: tuple[tuple[str, str], ...]) -> Any:
    return aws.client(service, connections=connections)


def stored_days(deployment: Deployment) -> dict[PairDay, Totals]:
    """All daily totals."""
    return days_in(_scan(deployment.daily_totals))


def days_in(items: Iterable[Mapping[str, Any]]) -> dict[PairDay, Totals]:
    """The days that items of the daily totals hold, those without flows too."""
    return {
        PairDay(*split_pair(item["k"]["S"]), day_of(item["t"]["S"], weekday)): totals
        for item in items
        for weekday, totals in WeekState.of(item).days.items()
    }


def stored_statistics(deployment: Deployment) -> dict[tuple[str, str], Sums]:
    """The sums of all pairs."""
    return {(item["src"]["S"], item["dst"]["S"]): sums_of(item) for item in _scan(deployment.pair_statistics)}


def _scan(table: str) -> Iterator[dict[str, Any]]:
    for page in client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def add_day(store: DailyTotalsStore, day: PairDay, totals: Totals, source: bytes, now: int) -> bool:
    """Adds what a file holds if it is of one day."""
    ((week, days),) = by_week([(*day, *totals)]).items()
    return store.add_once(week, days, source, now)


def upload(deployment: Deployment, key: str, content: bytes) -> None:
    """Puts an object as a branch would."""
    client("s3").put_object(Bucket=deployment.bucket, Key=key, Body=content)


def keys(deployment: Deployment, prefix: str = "") -> list[str]:
    """The keys of all objects below a prefix."""
    pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket=deployment.bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def messages_left(deployment: Deployment) -> int:
    """Messages of the queue, those under way included."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = client("sqs").get_queue_attributes(QueueUrl=deployment.queue_url, AttributeNames=names)
    return sum(int(count) for count in answer["Attributes"].values())


@dataclass(frozen=True)
class Left:
    """What is left to do on a deployment; true if that is nothing."""

    messages: int = 0  # seen or hidden
    files: Sequence[str] = ()
    pairs: Collection[tuple[str, str]] = ()  # whose statistics are not those of their daily totals

    def __bool__(self) -> bool:
        return not (self.messages or self.files or self.pairs)


def is_counted(deployment: Deployment) -> Left:
    """Whether every file is counted and every change consolidated, whatever messages are left."""
    if files := keys(deployment, "incoming/"):
        return Left(files=files)
    stored, due = stored_statistics(deployment), statistics_of(stored_days(deployment))
    return Left(pairs=[pair for pair in stored.keys() | due.keys() if stored.get(pair) != due.get(pair)])


def is_at_rest(deployment: Deployment) -> Left:
    """Whether nothing is left to do: `is_counted`, and no message, seen or hidden."""
    return Left(messages=messages_left(deployment)) and is_counted(deployment)
