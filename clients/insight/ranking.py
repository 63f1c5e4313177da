"""Who matters: pairs, devices or networks, by what they have on their days."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from heapq import heappush, heappushpop
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from models import load as loads
from models.days import day_of
from models.history import DailySums, History, Packed
from models.moments import Moments
from models.traffic import join_pair, split_pair


@dataclass(frozen=True)
class Traffic:
    """What a pair, device or network had on its days.

    Attributes:
        name: of the pair (`source>destination`), the address or the network.
        history: totals by day, the days with flows only.
        span: how many days were looked at, those without flows too; loads are averages over them.
    """

    name: str
    history: History = field(repr=False)
    span: int

    @property
    def duration(self) -> int:
        """Total flow duration, µs."""
        return sum(self.history.durations)

    @property
    def packets(self) -> int:
        """Total forward packets."""
        return sum(self.history.packets)

    @property
    def flows(self) -> int:
        """Number of flows."""
        return sum(self.history.flows)

    @property
    def load(self) -> float:
        """The average number of flows open at once, over all the days looked at."""
        return loads.load(self.duration, self.span)

    @property
    def daily(self) -> Moments:
        """Of the flow duration on the days with flows, µs."""
        return Moments.of(self.history.durations)

    @property
    def daily_packets(self) -> Moments:
        """Of the forward packets on the days with flows."""
        return Moments.of(self.history.packets)

    @property
    def variation(self) -> float:
        """The deviation of the daily flow duration, as a share of its mean."""
        mean, deviation = self.daily.mean, self.daily.deviation()
        return deviation / mean if mean and deviation is not None else 0.0

    @property
    def peak_day(self) -> str:
        """The day with the longest flow duration."""
        _, number = max(zip(self.history.durations, self.history.numbers, strict=True))
        return day_of(number)

    @property
    def peak(self) -> float:
        """The load on that day."""
        return loads.load(max(self.history.durations))

    @property
    def growth(self) -> float:
        """Of the daily flow duration from one day to the next; 0 where four weeks are not known."""
        numbers = self.history.numbers
        if numbers[-1] - numbers[0] + 1 < _DAYS_FOR_GROWTH or len(numbers) < _DAYS_FOR_GROWTH // 2:
            return 0.0
        return loads.growth(self.history.durations, numbers)


_DAYS_FOR_GROWTH = 28

MEASURES: Mapping[str, Callable[[Traffic], float]] = {
    "duration": lambda traffic: traffic.duration,
    "load": lambda traffic: traffic.load,
    "packets": lambda traffic: traffic.packets,
    "flows": lambda traffic: traffic.flows,
    "mean": lambda traffic: traffic.daily.mean or 0.0,
    "deviation": lambda traffic: traffic.daily.deviation() or 0.0,
    "variation": lambda traffic: traffic.variation,
    "peak": lambda traffic: traffic.peak,
    "growth": lambda traffic: traffic.growth,
}


class Ranking:
    """Keeps the highest (or lowest) of what it is given, and adds up all.

    Args:
        by: one of `MEASURES`.
        count: how many to keep.
        quietest: keep the lowest.
        least: what has less of the measure is left out.
    """

    def __init__(self, by: str, count: int, *, quietest: bool = False, least: float | None = None) -> None:
        self._measure = MEASURES[by]
        self._count = count
        self._least = least
        self._sign = -1 if quietest else 1
        self._kept: list[tuple[float, str, Any]] = []
        self.total = 0.0  # of the measure, over all
        self.looked_at = 0

    def add(self, traffic: Traffic) -> None:
        """Takes one."""
        value = self._measure(traffic)
        if self._least is not None and value < self._least:
            return
        self.total += value
        self.looked_at += 1
        entry = (self._sign * value, traffic.name, traffic)
        if len(self._kept) < self._count:
            heappush(self._kept, entry)
        else:
            heappushpop(self._kept, entry)

    def spread_over(self, span: int) -> None:
        """Sets how many days loads are averages over, once that is known: the order stays."""
        self._kept = [(value, name, replace(traffic, span=span)) for value, name, traffic in self._kept]
        if self._measure is MEASURES["load"]:
            self.total /= span

    def best(self) -> list[Traffic]:
        """What was kept, the highest (or lowest) first."""
        return [traffic for _, _, traffic in sorted(self._kept, key=lambda entry: (-entry[0], entry[1]))]

    def making_up(self, share: float) -> list[Traffic]:
        """The fewest of what was kept that make so much of the total; all of it if it makes less."""
        chosen, reached = [], 0.0
        for traffic in self.best():
            if reached >= share * self.total:
                break
            chosen.append(traffic)
            reached += self._measure(traffic)
        return chosen


class Grouping:
    """Adds histories up by device or network.

    Args:
        names_of: to whom the traffic of a pair is counted.
    """

    def __init__(self, names_of: Callable[[str], Iterator[str]]) -> None:
        self._names_of = names_of
        self._sums: dict[str, DailySums] = {}

    def __len__(self) -> int:
        return len(self._sums)

    def add(self, pair: str, history: History | Packed) -> None:
        """Takes a pair that has days."""
        packed = Packed.of(history) if isinstance(history, History) else history
        for name in self._names_of(pair):
            sums = self._sums.get(name)
            if sums is None:
                sums = self._sums[name] = DailySums()
            sums.add_packed(packed)

    def histories(self) -> Iterator[tuple[str, History]]:
        """What the pairs of each add up to."""
        for name, sums in self._sums.items():
            yield name, sums.history()


def source(pair: str) -> Iterator[str]:
    """Who begins the flows."""
    yield split_pair(pair)[0]


def destination(pair: str) -> Iterator[str]:
    """Who is talked to."""
    yield split_pair(pair)[1]


def devices(pair: str) -> Iterator[str]:
    """Both ends, so that the traffic of a device is what it sends and what is sent to it."""
    yield from set(split_pair(pair))


def networks(prefix_length: int) -> Callable[[str], Iterator[str]]:
    """The networks of both ends, by so many bits of their addresses."""

    def names(pair: str) -> Iterator[str]:
        yield from {network_of(end, prefix_length) for end in split_pair(pair)}

    return names


def address_in(device: str) -> IPv4Address | IPv6Address | None:
    """The address of a device, which may have its branch before it; None of what somebody wrote by hand."""
    try:
        return ip_address(device.rpartition("/")[2])
    except ValueError:
        return None


def network_of(address: str, prefix_length: int) -> str:
    """The network of an address, after the branch where the address has one; what is no address, itself."""
    branch, slash, _ = address.rpartition("/")
    ip = address_in(address)
    if ip is None:
        return address
    bits = min(prefix_length, ip.max_prefixlen)
    return f"{branch}{slash}{ip_network((ip, bits), strict=False)}"


def conversation(pair: str) -> str:
    """The name that both directions of a pair share."""
    return join_pair(*sorted(split_pair(pair)))
