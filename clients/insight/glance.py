"""A pair, a device or a network at a glance: its days together, and who has most of them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from clients.insight.ranking import Ranking, Traffic
from models.days import day_of
from models.history import DailySums, History
from models.moments import Moments

_BUSIEST = 5


class Figures(NamedTuple):
    """What one measure is over the days.

    Attributes:
        measure: `duration`, `packets` or `flows`.
        daily: of its totals of the days with flows.
        peak: the highest of them.
        peak_day: when that was.
    """

    measure: str
    daily: Moments
    peak: int
    peak_day: str


class DayAgainstAverage(NamedTuple):
    """A day beside the average of all.

    Attributes:
        day: ISO 8601.
        duration, packets, flows: its totals.
        times_duration, times_packets: as multiples of the average; None if that is 0.
        off: how many deviations its flow duration lies above the average; None if that is not defined.
    """

    day: str
    duration: int
    packets: int
    flows: int
    times_duration: float | None
    times_packets: float | None
    off: float | None


class Glance(NamedTuple):
    """What there is to see.

    Attributes:
        history: the days of all pairs together; empty if there are none.
        pairs: how many there are.
        busiest: those with the longest flow duration.
        total: flow duration of all.
    """

    history: History
    pairs: int
    busiest: Sequence[Traffic]
    total: float

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, History]]) -> "Glance":
        """Looks at pairs and their days, once."""
        sums, ranking, count = DailySums(), Ranking("duration", _BUSIEST), 0
        for pair, history in pairs:
            sums.add(history)
            ranking.add(Traffic(pair, history, 1))
            count += 1
        history = sums.history()
        if count:
            ranking.spread_over(history.numbers[-1] - history.numbers[0] + 1)
        return cls(history, count, ranking.best(), ranking.total)

    def figures(self) -> list[Figures]:
        """Of each measure."""
        columns = {
            "duration": self.history.durations,
            "packets": self.history.packets,
            "flows": self.history.flows,
        }
        return [_figures(measure, values, self.history.numbers) for measure, values in columns.items()]

    def last_days(self, count: int, *, sample: bool) -> list[DayAgainstAverage]:
        """The last days with flows beside the average of all.

        Args:
            count: how many at most.
            sample: whether the deviation is that of a sample (n − 1).
        """
        durations, packets = Moments.of(self.history.durations), Moments.of(self.history.packets)
        deviation = durations.deviation(sample=sample)
        mean = durations.mean or 0.0
        return [
            DayAgainstAverage(
                day,
                *totals,
                _ratio(totals.duration, durations.mean),
                _ratio(totals.packets, packets.mean),
                _ratio(totals.duration - mean, deviation),
            )
            for day, totals in list(self.history.items())[-count:]
        ]


def _figures(measure: str, values: Sequence[int], days: Sequence[int]) -> Figures:
    peak, day = max(zip(values, days, strict=True))
    return Figures(measure, Moments.of(values), peak, day_of(day))


def _ratio(value: float, to: float | None) -> float | None:
    return value / to if to else None
