"""Everything that a report tells, gathered in one pass over the histories of all pairs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from clients.insight.detector import Detector
from clients.insight.findings import Finding, Kind
from clients.insight.quality import Quality, quality_of
from clients.insight.ranking import Grouping, Ranking, Traffic, devices
from clients.queries.scan import TableScan, histories
from models.deployment import Deployment
from models.errors import NotFound
from models.history import DailySums, History, Packed
from models.load import doubling_days
from models.storage.file_records import FilesTable
from models.traffic import Totals

_BUSIEST = 15
_MOST = 0.8  # of the traffic: how few make it?
_PAIRS_COUNTED = 1000  # of the busiest, to tell how few


@dataclass(frozen=True)
class Concentration:
    """How few make most of the traffic."""

    share: float
    pairs: int
    is_known: bool  # or more than were looked at


@dataclass(frozen=True)
class Overview:
    """What a report tells.

    Attributes:
        network: the traffic of all pairs.
        pairs: how many there are.
        device_count: how many devices take part.
        busiest_pairs: by total flow duration.
        busiest_devices: by the flow duration of all flows in which they take part.
        concentration: how few pairs make most of it.
        findings: the most urgent first.
        quality: what is known of the files.
        read_units: what it cost to read.
    """

    network: Traffic
    pairs: int
    device_count: int
    busiest_pairs: Sequence[Traffic]
    busiest_devices: Sequence[Traffic]
    concentration: Concentration
    findings: Sequence[Finding]
    quality: Quality
    read_units: float

    @property
    def days(self) -> list[str]:
        """All days from the first to the last, those without flows among them."""
        return calendar(self.network.history)

    @property
    def growing(self) -> list[Finding]:
        """Who grows, the fastest first."""
        return sorted((one for one in self.findings if one.kind is Kind.GROWTH), key=lambda one: -one.value)


def calendar(history: Mapping[str, Totals]) -> list[str]:
    """All days from the first with flows to the last."""
    first, last = date.fromisoformat(min(history)), date.fromisoformat(max(history))
    return [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]


def doubled_on(day: str, rate: float) -> str | None:
    """The day on which what grows so has doubled, from a day on; None if not within a decade."""
    days = doubling_days(rate)
    if days is None or days > 3650:
        return None
    return (date.fromisoformat(day) + timedelta(days=round(days))).isoformat()


class Gathering:
    """Takes one pair after the other."""

    def __init__(self) -> None:
        self._detector = Detector()
        self._devices = Grouping(devices)
        self._network = DailySums()
        self._is_empty = True
        self._ranking = Ranking("duration", _PAIRS_COUNTED)

    def take(self, pair: str, days: Mapping[str, Totals]) -> None:
        """Takes a pair that has days, once."""
        history = History.of(days)
        self._detector.take(pair, history)
        packed = Packed.of(history)
        self._devices.add(pair, packed)
        self._network.add_packed(packed)
        self._ranking.add(Traffic(pair, history, 1))
        self._is_empty = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing has flows."""
        return self._is_empty

    @property
    def days(self) -> list[str]:
        """All days from the first with flows to the last."""
        return calendar(self._network.history())

    @property
    def active(self) -> Iterable[str]:
        """The days with flows."""
        return self._network.history()

    def overview(self, quality: Quality, read_units: float) -> Overview:
        """What was gathered.

        Args:
            quality: what is known of the files.
            read_units: what it cost to read.
        """
        span = len(self.days)
        network = Traffic("all pairs", self._network.history(), span)
        by_device = Ranking("duration", _BUSIEST)
        for name, history in self._devices.histories():
            by_device.add(Traffic(name, history, span))
        best = self._ranking.best()
        chosen = self._ranking.making_up(_MOST)
        is_known = sum(traffic.duration for traffic in chosen) >= _MOST * self._ranking.total
        return Overview(
            network,
            self._ranking.looked_at,
            len(self._devices),
            [Traffic(one.name, one.history, span) for one in best[:_BUSIEST]],
            by_device.best(),
            Concentration(_MOST, len(chosen), is_known),
            self._detector.findings(),
            quality,
            read_units,
        )


def overview_of(client: Callable[[str], Any], deployment: Deployment) -> Overview:
    """Everything that a report tells, from one read of each table.

    Args:
        client: makes a boto3 client of a service.
        deployment: the names of the tables.

    Raises:
        NotFound: nothing is counted yet, or nothing of it can be read.
    """
    scan = TableScan(client("dynamodb"), deployment.daily_totals)
    gathering = Gathering()
    for pair, history in histories(scan):
        gathering.take(pair, history)
    if gathering.is_empty and scan.unreadable:
        raise NotFound("nothing of the daily totals can be read", where=scan.unreadable[0])
    if gathering.is_empty:
        raise NotFound("nothing is counted yet", remedy="Send files with `flowtally upload`")
    files = FilesTable(client("dynamodb"), deployment.files)
    quality = quality_of(files.all(), gathering.days, gathering.active, scan.unreadable)
    return gathering.overview(quality, scan.read_units + files.read_units)
