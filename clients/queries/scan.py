"""Reads whole tables in one parallel scan, at a fraction of what boto3 spends on it.

boto3 signs, sends and retries; only the items of an answer are decoded by orjson instead of boto3's parser,
which takes some 80 µs an item. Items come flat: {"k": "10.0.0.1>10.0.0.2", "d1": 12}.
"""

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson

from models.days import ordinal
from models.history import History
from models.storage.numbers import integer
from models.storage.schema import DAY_ATTRIBUTES
from models.traffic import PAIR_SEPARATOR, day_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

FlatItem = Mapping[str, Any]  # whole numbers from 0 on as `int`, all else as text

SEGMENTS = 4  # read at the same time
# In strings of orjson's own, the very ones that it puts into the items: they are found twice as fast.
_NAMES = [list(orjson.loads(orjson.dumps(dict.fromkeys(names)))) for names in DAY_ATTRIBUTES.values()]
_READ = ("k", "t", *(name for names in _NAMES for name in names))
_WHOLE_WEEK = len(_READ)
_COLUMNS = [itemgetter(*(names[part] for names in _NAMES)) for part in range(3)]  # durations, packets, flows
_key, _monday = itemgetter("k"), itemgetter("t")
_DECODED = "before-parse.dynamodb.Scan"
_YOUNG = 50_000  # objects, before the collector looks for cycles among them


class TableScan:
    """One read of all daily totals, eventually consistent, which costs half as much as strongly.

    Args:
        dynamodb: a boto3 DynamoDB client, which decodes scans differently while this one runs.
        table: the name of the table.
        segments: how many parts are read at the same time; a page of each is in memory.

    Attributes:
        read_units: what it cost so far.
        unreadable: items of which nothing could be made, as pair and week; they were passed over.
    """

    def __init__(self, dynamodb: "DynamoDBClient", table: str, segments: int = SEGMENTS) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._segments = segments
        self.read_units = 0.0
        self.unreadable: list[str] = []

    def pages(self) -> Iterator[tuple[int, list[FlatItem], bool]]:
        """Pages of items as they come: the segment, its next items, and whether these are its last.

        Raises:
            ClientError: DynamoDB refused.
        """
        with _few_collections(), self._own_decoder(), ThreadPoolExecutor(self._segments) as pool:
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

    @contextmanager
    def _own_decoder(self) -> Iterator[None]:
        events = self._dynamodb.meta.events
        events.register(_DECODED, _decode)
        try:
            yield
        finally:
            events.unregister(_DECODED, _decode)

    def _read(self, segment: int, start: Mapping[str, Any] | None) -> Mapping[str, Any]:
        request: dict[str, Any] = {"ExclusiveStartKey": start} if start else {}
        return self._dynamodb.scan(
            TableName=self._table,
            Segment=segment,
            TotalSegments=self._segments,
            ReturnConsumedCapacity="TOTAL",
            ProjectionExpression=", ".join(_READ),  # the names of files are none of its business
            **request,
        )


@contextmanager
def _few_collections() -> Iterator[None]:
    """Keeps the collector of cycles from walking through pages of items, in which there are none."""
    before = gc.get_threshold()
    gc.set_threshold(_YOUNG)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def histories(scan: TableScan) -> Iterator[tuple[str, History]]:
    """The days of every pair, pair by pair, from one scan of the daily totals.

    A scan gives the items of a partition key one after the other, so only the last pair of each segment is
    incomplete at any time. Items that cannot be read are noted in the scan, and the others are given.
    """
    begun: dict[int, list[FlatItem]] = {}
    for segment, page, is_last in scan.pages():
        items = begun.pop(segment, []) + page
        end = len(items) if is_last else _begin_of_last_pair(items)
        begun[segment] = items[end:]
        for pair, weeks in groupby(items[:end], _key):
            history = _history_of(pair, weeks, scan.unreadable)
            if history.numbers:
                yield pair, history


def _begin_of_last_pair(items: Sequence[FlatItem]) -> int:
    """The place from which on all items are of one pair."""
    place = len(items)
    while place and items[place - 1]["k"] == items[-1]["k"]:
        place -= 1
    return place


def _history_of(pair: str, weeks: Iterable[FlatItem], unreadable: list[str]) -> History:
    """The days in the items of a pair; items of which nothing can be made are added to the unreadable."""
    history = History()
    for is_whole, some in groupby(weeks, _is_whole):
        run = list(some)
        if is_whole and PAIR_SEPARATOR in pair and _add_whole_weeks(history, run):
            continue
        for item in run:
            try:
                _add_week(history, item)
            except (KeyError, ValueError):
                unreadable.append(f"{pair} {item['t']}")
    return history.in_order()


def _is_whole(item: FlatItem) -> bool:
    return len(item) == _WHOLE_WEEK


def _add_whole_weeks(history: History, weeks: Sequence[FlatItem]) -> bool:
    """Adds items that have all seven days, as nearly all of a busy pair are; or nothing, if one is not so."""
    try:
        numbers = chain.from_iterable(map(_numbers_from, map(_monday, weeks)))
        columns = [list(numbers), *[list(chain.from_iterable(map(of, weeks))) for of in _COLUMNS]]
    except (KeyError, ValueError):
        return False
    if not all(columns[-1]) or set(map(type, chain.from_iterable(columns))) != {int}:
        return False
    history.extend(*columns)
    return True


def _add_week(history: History, item: FlatItem) -> None:
    """Adds the days of an item, or nothing of it.

    Raises:
        KeyError: a day lacks one of its numbers.
        ValueError: there is no day in it, a number is none, the week is no Monday, the key is no pair.
    """
    if PAIR_SEPARATOR not in item["k"]:
        raise ValueError(item["k"])
    for number, totals in _days_of(item, _numbers_from(item["t"]).start):
        if totals[2]:
            history.append(number, *totals)


def _days_of(item: FlatItem, first: int) -> Sequence[tuple[int, tuple[int, int, int]]]:
    days = [
        (first + place, (item[duration], item[packets], item[flows]))
        for place, (duration, packets, flows) in enumerate(_NAMES)
        if flows in item
    ]
    if not days or len(item) != 2 + 3 * len(days):
        raise ValueError(item["t"])
    if any(type(number) is not int for _, totals in days for number in totals):
        raise ValueError(item["t"])
    return days


@lru_cache(maxsize=1024)
def _numbers_from(monday: str) -> range:
    """The ordinals of the days of a week."""
    first = ordinal(day_of(monday, 1))
    return range(first, first + len(_NAMES))


def _decode(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Takes an answer away from boto3's parser; what is no success, or no JSON, stays with it."""
    if response_dict["status_code"] == 200 and (answer := decode(response_dict["body"])):
        customized_response_dict.update(answer)
        response_dict["body"] = b"{}"


def decode(body: bytes) -> dict[str, Any] | None:
    """The answer to a scan, with its items flat; None if it is none."""
    try:
        answer = _flattened(body) or orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(answer, dict) or "Items" not in answer:
        return None
    items = answer["Items"]
    if items and isinstance(items[0]["k"], dict):
        answer["Items"] = [{name: _bare(typed) for name, typed in item.items()} for item in items]
    return answer


def _flattened(body: bytes) -> dict[str, Any] | None:
    """An answer whose items were made flat before they were decoded, which saves two objects of three.

    Only where the text is as compact as DynamoDB writes it, no string in it holds a quotation mark, and all
    numbers are whole, of at most 64 bits and not negative.
    """
    begin = body.find(b'"Items":[')
    end = body.find(b"}}]", begin)
    if begin < 0 or end < 0 or b"\\" in body or b':"-' in body:
        return None
    items = body[begin + len(b'"Items":[') : end + 2]
    before, *texts = items.split(b'{"S":"')
    bare = b'"'.join([before, *[text.replace(b'"}', b'" ', 1) for text in texts]])
    bare = bare.replace(b'{"N":"', b"").replace(b'"}', b"")
    try:
        answer: dict[str, Any] = orjson.loads(body[:begin] + b'"Items":[]' + body[end + 3 :])
        answer["Items"] = orjson.loads(b"[" + bare + b"]")
    except orjson.JSONDecodeError:
        return None
    kinds = set(map(type, chain.from_iterable(map(dict.values, answer["Items"]))))
    return answer if kinds <= {str, int} else None


def _bare(typed: Mapping[str, Any]) -> Any:
    """A value without its type; text where it is no whole number from 0 on, however that is written."""
    ((kind, value),) = typed.items()
    if kind != "N":
        return value
    with suppress(ValueError):
        if (number := integer(value)) >= 0:
            return number
    return value
