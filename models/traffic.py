"""The vocabulary of traffic: who talked to whom, on which day, and how much."""

from typing import Literal, NamedTuple

from models.errors import FileRejected

PAIR_SEPARATOR = ">"

# Whether an address is one device everywhere, or of each branch another.
AddressScope = Literal["enterprise", "branch"]


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
        """The partition key of the daily totals, `source>destination`."""
        return join_pair(self.source, self.destination)


class Totals(NamedTuple):
    """Exact sums over the flows of a pair on a day."""

    duration: int = 0  # total flow duration, µs
    packets: int = 0  # total forward packets
    flows: int = 0  # number of flows


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
        raise FileRejected(f"the branch {branch!r} holds a {PAIR_SEPARATOR}, which separates addresses")
    return f"{branch}/"
