"""A finding: what happened, to whom, when, and the figures behind it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

NETWORK = "network"  # the subject of what concerns most pairs


class Kind(StrEnum):
    """What can be found."""

    BURST = "burst"  # a day far above the pair's own
    STEP = "step"  # another level from a day on
    GROWTH = "growth"  # more every day
    SILENT = "silent"  # a regular pair without flows since a day
    SCAN = "scan"  # a device that touches many peers it never met
    NEW_PEERS = "new peers"  # a device that takes up traffic with unusually many
    QUIET_DAY = "quiet day"  # most pairs far below their own


class Measure(StrEnum):
    """What the figures of a finding count."""

    DURATION = "flow duration"  # µs
    PACKETS = "packets"
    FLOWS = "flows"
    PEERS = "peers"
    PAIRS = "pairs"


class Severity(IntEnum):
    """How soon somebody should look."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


@dataclass(frozen=True)
class Finding:
    """One cause, whatever it changed.

    Attributes:
        kind: what happened.
        severity: how soon somebody should look.
        subject: the pair (`source>destination`), the device, or `NETWORK`.
        day: when: of a burst its highest day, of a step the first on the new level, of a silence the last
            with flows, of growth the first day looked at.
        measure: what the figures count.
        value: what it was on that day, or is a day since; of growth, the rate a day.
        expected: what it would have been a day otherwise.
        score: the value's distance from what was expected, in deviations of an ordinary day.
        pairs: what it changed, the strongest first; at most `PAIRS_KEPT` of them.
        pair_count: how many pairs in all.
        series: day and value of the measure, for a chart; those of the strongest pair.
    """

    kind: Kind
    severity: Severity
    subject: str
    day: str
    measure: Measure
    value: float
    expected: float
    score: float
    pairs: tuple[str, ...] = ()
    pair_count: int = 0
    series: Sequence[tuple[str, float]] = field(default=(), repr=False)

    @property
    def ratio(self) -> float:
        """How many times what was expected; 0 if nothing was."""
        return self.value / self.expected if self.expected else 0.0


PAIRS_KEPT = 10


@dataclass(frozen=True)
class Thresholds:
    """When something is a finding. Chosen by `perf.insight`, on other seeds than it measures with."""

    fewest_days: int = 8  # of a pair, before its days are judged
    burst_deviations: float = 5.5
    burst_ratio: float = 1.7
    habit: int = 3  # so many bursts of a pair are a habit, and only what is
    habit_ratio: float = 2.0  # times as many deviations away as the third is worth a word
    step_deviations: float = 9.0  # of the difference between two levels
    step_ratio: float = 1.35
    step_days: int = 8  # on either side
    growth_deviations: float = 9.0  # of the slope
    growth_rate: float = 0.005  # a day
    growth_days: int = 28
    least_spread: float = 0.07  # of a pair's ordinary days: less counts as this
    flow_variance: float = 2.0  # of a total of N flows: this ÷ N of its square at least
    silent_days: int = 10  # with flows, before a silence is one
    silent_span: int = 14  # days from first to last
    silent_chance: float = 1e-4  # of such a gap if nothing had changed
    new_peers: int = 9
    new_peers_deviations: float = 6.0
    scan_peers: int = 20
    scan_flows: int = 500  # of a pair and day, hardly a packet each
    quiet_share: float = 0.6  # of the pairs
    quiet_ratio: float = 0.5
    short_ratio: float = 10.0  # of the median, where there are fewer days than `fewest_days`
    short_days: int = 5


THRESHOLDS = Thresholds()
