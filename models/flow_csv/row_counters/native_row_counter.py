"""The quick way through the rows of a flow file in C, where there is a library for this machine.

`native_row_counter.c` needs nothing but a C library, so one file of a few kilobytes for each kind of machine
serves every Python. `python -m models.flow_csv.row_counters.build_native` compiles them, anywhere, to the
same bytes.
"""

import ctypes
import gc
import os
import sys
from array import array
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from models.flow_csv.headers.columns import Columns
from models.flow_csv.parts import Part, Pass
from models.flow_csv.values import FIRST_YEAR, LAST_YEAR, MAX_VALUE, Day, day_of
from models.traffic import CountedDay, PairDay

if TYPE_CHECKING:
    from models.flow_csv.units import UnitRows

Spelling = tuple[bytes, bytes, bytes]

_BEGIN = date(FIRST_YEAR, 1, 1).toordinal()
_DAYS = date(LAST_YEAR + 1, 1, 1).toordinal() - _BEGIN
_YEAR_FIRST, _YEAR_LAST = 1, 2  # how a day was spelled

_MOST = (1 << 32) - 1  # of what it counts in 32 bits
_FOUND = 1024  # pair-days that the library gives at a time
_TEXT = 80  # bytes of two addresses
SECRET = (ctypes.c_uint64 * 2).from_buffer_copy(os.urandom(16))  # of this process: see the library
SECRET[1] |= 1  # an even factor would lose what words differ in


@cache
def library() -> ctypes.CDLL | None:
    """The library for this machine; None if there is none, or it cannot be loaded here."""
    if sys.platform != "linux":
        return None
    try:
        loaded = ctypes.CDLL(library_path(os.uname().machine))
    except OSError:  # another processor, or another C library than glibc
        return None
    size, pointer, text = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_char_p
    one, many = ctypes.c_uint64, ctypes.POINTER(ctypes.c_uint64)
    loaded.rows_new.restype = pointer
    loaded.rows_new.argtypes = [
        *(ctypes.POINTER(ctypes.c_int32), ctypes.c_int32, one, many, one, one, one, ctypes.c_int32),
    ]
    loaded.rows_free.restype = None
    loaded.rows_free.argtypes = [pointer]
    loaded.rows_widen.restype = None
    loaded.rows_widen.argtypes = [pointer, ctypes.c_int32]
    loaded.rows_pass_over.restype = ctypes.c_int
    loaded.rows_pass_over.argtypes = [pointer, text, size]
    loaded.rows_prove.restype = None
    loaded.rows_prove.argtypes = [pointer, ctypes.POINTER(ctypes.c_int32), ctypes.c_int32, pointer]
    loaded.rows_count.restype = size
    loaded.rows_count.argtypes = [pointer, text, size, size, many]
    loaded.rows_add.restype = ctypes.c_int
    loaded.rows_add.argtypes = [pointer, text, size, size, size, text, size, size, size, one, one]
    loaded.rows_all.restype = loaded.rows_size.restype = one
    loaded.rows_days.restype = pointer
    number = ctypes.c_uint32
    loaded.rows_in_hand.restype = number
    for asked in (loaded.rows_all, loaded.rows_size, loaded.rows_days, loaded.rows_in_hand):
        asked.argtypes = [pointer]
    loaded.rows_portion.restype, loaded.rows_portion.argtypes = number, [pointer, number]
    loaded.rows_found.restype, loaded.rows_found.argtypes = size, [pointer, number, text, pointer]
    return loaded


def library_path(machine: str) -> str:
    """Where the library for a kind of machine lies (`x86_64` or `aarch64`)."""
    return f"{__file__.removesuffix('.py')}-{machine}.so"


class NativeRowCounter:
    """Counts rows by the library; `RowCounter` beside this file says what each method does.

    Args:
        loaded: the library.
        columns: where the five values stand.
        width: fields of a row.
        reading: which pairs are counted.
        units: of durations, and what rows prove of it; None if their unit needs no proof.

    Raises:
        MemoryError: there is none left.
    """

    def __init__(
        self,
        loaded: ctypes.CDLL,
        columns: Columns,
        width: int,
        reading: Pass,
        units: "UnitRows | None" = None,
    ) -> None:
        self._library = loaded
        self._part, self._at_once = reading.part, reading.at_once
        self._counted = ctypes.c_uint64()
        places = (ctypes.c_int32 * len(columns))(*columns)
        part = reading.part.begin, reading.part.size, reading.limit
        self._counter = loaded.rows_new(places, width, MAX_VALUE, SECRET, *part, not reading.is_first)
        if not self._counter:
            raise MemoryError
        if units:
            self._proofs = units.proofs  # as long as the library adds to it
            each = *columns, units.columns.backward, units.columns.rate
            power = len(str(units.unit.value)) - 1
            loaded.rows_prove(
                self._counter, (ctypes.c_int32 * len(each))(*each), power, ctypes.byref(self._proofs)
            )

    def __del__(self) -> None:
        self._library.rows_free(self._counter)

    def widen(self, width: int) -> None:
        """From here on, rows have so many fields."""
        self._library.rows_widen(self._counter, width)

    def pass_over(self, header: bytes) -> None:
        """From here on, lines like this one are headers."""
        if not self._library.rows_pass_over(self._counter, header, len(header)):
            raise MemoryError

    def count_known(self, text: bytes, start: int) -> tuple[int, int]:
        """Counts rows up to the first line that is not beyond doubt."""
        self._counted.value = 0
        stop = self._library.rows_count(self._counter, text, start, len(text), self._counted)
        return stop, self._counted.value

    def add(self, spelling: Spelling, pair_day: PairDay, duration: int, packets: int) -> None:
        """Counts a row that was checked, and remembers how it is spelled."""
        spelled = b"".join(spelling), *map(len, spelling)
        meant = "".join(pair_day).encode(), *map(len, pair_day)
        if not self._library.rows_add(self._counter, *spelled, *meant, duration, packets):
            raise MemoryError

    @property
    def part(self) -> Part:
        """The pairs that are counted."""
        return self._part.first(self._library.rows_size(self._counter))

    @property
    def rows(self) -> int:
        """Rows of all parts."""
        found: int = self._library.rows_all(self._counter)
        return found

    @property
    def in_hand(self) -> int:
        """Distinct pair-days that were counted."""
        found: int = self._library.rows_in_hand(self._counter)
        return found

    def days(self) -> Iterator[Day]:
        """Those of rows that nobody else has looked at."""
        seen = ctypes.string_at(self._library.rows_days(self._counter), _DAYS)
        for how in (_YEAR_FIRST, _YEAR_LAST, _YEAR_FIRST | _YEAR_LAST):
            number = seen.find(how)  # a search of C's: few of 47,000 days are in a file
            while number >= 0:
                when = date.fromordinal(_BEGIN + number)
                if how & _YEAR_FIRST:
                    yield day_of(when, is_year_last=False)
                if how & _YEAR_LAST:
                    yield day_of(when, is_year_last=True)
                number = seen.find(how, number + 1)

    def portions(self) -> Iterator[list[CountedDay]]:
        """What was counted, all days of a pair together; nothing more can be counted then."""
        found = _Found(self._library, self._counter)
        while number := self._library.rows_portion(self._counter, min(self._at_once, _MOST)):
            yield self._portion(found, number)

    def _portion(self, found: "_Found", number: int) -> list[CountedDay]:
        """Of so many pair-days."""
        was_enabled = gc.isenabled()
        gc.disable()  # nothing among thousands of tuples is to be collected, but looking takes its time
        try:
            days: list[CountedDay] = []
            for first in range(0, number, _FOUND):
                days.extend(found.next(min(_FOUND, number - first)))
            return days
        finally:
            if was_enabled:
                gc.enable()


class _Found:
    """Takes what was counted from the library, without a call of Python's for each of millions.

    Args:
        loaded: the library.
        counter: that of the library.
    """

    def __init__(self, loaded: ctypes.CDLL, counter: int) -> None:
        self._library = loaded
        self._counter = counter
        self._days = _Days()
        self._text = ctypes.create_string_buffer(_FOUND * _TEXT)
        self._numbers = array("Q", bytes(6 * 8 * _FOUND))

    def next(self, number: int) -> Iterable[CountedDay]:
        """So many pair-days, `_FOUND` at most."""
        numbers = self._numbers
        length = self._library.rows_found(self._counter, number, self._text, numbers.buffer_info()[0])
        names = ctypes.string_at(self._text, length).decode("ascii").split("\n")
        columns = [numbers[first : first + number] for first in range(0, 6 * number, number)]
        when, duration, duration_high, packets, packets_high, flows = columns
        days = map(self._days.__getitem__, when)
        sums = _whole(duration, duration_high), _whole(packets, packets_high), flows
        return zip(names[:-1:2], names[1::2], days, *sums, strict=True)


class _Days(dict[int, str]):
    """ISO 8601 of days that are counted from the first that counts."""

    def __missing__(self, number: int) -> str:
        day = self[number] = date.fromordinal(_BEGIN + number).isoformat()
        return day


def _whole(low: "array[int]", high: "array[int]") -> Iterable[int]:
    """Numbers of which both halves of 64 bits are given."""
    if not any(high):
        return low
    return [above << 64 | below for below, above in zip(low, high, strict=True)]
