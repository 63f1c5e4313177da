"""The days of a pair, device or network as columns: sixty days are four lists, and not sixty objects."""

from collections.abc import Iterator, Mapping
from operator import add
from typing import Self

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


class DailySums:
    """Adds histories up, day by day."""

    __slots__ = ("_begin", "_durations", "_flows", "_packets")

    def __init__(self) -> None:
        self._begin = 0
        self._durations: list[int] = []
        self._packets: list[int] = []
        self._flows: list[int] = []

    def add(self, history: History) -> Self:
        """Takes a history that has days."""
        numbers = history.numbers
        self._make_room(numbers[0], numbers[-1])
        first, end = numbers[0] - self._begin, numbers[-1] - self._begin + 1
        columns = (
            (self._durations, history.durations),
            (self._packets, history.packets),
            (self._flows, history.flows),
        )
        for sums, values in columns:
            if end - first == len(numbers):
                sums[first:end] = map(add, sums[first:end], values)
            else:
                for number, value in zip(numbers, values, strict=True):
                    sums[number - self._begin] += value
        return self

    def history(self) -> History:
        """What they add up to."""
        history = History()
        for place, flows in enumerate(self._flows):
            if flows:
                history.append(self._begin + place, self._durations[place], self._packets[place], flows)
        return history

    def _make_room(self, first: int, last: int) -> None:
        if not self._flows:
            self._begin = first
        before = max(0, self._begin - first)
        after = max(0, last + 1 - self._begin - len(self._flows))
        if before or after:
            self._begin -= before
            for sums in (self._durations, self._packets, self._flows):
                sums[:0] = [0] * before
                sums.extend([0] * after)
