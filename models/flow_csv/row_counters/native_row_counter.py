"""The quick way through the rows of a flow file in C, where there is a library for this machine.

`native_row_counter.c` needs nothing but a C library, so one file of a few kilobytes for each kind of machine
serves every Python. `python -m models.flow_csv.row_counters.build_native` compiles them, anywhere, to the
same bytes.
"""

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import repeat
from typing import TYPE_CHECKING

from models.flow_csv.headers import Columns
from models.flow_csv.parts import Part, Pass
from models.flow_csv.values import FIRST_YEAR, LAST_YEAR, MAX_VALUE, Day, day_of
from models.traffic import PairDay, Totals

if TYPE_CHECKING:
    from models.flow_csv.units import UnitRows

Spelling = tuple[bytes, bytes, bytes]

_BEGIN = date(FIRST_YEAR, 1, 1).toordinal()
_DAYS = date(LAST_YEAR + 1, 1, 1).toordinal() - _BEGIN
_YEAR_FIRST, _YEAR_LAST = 1, 2  # how a day was spelled

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
    loaded.rows_elsewhere.restype = loaded.rows_mask.restype = one
    loaded.rows_days.restype = pointer
    for asked in (loaded.rows_elsewhere, loaded.rows_mask, loaded.rows_days):
        asked.argtypes = [pointer]
    slot, length = ctypes.c_uint32, ctypes.POINTER(size)
    loaded.rows_found.restype = slot
    loaded.rows_found.argtypes = [pointer, slot, slot, text, many, ctypes.POINTER(slot), length]
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
        self._part = reading.part
        self._counted = ctypes.c_uint64()
        places = (ctypes.c_int32 * len(columns))(*columns)
        part = reading.part.mask, reading.part.value, reading.limit
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
        return self._part._replace(bits=self._library.rows_mask(self._counter).bit_length())

    @property
    def elsewhere(self) -> int:
        """Rows of other parts."""
        found: int = self._library.rows_elsewhere(self._counter)
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

    def totals(self) -> dict[PairDay, Totals]:
        """What was counted."""
        was_enabled = gc.isenabled()
        gc.disable()  # there is nothing to collect among 200,000 tuples, but looking takes half of the time
        try:
            return self._totals()
        finally:
            if was_enabled:
                gc.enable()

    def _totals(self) -> dict[PairDay, Totals]:
        totals: dict[PairDay, Totals] = {}
        days = _Days()
        text, numbers = ctypes.create_string_buffer(_FOUND * _TEXT), (ctypes.c_uint64 * (6 * _FOUND))()
        found, length = ctypes.c_uint32(), ctypes.c_size_t()
        slot = 1
        while slot:
            slot = self._library.rows_found(self._counter, slot, _FOUND, text, numbers, found, length)
            names = ctypes.string_at(text, length.value).decode("ascii").split("\n")
            columns = [numbers[first : first + found.value] for first in range(0, 6 * _FOUND, _FOUND)]
            when, duration, duration_high, packets, packets_high, flows = columns
            pair_days = zip(names[::2], names[1::2], map(days.__getitem__, when), strict=False)
            sums = zip(_whole(duration, duration_high), _whole(packets, packets_high), flows, strict=True)
            # Without a call of Python's for each of them, of which there may be 100,000.
            keys = map(tuple.__new__, repeat(PairDay), pair_days)
            totals.update(zip(keys, map(tuple.__new__, repeat(Totals), sums), strict=True))
        return totals


class _Days(dict[int, str]):
    """ISO 8601 of days that are counted from the first that counts."""

    def __missing__(self, number: int) -> str:
        day = self[number] = date.fromordinal(_BEGIN + number).isoformat()
        return day


def _whole(low: list[int], high: list[int]) -> list[int]:
    """Numbers of which both halves of 64 bits are given."""
    if not any(high):
        return low
    return [above << 64 | below for below, above in zip(low, high, strict=True)]
