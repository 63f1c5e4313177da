"""The quick way through the rows of a flow file in C, where there is a library for this machine.

`native_row_counter.c` needs nothing but a C library, so one file of a few kilobytes for each kind of machine
serves every Python. `python -m models.flow_csv.row_counters.build_native` compiles them, anywhere, to the
same bytes.
"""

import ctypes
import os
import sys
from functools import cache

from models.flow_csv.headers import Columns
from models.flow_csv.parts import Pass
from models.flow_csv.values import MAX_VALUE
from models.traffic import PairDay, Totals

Spelling = tuple[bytes, bytes, bytes]

_ELSEWHERE = 0  # the slot that takes the rows of other parts
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
        *(ctypes.POINTER(ctypes.c_int32), ctypes.c_int32, one, many, one, one, ctypes.c_int32),
    ]
    loaded.rows_free.restype = None
    loaded.rows_free.argtypes = [pointer]
    loaded.rows_widen.restype = None
    loaded.rows_widen.argtypes = [pointer, ctypes.c_int32]
    loaded.rows_count.restype = size
    loaded.rows_count.argtypes = [pointer, text, size, size, many]
    loaded.rows_add.restype = ctypes.c_int
    loaded.rows_add.argtypes = [pointer, text, size, text, size, text, size, ctypes.c_uint32, one, one]
    loaded.rows_is_in.restype = ctypes.c_int
    loaded.rows_is_in.argtypes = [pointer, text, size, text, size, one, one]
    loaded.rows_narrow.restype = None
    loaded.rows_narrow.argtypes = [pointer, one, one, text, ctypes.c_uint32]
    loaded.rows_totals.restype = None
    loaded.rows_totals.argtypes = [pointer, ctypes.c_uint32, many]
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

    Raises:
        MemoryError: there is none left.
    """

    def __init__(self, loaded: ctypes.CDLL, columns: Columns, width: int, reading: Pass) -> None:
        self.part = reading.part
        self._library = loaded
        self._limit = reading.limit
        self._slots: dict[PairDay, int] = {}
        self._free_slots: list[int] = []
        self._counted = ctypes.c_uint64()
        places = (ctypes.c_int32 * len(columns))(*columns)
        part, is_checked = (self.part.mask, self.part.value), not reading.is_first
        self._counter = loaded.rows_new(places, width, MAX_VALUE, SECRET, *part, is_checked)
        if not self._counter:
            raise MemoryError

    def __del__(self) -> None:
        self._library.rows_free(self._counter)

    def widen(self, width: int) -> None:
        """From here on, rows have so many fields."""
        self._library.rows_widen(self._counter, width)

    def count_known(self, text: bytes, start: int) -> tuple[int, int]:
        """Counts rows up to the first line that is not beyond doubt."""
        self._counted.value = 0
        stop = self._library.rows_count(self._counter, text, start, len(text), self._counted)
        return stop, self._counted.value

    def add(self, spelling: Spelling, pair_day: PairDay, duration: int, packets: int) -> None:
        """Counts a row that was checked, and remembers how it is spelled."""
        slot = self._slots.get(pair_day)
        if slot is None:
            slot = self._new_slot(pair_day)
        source, destination, date = spelling
        spelled = source, len(source), destination, len(destination), date, len(date)
        if not self._library.rows_add(self._counter, *spelled, slot, duration, packets):
            raise MemoryError
        while len(self._slots) > self._limit:
            self._narrow()

    @property
    def elsewhere(self) -> int:
        """Rows of other parts."""
        return self._totals_of(_ELSEWHERE, (ctypes.c_uint64 * 5)()).flows

    def totals(self) -> dict[PairDay, Totals]:
        """What was counted."""
        found = (ctypes.c_uint64 * 5)()
        return {pair_day: self._totals_of(slot, found) for pair_day, slot in self._slots.items()}

    def _totals_of(self, slot: int, found: "ctypes.Array[ctypes.c_uint64]") -> Totals:
        self._library.rows_totals(self._counter, slot, found)
        duration, duration_high, packets, packets_high, flows = found
        return Totals(duration_high << 64 | duration, packets_high << 64 | packets, flows)

    def _new_slot(self, pair_day: PairDay) -> int:
        if self.part.bits and not self._is_here(pair_day):
            return _ELSEWHERE
        slot = self._free_slots.pop() if self._free_slots else len(self._slots) + 1
        self._slots[pair_day] = slot
        return slot

    def _is_here(self, pair_day: PairDay) -> bool:
        source, destination = pair_day.source.encode(), pair_day.destination.encode()
        pair = source, len(source), destination, len(destination)
        return bool(self._library.rows_is_in(self._counter, *pair, self.part.mask, self.part.value))

    def _narrow(self) -> None:
        """Keeps one half of the pairs."""
        if len({pair_day[:2] for pair_day in self._slots}) == 1:
            self._limit *= 2
            return
        self.part = self.part.half()
        is_elsewhere = bytearray(len(self._slots) + len(self._free_slots) + 1)
        for pair_day in [pair_day for pair_day in self._slots if not self._is_here(pair_day)]:
            slot = self._slots.pop(pair_day)
            is_elsewhere[slot] = 1
            self._free_slots.append(slot)
        part = self.part.mask, self.part.value
        self._library.rows_narrow(self._counter, *part, bytes(is_elsewhere), len(is_elsewhere))
