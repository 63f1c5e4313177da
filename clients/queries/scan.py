"""Reads whole tables in one parallel scan, at a tenth of what boto3 spends on it.

boto3 signs, sends and retries; only the items of an answer are decoded by orjson instead of boto3's parser,
which takes some 80 µs an item. Items come as the API writes them: {"d": {"N": "12"}}.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from models.storage.schema import DAY_ATTRIBUTES, RawItem
from models.traffic import Totals, day_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

History = dict[str, Totals]  # of a pair, by day: the days with flows

SEGMENTS = 4  # read at the same time
_NUMBERS = tuple((flows, duration, packets) for duration, packets, flows in DAY_ATTRIBUTES.values())


class TableScan:
    """One read of a whole table, eventually consistent, which costs half as much as strongly.

    Args:
        dynamodb: a boto3 DynamoDB client, which decodes all scans differently from now on: for this alone.
        table: the name of the table.
        segments: how many parts are read at the same time; a page of each is in memory.
    """

    def __init__(self, dynamodb: "DynamoDBClient", table: str, segments: int = SEGMENTS) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._segments = segments
        self.read_units = 0.0  # what it cost so far
        self.unreadable: set[str] = set()  # pairs with an item that no worker wrote, so far
        dynamodb.meta.events.register("before-parse.dynamodb.Scan", _decode)

    def pages(self) -> Iterator[tuple[int, list[RawItem], bool]]:
        """Pages of items as they come: the segment, its next items, and whether these are its last.

        Raises:
            ClientError: DynamoDB refused.
        """
        with ThreadPoolExecutor(self._segments) as pool:
            running: dict[Future[Mapping[str, Any]], int] = {
                pool.submit(self._read, segment, None): segment for segment in range(self._segments)
            }
            try:
                while running:
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        segment = running.pop(future)
                        page = future.result()
                        self.read_units += page.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)
                        following = page.get("LastEvaluatedKey")
                        if following:  # is read while this page is looked at
                            running[pool.submit(self._read, segment, following)] = segment
                        yield segment, page["Items"], not following
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _read(self, segment: int, start: Mapping[str, Any] | None) -> Mapping[str, Any]:
        request: dict[str, Any] = {"ExclusiveStartKey": start} if start else {}
        return self._dynamodb.scan(
            TableName=self._table,
            Segment=segment,
            TotalSegments=self._segments,
            ReturnConsumedCapacity="TOTAL",
            **request,
        )


def histories(scan: TableScan) -> Iterator[tuple[str, History]]:
    """The days of every pair, pair by pair, from one scan of the daily totals.

    Weeks that no worker wrote are left out, and their pairs named in `scan.unreadable`.

    A scan gives the items of a partition key one after the other, so only the last pair of each segment is
    incomplete at any time.
    """
    begun: dict[int, tuple[str, History]] = {}
    for segment, items, is_last in scan.pages():
        pair, history = begun.pop(segment, ("", {}))
        for item in items:
            key = item["k"]["S"]
            if key != pair:
                if history:
                    yield pair, history
                pair, history = key, {}
            try:
                _add_week(history, item)
            except (KeyError, ValueError):
                scan.unreadable.add(key)
        if is_last and history:
            yield pair, history
        elif not is_last:
            begun[segment] = pair, history


def _add_week(history: History, item: RawItem) -> None:
    days = _days_of(item["t"]["S"])
    for day, (flows, duration, packets) in zip(days, _NUMBERS, strict=True):
        if flows in item:
            count = int(item[flows]["N"])
            if count:
                history[day] = Totals(int(item[duration]["N"]), int(item[packets]["N"]), count)


@lru_cache(maxsize=1024)
def _days_of(monday: str) -> tuple[str, ...]:
    return tuple(day_of(monday, weekday) for weekday in DAY_ATTRIBUTES)


def _decode(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Takes an answer away from boto3's parser; what is no success, or no JSON, stays with it."""
    if response_dict["status_code"] != 200:
        return
    try:
        answer = orjson.loads(response_dict["body"])
    except orjson.JSONDecodeError:
        return
    if isinstance(answer, dict) and "Items" in answer:
        customized_response_dict.update(answer)
        response_dict["body"] = b"{}"
