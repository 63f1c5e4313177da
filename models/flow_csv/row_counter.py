"""The quick way through the rows of a flow file: those that are beyond doubt.

A row is beyond doubt if it has the right number of commas, nothing but digits in its two numbers, and
addresses and date spelled exactly as in a row that was checked before. With these, the careful way
would do the same. Every other line is given back for the careful way to decide.
"""

import io
from collections.abc import Iterable, Iterator
from typing import Protocol

from models.flow_csv.csv_format import DAY_WIDTH, MAX_VALUE, Columns
from models.flow_csv.native_row_counter import FastRows, Spelling, library
from models.traffic import PairDay, Totals

_MOST_SPELLINGS = 1 << 15  # of pair-days that are remembered, some 10 MB


class QuickRows(Protocol):
    """Counts the rows of one file.

    Attributes:
        last_line: number of the last line that `doubtful` was given, once it has come to its end.
    """

    last_line: int

    def doubtful(self, text: bytes, before: int) -> Iterator[tuple[int, bytes]]:
        """Counts the rows of whole lines that are beyond doubt.

        Args:
            text: lines without NUL and quotes; only the last may lack its end.
            before: number of the line before them in the file.

        Yields:
            Number and text of each other line, without its end, in their order. What is added meanwhile
            counts for the lines after it.
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

    def totals(self) -> dict[PairDay, Totals]:
        """What was counted."""
        ...


def quick_rows(columns: Columns, width: int) -> QuickRows:
    """The fastest way there is on this machine.

    Args:
        columns: where the five values stand.
        width: fields of a row.
    """
    loaded = library()
    return FastRows(loaded, columns, width) if loaded else PlainRows(columns, width)


class PlainRows:
    """Rows counted in Python, for machines without a library."""

    def __init__(self, columns: Columns, width: int) -> None:
        self._columns = columns
        self._width = width
        self._sums: dict[PairDay, list[int]] = {}  # duration, packets, flows
        self._spelled: dict[Spelling, list[int]] = {}  # the same lists
        self.last_line = 0

    def doubtful(self, text: bytes, before: int) -> Iterator[tuple[int, bytes]]:
        """Counts the rows that are beyond doubt, and yields the other lines."""
        source, destination, timestamp, duration, packets = self._columns
        commas, splits = self._width - 1, max(self._columns) + 1
        spelled, number = self._spelled, before
        for number, line in enumerate(self._lines(text), before + 1):
            if line.count(b",") == commas:
                fields = line.split(b",", splits)
                digits, more_digits = fields[duration], fields[packets]
                if digits.isdigit() and more_digits.isdigit():
                    try:
                        sums = spelled[fields[source], fields[destination], fields[timestamp][:DAY_WIDTH]]
                        microseconds, count = int(digits), int(more_digits)
                    except (KeyError, ValueError):  # not met before; thousands of digits
                        pass
                    else:
                        if microseconds <= MAX_VALUE and count <= MAX_VALUE:
                            sums[0] += microseconds
                            sums[1] += count
                            sums[2] += 1
                            continue
            yield number, line.removesuffix(b"\n")
        self.last_line = number

    def add(self, spelling: Spelling, pair_day: PairDay, duration: int, packets: int) -> None:
        """Counts a row that was checked, and remembers how it is spelled."""
        sums = self._sums.setdefault(pair_day, [0, 0, 0])
        sums[0] += duration
        sums[1] += packets
        sums[2] += 1
        if len(self._spelled) >= _MOST_SPELLINGS:
            self._spelled.clear()
        self._spelled[spelling] = sums

    def totals(self) -> dict[PairDay, Totals]:
        """What was counted."""
        return {pair_day: Totals(*sums) for pair_day, sums in self._sums.items()}

    def _lines(self, text: bytes) -> Iterable[bytes]:
        if b"\r" in text or max(self._columns) == self._width - 1:
            return text.splitlines()
        return io.BytesIO(text)  # finds lines fastest, but leaves the LF on the last field: none of the five
