"""Looks for pairs by their ends: addresses, networks, or all there are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from clients.queries.counted import Results, canonical
from clients.queries.scan import TableScan, histories
from clients.terminal.account import Account
from models.days import ordinal
from models.errors import NotFound, UsageError
from models.history import History
from models.storage.schema import PairStatistics
from models.traffic import Totals, join_pair, split_pair

_SUGGESTIONS = 5
_FIRST_DAY, _LAST_DAY = "0001-01-01", "9999-12-31"


class End(NamedTuple):
    """One end of a pair, as people name it: an address or a network, with a branch before it or none.

    Attributes:
        text: as it is stored, or as a network is written.
        network: of the one address, or of many.
        branch: whose addresses; None for those of all.
    """

    text: str
    network: IPv4Network | IPv6Network
    branch: str | None

    @classmethod
    def of(cls, text: str) -> "End":
        """Reads `10.0.0.1`, `10.0.0.0/8`, `paris/10.0.0.1` or `paris/10.0.0.0/8`.

        Raises:
            UsageError: it is none of these.
        """
        words = text.strip().split("/")
        for before in (0, 1):
            try:
                network = ip_network("/".join(words[before:]), strict=False)
            except ValueError:
                continue
            branch = words[0] if before else None
            shown = str(network.network_address if network.num_addresses == 1 else network)
            whole = f"{branch}/{shown}" if branch else shown
            return cls(canonical(whole) if network.num_addresses == 1 else whole, network, branch)
        raise UsageError(
            "neither an address nor a network",
            where=text,
            remedy="Such as 192.168.20.43, 192.168.20.0/24 or, where addresses are told apart by branch, "
            "paris/192.168.20.43",
        )

    @property
    def is_address(self) -> bool:
        """Whether it is one address."""
        return self.network.num_addresses == 1

    def covers(self, address: str) -> bool:
        """Whether a stored address is meant."""
        branch, _, bare = address.rpartition("/")
        return self.branch in (None, branch) and _is_in(bare, self.network)


@lru_cache(maxsize=1 << 16)
def _is_in(address: str, network: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_address(address) in network
    except ValueError:  # somebody put it there by hand
        return False


@dataclass(frozen=True)
class Wanted:
    """Which pairs, and which of their days.

    Attributes:
        source: what the first end must be; None for any.
        destination: what the second end must be; None for any, and then `source` may be either end.
        both: the other direction, too.
        first: the first day, ISO 8601; any if empty.
        last: the last day; any if empty.
    """

    source: End | None = None
    destination: End | None = None
    both: bool = False
    first: str = ""
    last: str = ""

    @property
    def is_one_pair(self) -> bool:
        """Whether both ends are single addresses."""
        return bool(self.source and self.destination) and all(
            end.is_address for end in (self.source, self.destination) if end
        )

    @property
    def directions(self) -> list[tuple[str, str]]:
        """The pairs that are meant where both ends are single addresses."""
        ends = [end.text for end in (self.source, self.destination) if end]
        pair = (ends[0], ends[-1])
        return [pair, pair[::-1]] if self.both and ends[0] != ends[-1] else [pair]

    @property
    def text(self) -> str:
        """What people read of it."""
        if self.source is None:
            return "all pairs"
        arrow = "↔" if self.both else "→"
        return f"{self.source.text} {arrow} {self.destination.text}" if self.destination else self.source.text

    def has(self, source: str, destination: str) -> bool:
        """Whether a pair is among them."""
        if self.source is None:
            return True
        if self.destination is None:
            return self.source.covers(source) or self.source.covers(destination)
        is_it = self.source.covers(source) and self.destination.covers(destination)
        return is_it or (self.both and self.is_reverse(source, destination))

    def is_reverse(self, source: str, destination: str) -> bool:
        """Whether a pair goes the other way."""
        return bool(self.source and self.destination) and all(
            end.covers(address)
            for end, address in ((self.source, destination), (self.destination, source))
            if end
        )

    def days_in(self, history: History) -> History:
        """Those days of a pair that are meant."""
        if not self.first and not self.last:
            return history
        return history.between(ordinal(self.first or _FIRST_DAY), ordinal(self.last or _LAST_DAY))


def asked_for(
    source: str | None,
    destination: str | None,
    *,
    both: bool,
    first: datetime | None,
    last: datetime | None,
) -> Wanted:
    """What a command line asks for.

    Raises:
        UsageError: it makes no sense.
    """
    if both and destination is None:
        raise UsageError("--both is for SRC and DST", remedy="SRC alone means both directions already")
    if first and last and first > last:
        raise UsageError("--from is after --to")
    return Wanted(
        End.of(source) if source is not None else None,
        End.of(destination) if destination is not None else None,
        both=both,
        first=first.date().isoformat() if first else "",
        last=last.date().isoformat() if last else "",
    )


@dataclass
class _Near:
    """What was met that is nearly what was asked for."""

    reverse: int = 0  # pairs of the other direction
    peers: list[str] = field(default_factory=list)  # of the source
    days: list[str] = field(default_factory=list)  # the first and the last, of pairs without any in the range

    def take(self, wanted: Wanted, source: str, destination: str) -> None:
        """Looks at a pair that is not wanted."""
        self.reverse += wanted.is_reverse(source, destination)
        if wanted.source and wanted.source.covers(source) and len(self.peers) <= _SUGGESTIONS:
            self.peers.append(destination)

    def take_days(self, history: History) -> None:
        """Looks at a pair that has no day in the range."""
        days = [*history]
        self.days = [min([*self.days, days[0]]), max([*self.days, days[-1]])]


class Search:
    """One look at what is counted.

    Args:
        account: where.
        wanted: which pairs and days.

    Attributes:
        wanted: the same.
        unreadable: items of which nothing could be made, as pair and week.
        read_units: what a scan of the daily totals cost; None if there was none.
    """

    def __init__(self, account: Account, wanted: Wanted) -> None:
        self._account = account
        self.wanted = wanted
        self._near = _Near()
        self.unreadable: list[str] = []
        self.read_units: float | None = None

    def histories(self) -> Iterator[tuple[str, History]]:
        """Each pair with those of its days that are wanted, if there are any.

        One pair is read strongly consistent and at once. All else is found by a scan of the daily totals,
        eventually consistent: items that cannot be read are noted, and the others are given.

        Raises:
            NotComputable: an item of the one pair cannot be read.
        """
        asked = self.wanted
        for pair, history in self._of_one_pair() if asked.is_one_pair else self._scanned():
            chosen = asked.days_in(history)
            if chosen:
                yield pair, chosen
            else:
                self._near.take_days(history)

    def statistics(self) -> Iterator[PairStatistics]:
        """The statistics of each pair over all its days, as far as they are consolidated."""
        wanted, results = self.wanted, self._results
        if wanted.is_one_pair:
            found = (results.pair(source, destination) for source, destination in wanted.directions)
            yield from (pair for pair in found if pair)
            return
        for pair in results.all_pairs():
            if wanted.has(pair.source, pair.destination):
                yield pair
            else:
                self._near.take(wanted, pair.source, pair.destination)

    def not_found(self) -> NotFound:
        """The error to raise where nothing was found: with what is near."""
        wanted, near = self.wanted, self._near
        if near.days:
            first, last = near.days
            return NotFound(
                "no flows on these days", where=wanted.text, remedy=f"There are some from {first} to {last}"
            )
        if wanted.source is None:
            return NotFound("nothing is counted yet", remedy="Send files with `flowtally upload`")
        if wanted.is_one_pair:
            return self._unknown_pair(*wanted.directions[0])
        return NotFound("no pair has flows", where=wanted.text, remedy=self._what_is_near())

    def _unknown_pair(self, source: str, destination: str) -> NotFound:
        if self._results.days(source, destination):
            return NotFound(
                "no statistics yet",
                where=self.wanted.text,
                remedy="Its days are counted, and the statistics follow within seconds",
            )
        return self._results.unknown(source, destination)

    def _what_is_near(self) -> str:
        wanted, near = self.wanted, self._near
        if wanted.source and wanted.destination and near.reverse:
            return f"The other direction has: {wanted.destination.text} {wanted.source.text}, or say --both"
        if wanted.source and near.peers:
            more = " and others" if len(near.peers) > _SUGGESTIONS else ""
            return f"{wanted.source.text} has flows to {', '.join(near.peers[:_SUGGESTIONS])}{more}"
        return "See `flowtally top` for pairs that have, `flowtally top --per device` for devices"

    @property
    def _results(self) -> Results:
        return Results(self._account.client("dynamodb"), self._account.deployment)

    def _of_one_pair(self) -> Iterator[tuple[str, History]]:
        for source, destination in self.wanted.directions:
            days: Mapping[str, Totals] = {
                day.day: day.totals for day in self._results.days(source, destination)
            }
            if days:
                yield join_pair(source, destination), History.of(days)

    def _scanned(self) -> Iterator[tuple[str, History]]:
        wanted = self.wanted
        scan = TableScan(self._account.client("dynamodb"), self._account.deployment.daily_totals)
        self.unreadable = scan.unreadable
        for pair, history in histories(scan):
            self.read_units = scan.read_units
            ends = split_pair(pair)
            if wanted.has(*ends):
                yield pair, history
            else:
                self._near.take(wanted, *ends)
        self.read_units = scan.read_units
