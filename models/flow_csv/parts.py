"""The parts in which a file is read that has more pairs than memory shall hold.

Pairs are parted by the last bits of a hash of their canonical addresses, so that all days of a pair, in all
spellings, are in one part. The hash is that of the running process: a part means nothing to another.
"""

import sys
from enum import Enum
from typing import NamedTuple

from models.flow_csv.notes import Note

PAIR_DAYS = 100_000  # distinct ones in hand at most: with all else, some 80 MB
NO_LIMIT = sys.maxsize


class Part(NamedTuple):
    """The pairs whose hash ends with certain bits."""

    bits: int = 0  # how many; 0 for all pairs
    value: int = 0

    @property
    def mask(self) -> int:
        """Of those bits."""
        return (1 << self.bits) - 1

    def half(self) -> "Part":
        """One half of the pairs."""
        return Part(self.bits + 1, self.value)

    def without(self, kept: "Part") -> tuple["Part", ...]:
        """The other parts of the size of `kept`, which is one of this one's."""
        numbers = range(1 << (kept.bits - self.bits))
        alike = (Part(kept.bits, self.value | number << self.bits) for number in numbers)
        return tuple(part for part in alike if part != kept)


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
