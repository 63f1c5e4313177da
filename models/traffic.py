"""The vocabulary of traffic: who talked to whom, on which day, and how much."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

from models.errors import FileRejected

PAIR_SEPARATOR = ">"

# Whether an address is one device everywhere, or of each branch another.
AddressScope = Literal["enterprise", "branch"]

_DAYS_CACHED = 4096  # a file has few


class PairDay(NamedTuple):
    """A directed device pair on one day.

    Addresses are in canonical text form, with the branch before them (`paris/10.0.0.1`) where the
    address scope is the branch. The day is ISO 8601 (`2022-12-07`).
    """

    source: str
    destination: str
    day: str

    @property
    def pair(self) -> str:
        """The key of the pair, `source>destination`."""
        return join_pair(self.source, self.destination)


class PairWeek(NamedTuple):
    """A directed device pair in one ISO week: what one item of the daily totals is about.

    Addresses are those of `PairDay`. The week is named by its Monday (`2022-12-05`).
    """

    source: str
    destination: str
    week: str

    @property
    def pair(self) -> str:
        """The partition key of the daily totals, `source>destination`."""
        return join_pair(self.source, self.destination)


class Totals(NamedTuple):
    """Exact sums over the flows of a pair on a day."""

    duration: int = 0  # total flow duration, µs
    packets: int = 0  # total forward packets
    flows: int = 0  # number of flows


DaysOfWeek = Mapping[int, Totals]  # by ISO weekday: 1 is Monday, 7 is Sunday

# What a file says of a pair on a day: source, destination, day, duration (µs), packets and flows. Plain,
# as there may be millions: with names for its values, it takes longer to make than a row to be counted.
CountedDay = tuple[str, str, str, int, int, int]


class DailyTotal(NamedTuple):
    """What is counted of a pair on a day, as tables, exports and reports show it."""

    pair: str  # `source>destination`
    day: str  # ISO 8601
    duration: int  # µs
    packets: int
    flows: int

    @property
    def totals(self) -> Totals:
        """The sums without what they are of."""
        return Totals(self.duration, self.packets, self.flows)


def by_day(days: Iterable[CountedDay]) -> dict[PairDay, Totals]:
    """The same totals by pair and day."""
    return {PairDay(*day[:3]): Totals(*day[3:]) for day in days}


def by_week(days: Iterable[CountedDay], scope: str = "") -> dict[PairWeek, DaysOfWeek]:
    """The same totals, those of a pair and ISO week together; weeks in the order of their first days.

    Args:
        days: each pair and day once.
        scope: what is put before each address, `paris/` where the address scope is the branch.
    """
    weeks: dict[PairWeek, dict[int, Totals]] = defaultdict(dict)
    for source, destination, day, *sums in days:
        week, weekday = week_of(day)
        weeks[PairWeek(scope + source, scope + destination, week)][weekday] = Totals(*sums)
    return dict(weeks)


@lru_cache(_DAYS_CACHED)
def week_of(day: str) -> tuple[str, int]:
    """The Monday of a day's ISO week, and the ISO weekday (1 is Monday)."""
    when = date.fromisoformat(day)
    return (when - timedelta(when.weekday())).isoformat(), when.isoweekday()


@lru_cache(_DAYS_CACHED)
def day_of(week: str, weekday: int) -> str:
    """The day that `week_of` takes apart.

    Raises:
        ValueError: the week is not named by a Monday.
    """
    monday = date.fromisoformat(week)
    if monday.weekday():
        raise ValueError(f"{week} is no Monday")
    return (monday + timedelta(weekday - 1)).isoformat()


def join_pair(source: str, destination: str) -> str:
    """The key of a pair."""
    return f"{source}{PAIR_SEPARATOR}{destination}"


def split_pair(pair: str) -> tuple[str, str]:
    """Source and destination of a pair key."""
    source, _, destination = pair.partition(PAIR_SEPARATOR)
    return source, destination


def address_prefix(scope: AddressScope, branch: str) -> str:
    """What stands before the addresses of a branch.

    Raises:
        FileRejected: the branch cannot stand there.
    """
    if scope == "enterprise":
        return ""
    if PAIR_SEPARATOR in branch:
        raise FileRejected(
            f"the branch {branch!r} holds a {PAIR_SEPARATOR}, which separates addresses",
            remedy="Upload it for a branch with another name",
        )
    return f"{branch}/"
