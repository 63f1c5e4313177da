"""The parts in which a file is read that has more pairs than memory shall hold.

Pairs are parted by the place that a hash of their canonical addresses gives them, so that all days of a
pair, in all spellings, are in one part. The hash is that of the running process: a part means nothing to
another.
"""

import sys
from enum import Enum
from math import ceil, sqrt
from typing import NamedTuple

from models.flow_csv.notes import Note

PAIR_DAYS = 450_000  # distinct ones in hand at most, of 70 bytes each, or 90 if of IPv6: some 40 MB
AT_ONCE = 10_000  # of them that are given at a time: as objects of Python's, each takes 300 bytes
NO_LIMIT = sys.maxsize
PLACES = 1 << 32


class Part(NamedTuple):
    """The pairs in certain places."""

    begin: int = 0
    end: int = PLACES

    @property
    def size(self) -> int:
        """How many places there are."""
        return self.end - self.begin

    def half(self) -> "Part":
        """The first half of the places."""
        return self.first((self.size + 1) // 2)

    def first(self, size: int) -> "Part":
        """So many places from the beginning."""
        return Part(self.begin, self.begin + size)

    def behind(self, kept: "Part", pair_days: int, limit: int) -> tuple["Part", ...]:
        """The parts in which the rest is to be read: as few as may be, but none is likely to have too many.

        Args:
            kept: where this one begins, the part that was counted to the end.
            pair_days: distinct ones that were in it.
            limit: those that one may have.
        """
        rest = self.end - kept.end
        number = min(ceil(rest / kept.size), _parts_of(pair_days * rest / kept.size, limit))
        bounds = [kept.end + rest * n // number for n in range(number + 1)] if rest else []
        return tuple(Part(*bounds[n : n + 2]) for n in range(len(bounds) - 1))


def _parts_of(pair_days: float, limit: int) -> int:
    """In how many parts so many keep to a limit: of n on average, chance brings n + 4 * sqrt(n) at most."""
    expected = (sqrt(limit + 4) - 2) ** 2
    return max(1, ceil(pair_days / expected))


class Unit(Enum):
    """What a duration counts; the value is how many microseconds."""

    SECONDS = 1_000_000
    MICROSECONDS = 1

    @property
    def note(self) -> Note:
        """The note on a file whose rows prove it."""
        return Note.UNIT_SECONDS if self is Unit.SECONDS else Note.UNIT_MICROSECONDS


class Pass(NamedTuple):
    """One reading of a file, from its beginning to its end.

    Attributes:
        part: the pairs that are counted; a counter keeps one half of them whenever it has too many.
        limit: distinct pair-days in hand at most. The days of one pair are never parted.
        unit: of the durations; None for those of CICFlowMeter, or if it is not known yet.
        is_first: whether nobody has looked at the rows yet. Later, those of other parts are passed over.
    """

    part: Part = Part()
    limit: int = NO_LIMIT
    unit: Unit | None = None
    is_first: bool = True

    @property
    def at_once(self) -> int:
        """Pair-days that are given at a time: all of them if there is no limit."""
        return AT_ONCE if self.limit < NO_LIMIT else NO_LIMIT
