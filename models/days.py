"""Days as numbers, for arithmetic: the ordinal of a date; a remainder by 7 of 1 is a Monday."""

from datetime import date
from functools import lru_cache


@lru_cache(maxsize=4096)
def ordinal(day: str) -> int:
    """The number of a day (`2022-12-07`)."""
    return date.fromisoformat(day).toordinal()


@lru_cache(maxsize=4096)
def day_of(number: int) -> str:
    """The day with this number."""
    return date.fromordinal(number).isoformat()
