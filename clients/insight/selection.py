"""Which pairs and days a question is about, and what a row of its answer is."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from clients.insight import ranking
from clients.insight.ranking import Grouping, Ranking, Traffic, address_in
from models.days import ordinal
from models.errors import UsageError
from models.history import History
from models.traffic import Totals, split_pair

Network = IPv4Network | IPv6Network
PER = ("pair", "source", "destination", "device", "network")
_DEFAULT_PREFIX = 24
_FIRST_DAY, _LAST_DAY = "0001-01-01", "9999-12-31"
_NAMES: Mapping[str, Callable[[str], Iterator[str]] | None] = {
    "pair": None,
    "source": ranking.source,
    "destination": ranking.destination,
    "device": ranking.devices,
}


@dataclass(frozen=True)
class Selection:
    """What is looked at.

    Attributes:
        networks: one end at least lies in one of these; all pairs if there are none.
        branch: both ends have this branch before them; any if empty.
        first: the first day, ISO 8601; any if empty.
        last: the last day; any if empty.
    """

    networks: Sequence[Network] = ()
    branch: str = ""
    first: str = ""
    last: str = ""

    def of(self, pair: str, days: Mapping[str, Totals]) -> History:
        """The days of a pair that are looked at; none if the pair is not."""
        if not self._has(pair):
            return History()
        history = History.of(days)
        if not self.first and not self.last:
            return history
        return history.between(ordinal(self.first or _FIRST_DAY), ordinal(self.last or _LAST_DAY))

    def _has(self, pair: str) -> bool:
        ends = split_pair(pair)
        if self.branch and not all(end.startswith(f"{self.branch}/") for end in ends):
            return False
        return not self.networks or any(self._covers(end) for end in ends)

    def _covers(self, address: str) -> bool:
        ip = address_in(address)
        return ip is not None and any(ip in network for network in self.networks)


def networks_of(texts: Iterable[str]) -> list[Network]:
    """Addresses and networks as people write them.

    Raises:
        UsageError: one of them is neither.
    """
    try:
        return [ip_network(text, strict=False) for text in texts]
    except ValueError as error:
        raise UsageError(str(error), remedy="Such as 192.168.20.42 or 192.168.20.0/24") from error


def names_per(per: str) -> Callable[[str], Iterator[str]] | None:
    """To whom the traffic of a pair is counted; None if to the pair itself.

    Args:
        per: one of `PER`; a network may say its prefix length, `network/16`.

    Raises:
        UsageError: it is none of these.
    """
    kind, _, bits = per.partition("/")
    if kind == "network" and (not bits or bits.isdigit()):
        return ranking.networks(int(bits or _DEFAULT_PREFIX))
    if per not in _NAMES:
        raise UsageError(f"--per {per}", remedy=f"Choose one of {', '.join(PER)}, or network/16")
    return _NAMES[per]


@dataclass(frozen=True)
class Question:
    """What is to be ranked.

    Attributes:
        by: one of `MEASURES`.
        per: what a row is, as in `names_per`.
        count: how many rows to keep.
        quietest: the lowest instead of the highest.
        merged: both directions of a pair as one; all pairs are in memory then.
        least: what has less of the measure is left out.
    """

    by: str
    per: str
    count: int
    quietest: bool = False
    merged: bool = False
    least: float | None = None


def ranked(
    question: Question, selection: Selection, pairs: Iterable[tuple[str, Mapping[str, Totals]]]
) -> Ranking:
    """Looks at all pairs once and ranks them, or what they add up to."""
    ranking_ = Ranking(question.by, question.count, quietest=question.quietest, least=question.least)
    names_of = names_per(question.per)
    if names_of is None and question.merged:
        names_of = _conversations
    grouping = Grouping(names_of) if names_of else None
    days: set[int] = set()  # the first and the last of each pair
    for pair, all_days in pairs:
        history = selection.of(pair, all_days)
        if not history:
            continue
        days.update((history.numbers[0], history.numbers[-1]))
        if grouping is not None:
            grouping.add(pair, history)
        else:
            ranking_.add(Traffic(pair, history, 1))
    for name, history in grouping.histories() if grouping is not None else ():
        ranking_.add(Traffic(name, history, 1))
    ranking_.spread_over(_span_of(selection, days))
    return ranking_


def _span_of(selection: Selection, days: Collection[int]) -> int:
    """How many days were looked at: from the first to the last that was asked for, or has flows."""
    if not days:
        return 1
    first = ordinal(selection.first) if selection.first else min(days)
    last = ordinal(selection.last) if selection.last else max(days)
    return last - first + 1


def _conversations(pair: str) -> Iterator[str]:
    yield ranking.conversation(pair)
