"""Sends the files of a workload, and times each from its upload to its consolidation.

A file is *summarized* when its object is gone, and *consolidated* when the statistics hold the states that
its last pairs and weeks had then: the stream brings them last. Both are seen from outside, the same way on
an engine and on AWS, by looking ten times a second; so a time is up to a tenth of a second too long.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from models.bucket_layout import INCOMING
from models.deployment import Deployment
from models.errors import TryAgain
from models.storage.changes import Bookkeeping, WeekState
from models.storage.schema import PairStatistics, Week
from models.storage.statistics_item import bookkeeping
from models.traffic import PairWeek, split_pair
from perf.comparison.workload import TrafficFile

Way = Literal["burst", "trickle"]

_LOOK = 0.1  # seconds between two looks
_PATIENCE = 300.0  # seconds without any progress
_AT_ONCE = 4  # uploads in a burst, as the client has them
_KEYS_AT_ONCE = 100  # of a BatchGetItem


@dataclass
class FileTimes:
    """When a file was where; seconds."""

    name: str
    content_bytes: int
    rows: int
    pair_days: int
    uploaded_at: float  # since the start of the run
    summarized: float | None = None  # since its upload was answered
    consolidated: float | None = None  # since its upload was answered


@dataclass
class _UnderWay:
    file: TrafficFile
    times: FileTimes
    states: Mapping[PairWeek, WeekState] = field(default_factory=dict)  # that the statistics must reach


class Watcher:
    """Uploads and watches.

    Args:
        client: makes a boto3 client of a service, with all permissions.
        deployment: where to, with empty tables.
        check: raises what went wrong with the compute; called at every look.
    """

    def __init__(
        self, client: Callable[[str], Any], deployment: Deployment, check: Callable[[], object]
    ) -> None:
        self._s3, self._dynamodb = client("s3"), client("dynamodb")
        self._deployment = deployment
        self._check = check
        self._began = time.monotonic()
        self._under_way: list[_UnderWay] = []
        self.times: list[FileTimes] = []

    def run(self, way: Way, files: Sequence[TrafficFile]) -> list[FileTimes]:
        """Sends the files all at once, or each when the one before is consolidated; gives their times.

        Raises:
            TryAgain: nothing moved for minutes.
        """
        self._began = time.monotonic()
        if way == "burst":
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                self._follow([pool.submit(self._upload, file) for file in files])
        else:
            pause = Random(0)
            for file in files:
                time.sleep(pause.random())  # at any moment of the polls
                self._upload(file)
                self._follow([])
        return self.times

    def _upload(self, file: TrafficFile) -> None:
        with file.path.open("rb") as content:
            self._s3.put_object(Bucket=self._deployment.bucket, Key=file.key, Body=content)
        uploaded_at = round(time.monotonic() - self._began, 3)
        times = FileTimes(file.path.name, file.content_bytes, file.rows, file.pair_days, uploaded_at)
        self.times.append(times)
        self._under_way.append(_UnderWay(file, times))

    def _follow(self, uploads: Iterable[Future[None]]) -> None:
        """Looks until all that was uploaded is consolidated."""
        deadline = time.monotonic() + _PATIENCE
        uploads = list(uploads)
        while self._under_way or not all(upload.done() for upload in uploads):
            self._check()
            if self._look():
                deadline = time.monotonic() + _PATIENCE
            elif time.monotonic() > deadline:
                names = ", ".join(one.file.path.name for one in self._under_way[:3])
                raise TryAgain(f"nothing moved for {_PATIENCE:g} s", where=names)
            time.sleep(_LOOK)
        for upload in uploads:
            upload.result()

    def _look(self) -> bool:
        """Notes what was reached since the last look, and whether that was anything."""
        under_way = list(self._under_way)  # uploads that end meanwhile are for the next look
        summarized = self._note_summarized([one for one in under_way if one.times.summarized is None])
        consolidated = self._note_consolidated([one for one in under_way if one.times.summarized is not None])
        return summarized or consolidated

    def _note_summarized(self, counting: Sequence[_UnderWay]) -> bool:
        if not counting:
            return False
        waiting = self._waiting()
        now = time.monotonic() - self._began
        counted = [one for one in counting if one.file.key not in waiting]
        for one in counted:
            one.times.summarized = round(now - one.times.uploaded_at, 3)
            one.states = self._states(one.file.sentinels)
        return bool(counted)

    def _note_consolidated(self, summarized: Sequence[_UnderWay]) -> bool:
        moved = False
        for one in sorted(summarized, key=_summarized_at):
            if not self._reached(one.states):
                break  # the stream keeps their order, so those behind it are not consolidated either
            now = time.monotonic() - self._began
            one.times.consolidated = round(now - one.times.uploaded_at, 3)
            self._under_way.remove(one)
            moved = True
        return moved

    def _waiting(self) -> set[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._deployment.bucket, Prefix=INCOMING
        )
        return {entry["Key"] for page in pages for entry in page.get("Contents", [])}

    def _states(self, weeks: Sequence[PairWeek]) -> dict[PairWeek, WeekState]:
        """The states that these daily totals are in now."""
        pair, monday = Week.pair.attr_name, Week.monday.attr_name
        keys = [{pair: {"S": week.pair}, monday: {"S": week.week}} for week in weeks]
        items = self._get(self._deployment.daily_totals, keys)
        return {
            PairWeek(*split_pair(item[pair]["S"]), item[monday]["S"]): WeekState.of(item) for item in items
        }

    def _reached(self, states: Mapping[PairWeek, WeekState]) -> bool:
        """Whether the statistics hold these states, or have forgotten changes since."""
        source, destination = PairStatistics.source.attr_name, PairStatistics.destination.attr_name
        pairs = {(week.source, week.destination) for week in states}
        keys = [{source: {"S": one}, destination: {"S": other}} for one, other in pairs]
        known = {
            (item[source]["S"], item[destination]["S"]): bookkeeping(item)
            for item in self._get(self._deployment.pair_statistics, keys)
        }
        return all(
            _holds(known.get((week.source, week.destination)), week.week, state)
            for week, state in states.items()
        )

    def _get(self, table: str, keys: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The items of these keys that there are, read strongly consistent."""
        items: list[dict[str, Any]] = []
        wanted = list(keys)
        while wanted:
            request = {table: {"Keys": wanted[:_KEYS_AT_ONCE], "ConsistentRead": True}}
            answer = self._dynamodb.batch_get_item(RequestItems=request)
            items += answer["Responses"].get(table, [])
            refused = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
            wanted = wanted[_KEYS_AT_ONCE:] + refused
        return items


def _holds(pair: Bookkeeping | None, week: str, state: WeekState) -> bool:
    """Whether a pair's statistics have a state of a week: by its mark or a later one, or by the horizon."""
    if pair is None:
        return False
    if week in pair.marks:
        return pair.marks[week] >= state.mark
    return pair.horizon >= state.updated_at  # forgotten


def _summarized_at(one: _UnderWay) -> float:
    return one.times.uploaded_at + (one.times.summarized or 0.0)
