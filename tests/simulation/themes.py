"""What a schedule is mostly about: some coincidences come about in one theme only."""

from enum import StrEnum
from random import Random

HOUR = 3600


class Theme(StrEnum):
    """What most of a schedule's files and faults are chosen for."""

    ANYTHING = "anything"
    ONE_PAIR = "one pair"  # many files with the same days of one pair, and several readers
    LONG_SILENCE = "long silence"  # nothing is consolidated for longer than the stream keeps its records
    BACKFILL = "backfill"  # a file with up to hundreds of days of a pair
    SHORT_MEMORY = "short memory"  # pairs remember few days, so that forgetting meets everything else


_DRAWN = (
    *[Theme.ANYTHING] * 10,
    *[Theme.ONE_PAIR] * 3,
    *[Theme.LONG_SILENCE] * 2,
    *[Theme.SHORT_MEMORY] * 2,
    Theme.BACKFILL,
)
SPANS = {  # seconds within which everything happens
    Theme.ANYTHING: (5, 300, 6 * HOUR, 30 * HOUR, 72 * HOUR),
    Theme.ONE_PAIR: (5, 60, 300, 1800),
    Theme.LONG_SILENCE: (72 * HOUR,),
    Theme.BACKFILL: (5, 300, 6 * HOUR),
    Theme.SHORT_MEMORY: (5, 60, 300, 1800),
}
_ANY_FILES = (*(("few", "few"),) * 3, *(("many", "many"),) * 2, ("few many", "few many"))
FILES = {  # scales of the first file, and of those that follow
    Theme.ANYTHING: _ANY_FILES,
    Theme.ONE_PAIR: (("many", "many"),),
    Theme.LONG_SILENCE: _ANY_FILES,
    Theme.BACKFILL: (("backfill", "few"),),
    Theme.SHORT_MEMORY: (("few", "few"),),
}
SUMMARIZERS = ((1, 0), (2, 0), (0, 1), (0, 2), (1, 1), (2, 2))  # on VMs, on Lambda
CONSOLIDATORS = {  # on VMs, on Lambda
    Theme.ANYTHING: ((1, 0), (2, 0), (3, 0), (0, 1), (1, 1), (1, 1), (2, 1)),
    Theme.ONE_PAIR: ((2, 0), (1, 1), (2, 1)),
    Theme.LONG_SILENCE: ((1, 0), (2, 0)),
    Theme.BACKFILL: ((1, 0), (0, 1), (1, 1)),
    Theme.SHORT_MEMORY: ((1, 0), (0, 1), (1, 1)),
}


def theme_of(seed: int) -> Theme:
    """The theme of a seed's schedule."""
    return Random(f"{seed} theme").choice(_DRAWN)
