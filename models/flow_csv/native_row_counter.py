"""The quick way through the rows of a flow file in C, where there is a library for this machine.

`native_row_counter.c` needs nothing but a C library, so one file of a few kilobytes for each kind of machine
serves every Python. `python -m models.flow_csv.build_native` compiles them, anywhere, to the same bytes.
"""

import ctypes
import os
import sys
import weakref
from functools import cache
from pathlib import Path

from models.flow_csv.csv_format import Columns
from models.flow_csv.values import MAX_VALUE
from models.traffic import PairDay, Totals

Spelling = tuple[bytes, bytes, bytes]


@cache
def library() -> ctypes.CDLL | None:
    """The library for this machine; None if there is none, or it cannot be loaded here."""
    if sys.platform != "linux":
        return None
    try:
        loaded = ctypes.CDLL(str(library_path(os.uname().machine)))
    except OSError:  # another processor, or another C library than glibc
        return None
    size, pointer, text = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_char_p
    loaded.rows_new.restype = pointer
    loaded.rows_new.argtypes = [ctypes.POINTER(ctypes.c_int32), ctypes.c_int32, ctypes.c_uint64]
    loaded.rows_free.restype = None
    loaded.rows_free.argtypes = [pointer]
    loaded.rows_count.restype = size
    loaded.rows_count.argtypes = [pointer, text, size, size, ctypes.POINTER(ctypes.c_uint64)]
    loaded.rows_add.restype = ctypes.c_int
    loaded.rows_add.argtypes = [
        *(pointer, text, size, text, size, text, size),
        *(ctypes.c_uint32, ctypes.c_uint64, ctypes.c_uint64),
    ]
    loaded.rows_totals.restype = None
    loaded.rows_totals.argtypes = [pointer, ctypes.c_uint32, ctypes.POINTER(ctypes.c_uint64)]
    return loaded


def library_path(machine: str) -> Path:
    """Where the library for a kind of machine lies (`x86_64` or `aarch64`)."""
    return Path(__file__).with_name(f"native_row_counter-{machine}.so")


class NativeRowCounter:
    """Counts rows by the library; `models.flow_csv.row_counter.RowCounter` says what each method does.

    Args:
        loaded: the library.
        columns: where the five values stand.
        width: fields of a row.

    Raises:
        MemoryError: there is none left.
    """

    def __init__(self, loaded: ctypes.CDLL, columns: Columns, width: int) -> None:
        self._library = loaded
        self._slots: dict[PairDay, int] = {}
        self._counter = loaded.rows_new((ctypes.c_int32 * len(columns))(*columns), width, MAX_VALUE)
        if not self._counter:
            raise MemoryError
        weakref.finalize(self, loaded.rows_free, self._counter)

    def count_known(self, text: bytes, start: int) -> tuple[int, int]:
        """Counts rows up to the first line that is not beyond doubt."""
        counted = ctypes.c_uint64(0)
        stop = self._library.rows_count(self._counter, text, start, len(text), counted)
        return stop, counted.value

    def add(self, spelling: Spelling, pair_day: PairDay, duration: int, packets: int) -> None:
        """Counts a row that was checked, and remembers how it is spelled."""
        slot = self._slots.setdefault(pair_day, len(self._slots))
        source, destination, date = spelling
        spelled = source, len(source), destination, len(destination), date, len(date)
        if not self._library.rows_add(self._counter, *spelled, slot, duration, packets):
            raise MemoryError

    def totals(self) -> dict[PairDay, Totals]:
        """What was counted."""
        found = (ctypes.c_uint64 * 5)()
        return {pair_day: self._totals_of(slot, found) for pair_day, slot in self._slots.items()}

    def _totals_of(self, slot: int, found: "ctypes.Array[ctypes.c_uint64]") -> Totals:
        self._library.rows_totals(self._counter, slot, found)
        duration, duration_high, packets, packets_high, flows = found
        return Totals(duration_high << 64 | duration, packets_high << 64 | packets, flows)
