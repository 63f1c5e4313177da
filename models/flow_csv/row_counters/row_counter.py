"""The quick way through the rows of a flow file: those that are beyond doubt.

A row is beyond doubt if it has the right number of fields, two plain numbers, and addresses and date spelled
exactly as in a row that was checked before; the library knows others by itself. With these, the careful way
would do the same. The first other line is given back for the careful way to decide.
"""

import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from models.flow_csv.headers.columns import Columns
from models.flow_csv.parts import NO_LIMIT, PLACES, Part, Pass
from models.flow_csv.row_counters.native_row_counter import NativeRowCounter, Spelling, library
from models.flow_csv.values import DAY_WIDTH, MAX_VALUE, Day
from models.traffic import CountedDay, PairDay

if TYPE_CHECKING:
    from models.flow_csv.units import UnitRows

_MOST_PAIR_DAYS = 100_000  # in hand: as objects of Python's they take ten times the memory of the library's
_MOST_SPELLINGS = 1 << 15  # of pair-days that are remembered, some 10 MB
_MAX_DIGITS = 18  # of a number that is beyond doubt: as many as the library takes


class RowCounter(Protocol):
    """Counts the rows of one file, or of those pairs of it that are in a part."""

    @property
    def part(self) -> Part:
        """The pairs that are counted; whenever there are too many pair-days, one half of them goes on."""
        ...

    @property
    def rows(self) -> int:
        """Rows that count, those of other parts among them; in a first pass all of them."""
        ...

    @property
    def in_hand(self) -> int:
        """Distinct pair-days that were counted."""
        ...

    def widen(self, width: int) -> None:
        """From here on, rows have so many fields."""
        ...

    def pass_over(self, header: bytes) -> None:
        """From here on, lines like this one are headers, and may be passed over like blank ones."""
        ...

    def count_known(self, text: bytes, start: int) -> tuple[int, int]:
        """Counts rows up to the first line that is not beyond doubt.

        Args:
            text: lines without CR; only the last may lack its end.
            start: offset of the line to begin with.

        Returns:
            The offset of the line in doubt, or the length of the text; and how many lines came before it:
            rows that were counted, blank ones and headers.
        """
        ...

    def add(self, spelling: Spelling, pair_day: PairDay, duration: int, packets: int) -> None:
        """Counts a row that was checked, and remembers how it is spelled.

        Args:
            spelling: the bytes of source, destination, and of what of the timestamp decides the day.
            pair_day: what they mean.
            duration: µs.
            packets: in forward direction.
        """
        ...

    def days(self) -> Iterable[Day]:
        """The days of rows that were counted although nobody had checked one of that day, among others."""
        ...

    def portions(self) -> Iterator[list[CountedDay]]:
        """What was counted, all days of a pair together; nothing more can be counted then."""
        ...


def new_row_counter(
    columns: Columns, width: int, reading: Pass, units: "UnitRows | None" = None
) -> RowCounter:
    """The fastest that there is on this machine.

    Args:
        columns: where the five values stand.
        width: fields of a row.
        reading: which pairs are counted.
        units: of durations, and what rows prove of it; None if their unit needs no proof.
    """
    loaded = library()
    if loaded:
        return NativeRowCounter(loaded, columns, width, reading, units)
    return PythonRowCounter(columns, width, reading, units)


class PythonRowCounter:
    """Counts rows in Python, for machines without a library, but none whose unit is to be proved."""

    def __init__(self, columns: Columns, width: int, reading: Pass, units: "UnitRows | None" = None) -> None:
        self.part = reading.part
        self._columns = columns
        self._width = width
        self._limit = reading.limit if reading.limit == NO_LIMIT else min(reading.limit, _MOST_PAIR_DAYS)
        self._at_once = reading.at_once
        self._is_to_prove = units is not None
        self._sums: dict[PairDay, list[int]] = {}  # duration, packets, flows
        self._elsewhere = [0, 0, 0]
        self._spelled: dict[Spelling, list[int]] = {}  # the same lists

    @property
    def rows(self) -> int:
        """Rows of all parts."""
        return self._elsewhere[2] + sum(sums[2] for sums in self._sums.values())

    @property
    def in_hand(self) -> int:
        """Distinct pair-days that were counted."""
        return len(self._sums)

    def widen(self, width: int) -> None:
        """From here on, rows have so many fields."""
        self._width = width

    def pass_over(self, header: bytes) -> None:
        """Gives them back like any other line that is no row."""

    def count_known(self, text: bytes, start: int) -> tuple[int, int]:
        """Counts rows up to the first line that is not beyond doubt."""
        if self._is_to_prove:
            return start, 0
        lines = io.BytesIO(text)
        stop = lines.seek(start)
        counted = 0
        for line in lines:
            if not self._count_row(line.removesuffix(b"\n")):
                break
            counted += 1
            stop += len(line)
        return stop, counted

    def _count_row(self, line: bytes) -> bool:
        """Counts a row if it is beyond doubt."""
        if line.count(b",") != self._width - 1 or b'"' in line or b"\0" in line:
            return False
        source, destination, timestamp, duration, packets = self._columns
        fields = line.split(b",", max(self._columns) + 1)
        if not (fields[duration].isdigit() and fields[packets].isdigit()):
            return False
        sums = self._spelled.get((fields[source], fields[destination], fields[timestamp][:DAY_WIDTH]))
        if sums is None or max(len(fields[duration]), len(fields[packets])) > _MAX_DIGITS:
            return False
        microseconds, count = int(fields[duration]), int(fields[packets])
        if microseconds > MAX_VALUE or count > MAX_VALUE:
            return False
        sums[0] += microseconds
        sums[1] += count
        sums[2] += 1
        return True

    def add(self, spelling: Spelling, pair_day: PairDay, duration: int, packets: int) -> None:
        """Counts a row that was checked, and remembers how it is spelled."""
        sums = self._sums.setdefault(pair_day, [0, 0, 0]) if self._is_here(pair_day) else self._elsewhere
        sums[0] += duration
        sums[1] += packets
        sums[2] += 1
        if len(self._spelled) >= _MOST_SPELLINGS:
            self._spelled.clear()
        self._spelled[spelling] = sums
        while len(self._sums) > self._limit:
            self._narrow()

    def days(self) -> Iterable[Day]:
        """None: each is that of a row that was added."""
        return ()

    def portions(self) -> Iterator[list[CountedDay]]:
        """What was counted, all days of a pair together."""
        if len(self._sums) > self._at_once:
            self._sums = dict(sorted(self._sums.items()))
        portion: list[CountedDay] = []
        last = None
        for pair_day, sums in self._sums.items():
            if len(portion) >= self._at_once and pair_day[:2] != last:
                yield portion
                portion = []
            duration, packets, flows = sums
            portion.append((*pair_day, duration, packets, flows))
            last = pair_day[:2]
        if portion:
            yield portion

    def _is_here(self, pair_day: PairDay) -> bool:
        return self.part.begin <= _place(pair_day) < self.part.end

    def _narrow(self) -> None:
        """Keeps one half of the pairs."""
        if len({*map(_place, self._sums)}) == 1:
            self._limit *= 2
            return
        self.part = self.part.half()
        for pair_day in [pair_day for pair_day in self._sums if not self._is_here(pair_day)]:
            self._elsewhere[2] += self._sums.pop(pair_day)[2]
        self._spelled.clear()


def _place(pair_day: PairDay) -> int:
    """Where a pair stands among all, of which a part has some."""
    return hash(pair_day[:2]) % PLACES
