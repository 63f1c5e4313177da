"""A table of daily totals that is made up page by page, as DynamoDB would answer a scan of it.

Every pair has flows on every day, which is the most that a command can have to look at. Some pairs have a
rhythm, some have something to be found; the devices are as many whatever the number of pairs.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cached_property
from math import ceil, exp
from random import Random
from typing import Any, NamedTuple

import orjson

from models.storage.item_size import item_size
from models.storage.schema import DAY_ATTRIBUTES
from models.traffic import Totals, join_pair, week_of

FIRST_DAY = date(2022, 10, 3)
DEVICES, PEERS = 1000, 3000
HISTORIES = 4000  # that differ; pairs take them in turn
_PAGE = 1 << 20  # bytes
_READ = 8192  # bytes by one unit, eventually consistent
_RHYTHMIC, _WITH_STORY = 0.25, 0.01  # of the histories
_FILE = "AAAAAAAAAAA="  # what remembers a file in an item


class _Week(NamedTuple):
    """An item without its partition key."""

    monday: str
    numbers: bytes  # of its JSON, the sort key before them
    bookkeeping: bytes
    size: int  # bytes, as DynamoDB counts


class MadeTable:
    """Pages of a generated table.

    Args:
        pairs: how many; each device has some with that many peers.
        days: from `FIRST_DAY` on.
        seed: another seed, other numbers.
    """

    def __init__(self, pairs: int, days: int, seed: int = 0) -> None:
        self.pairs = pairs
        self.days = days
        self._seed = seed

    def page(
        self, segment: int, segments: int, start: Mapping[str, Any] | None, *, is_projected: bool = True
    ) -> dict[str, Any]:
        """What a scan gives, the items as JSON under `Items`: bytes to be put into the answer.

        Args:
            segment: which of the segments.
            segments: how many there are.
            start: the last key of the page before, as the API gives it; none at first.
            is_projected: leave out the bookkeeping of the items, which costs as many units.
        """
        end = self.pairs * (segment + 1) // segments
        place = self._after(start) if start else (self.pairs * segment // segments, 0)
        items: list[bytes] = []
        size = 0
        last: Mapping[str, Any] | None = None
        for pair, week in self._items(place, end):
            key = pair_of(pair)
            bookkeeping = b"" if is_projected else week.bookkeeping
            items.append(b'{"k":{"S":"%b"},%b%b}' % (key.encode(), week.numbers, bookkeeping))
            size += week.size + len(key)
            if size >= _PAGE:
                last = {"k": {"S": key}, "t": {"S": week.monday}}
                break
        units = ceil(size / _READ * 2) / 2
        return {"Items": b",".join(items), "Count": len(items), "Units": units, "LastEvaluatedKey": last}

    def _items(self, place: tuple[int, int], end: int) -> Iterator[tuple[int, _Week]]:
        first, skipped = place
        for pair in range(first, end):
            weeks = self._histories[pair % HISTORIES]
            for week in weeks[skipped:]:
                yield pair, week
            skipped = 0

    def _after(self, key: Mapping[str, Any]) -> tuple[int, int]:
        pair = number_of(key["k"]["S"])
        mondays = [week.monday for week in self._histories[pair % HISTORIES]]
        return pair, mondays.index(key["t"]["S"]) + 1

    @cached_property
    def _histories(self) -> list[list[_Week]]:
        rng = Random(f"histories {self._seed}")
        return [list(_weeks(_history(rng, self.days))) for _ in range(min(HISTORIES, self.pairs))]


def pair_of(number: int) -> str:
    """The key of a pair."""
    round_, device = divmod(number, DEVICES)
    peer = (device + round_) % PEERS
    return join_pair(
        f"10.0.{device // 250}.{device % 250 + 1}",
        f"52.9.{peer // 250}.{peer % 250 + 1}",
    )


def number_of(pair: str) -> int:
    """The number from which `pair_of` made a key."""
    device, peer = (
        (int(high) * 250 + int(low) - 1) for high, low in (end.split(".")[2:] for end in pair.split(">"))
    )
    return (peer - device) % PEERS * DEVICES + device


def _history(rng: Random, days: int) -> list[Totals]:
    level, spread = exp(rng.uniform(2, 7)), rng.uniform(0.05, 0.4)
    weekend = rng.choice([0.3, 3]) if rng.random() < _RHYTHMIC else 1
    with_story = rng.random() < _WITH_STORY
    day_of_story, factor = rng.randrange(days), rng.uniform(2, 10)
    is_step = rng.random() < 0.5
    history = []
    for day in range(days):
        size = level * exp(rng.gauss(0, spread)) * (weekend if day % 7 >= 5 else 1)
        if with_story and (day >= day_of_story if is_step else day == day_of_story):
            size *= factor
        flows = 1 + int(size)
        history.append(Totals(int(flows * rng.uniform(8e6, 9e6)), int(flows * rng.uniform(11, 12)), flows))
    return history


def _weeks(history: list[Totals]) -> Iterator[_Week]:
    weeks: dict[str, dict[str, dict[str, Any]]] = {}
    for number, totals in enumerate(history):
        monday, weekday = week_of((FIRST_DAY + timedelta(number)).isoformat())
        numbers = weeks.setdefault(monday, {})
        for name, value in zip(DAY_ATTRIBUTES[weekday], totals, strict=True):
            numbers[name] = {"N": str(value)}
    for monday, numbers in weeks.items():
        files = len(numbers) // 3
        item: dict[str, Any] = {"t": {"S": monday}, **numbers}
        bookkeeping = {"r": {"N": str(files)}, "u": {"N": "1670000000"}}
        marks = {"s": {"BS": [_FILE] * files}}
        size = len("k") + item_size({**item, **bookkeeping}) + len("s") + 8 * files
        rest = b"," + orjson.dumps({**bookkeeping, **marks})[1:-1]
        yield _Week(monday, orjson.dumps(item)[1:-1], rest, size)
