"""The days of a pair, device or network as columns: sixty days are four lists, and not sixty objects."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Self

from models.days import day_of, ordinal
from models.traffic import Totals


class History(Mapping[str, Totals]):
    """Totals by day for whoever looks one up, and columns for whoever goes over all of them.

    Attributes:
        numbers: ordinals of the days with flows, rising.
        durations: total flow duration of each, µs.
        packets: total forward packets of each.
        flows: number of flows of each.
    """

    __slots__ = ("durations", "flows", "numbers", "packets")

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.durations: list[int] = []
        self.packets: list[int] = []
        self.flows: list[int] = []

    @classmethod
    def of(cls, days: Mapping[str, Totals]) -> "History":
        """The same totals as columns."""
        if isinstance(days, History):
            return days
        history = cls()
        for day in sorted(days):
            history.append(ordinal(day), *days[day])
        return history

    def append(self, number: int, duration: int, packets: int, flows: int) -> None:
        """Takes a day later than all others; or in any order, if `in_order` is asked afterwards."""
        self.numbers.append(number)
        self.durations.append(duration)
        self.packets.append(packets)
        self.flows.append(flows)

    def extend(self, numbers: list[int], durations: list[int], packets: list[int], flows: list[int]) -> None:
        """Takes days, column by column, as `append` takes one."""
        self.numbers += numbers
        self.durations += durations
        self.packets += packets
        self.flows += flows

    def in_order(self) -> "History":
        """The same with its days rising."""
        if self.numbers == sorted(self.numbers):
            return self
        return History.of(dict(self.items()))

    def between(self, first: int, last: int) -> "History":
        """The days from one to another, both among them."""
        chosen = History()
        for number, duration, packets, flows in zip(
            self.numbers, self.durations, self.packets, self.flows, strict=True
        ):
            if first <= number <= last:
                chosen.append(number, duration, packets, flows)
        return chosen

    def totals(self, position: int) -> Totals:
        """Of one of the days, by its place in the columns."""
        return Totals(self.durations[position], self.packets[position], self.flows[position])

    def __getitem__(self, day: str) -> Totals:
        try:
            return self.totals(self.numbers.index(ordinal(day)))
        except ValueError:
            raise KeyError(day) from None

    def __iter__(self) -> Iterator[str]:
        return map(day_of, self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)


class Packed(NamedTuple):
    """A history as three long numbers, which add up in one step each, see `DailySums`."""

    first: int  # ordinal of its first day
    columns: tuple[
        int, int, int
    ]  # durations, packets and flows: a day in every `_WIDTH` bytes, the first lowest

    @classmethod
    def of(cls, history: History) -> "Packed":
        """A history that has days."""
        durations, packets, flows = (
            _packed(history.numbers, values) for values in (history.durations, history.packets, history.flows)
        )
        return cls(history.numbers[0], (durations, packets, flows))


class DailySums:
    """Adds histories up, day by day, as long numbers: sixty days are three additions, and not 180."""

    __slots__ = ("_begin", "_columns")

    def __init__(self) -> None:
        self._begin = 0
        self._columns = (0, 0, 0)

    def add(self, history: History) -> Self:
        """Takes a history that has days."""
        return self.add_packed(Packed.of(history))

    def add_packed(self, packed: Packed) -> Self:
        """Takes what was packed: once, for all the sums that it is added to."""
        durations, packets, flows = self._columns
        if not flows:
            self._begin, self._columns = packed
            return self
        earlier = (self._begin - packed.first) * 8 * _WIDTH
        if earlier > 0:
            durations, packets, flows = durations << earlier, packets << earlier, flows << earlier
            self._begin, later = packed.first, 0
        else:
            later = -earlier
        more = packed.columns
        if later:
            more = more[0] << later, more[1] << later, more[2] << later
        self._columns = durations + more[0], packets + more[1], flows + more[2]
        return self

    def history(self) -> History:
        """What they add up to."""
        history = History()
        count = -(-self._columns[2].bit_length() // (8 * _WIDTH))
        columns = [_unpacked(column, count) for column in self._columns]
        for place, (duration, packets, flows) in enumerate(zip(*columns, strict=True)):
            if flows:
                history.append(self._begin + place, duration, packets, flows)
        return history


_WIDTH = 24  # bytes: 2⁶⁴ numbers of 38 digits add up to no more


def _packed(numbers: Sequence[int], values: Sequence[int]) -> int:
    first, span = numbers[0], numbers[-1] - numbers[0] + 1
    if span != len(numbers):
        by_day = dict(zip(numbers, values, strict=True))
        values = [by_day.get(number, 0) for number in range(first, first + span)]
    try:
        content = _layout(span).pack(*values)
    except struct.error:  # beyond 64 bits
        content = b"".join(value.to_bytes(_WIDTH, "little") for value in values)
    return int.from_bytes(content, "little")


def _unpacked(column: int, count: int) -> Sequence[int]:
    words = struct.unpack(f"<{3 * count}Q", column.to_bytes(_WIDTH * count, "little"))
    lows, middles, highs = words[::3], words[1::3], words[2::3]
    if not any(middles) and not any(highs):
        return lows
    return [
        low + (middle << 64) + (high << 128) for low, middle, high in zip(lows, middles, highs, strict=True)
    ]


@lru_cache(maxsize=256)
def _layout(count: int) -> struct.Struct:
    return struct.Struct("<" + "Q16x" * count)
