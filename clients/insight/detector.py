"""Finds what deserves a look, in one pass over the histories of all pairs.

What it keeps of a pair is what it found; beside that it counts by device and day, so memory grows with
devices, days and findings, not with pairs.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from clients.insight.findings import THRESHOLDS, Finding, Kind, Measure, Severity, Thresholds
from clients.insight.grouping import grouped
from clients.insight.network import Network
from clients.insight.pair_history import Event, Judge, Model
from clients.insight.scans import Meetings, port_scans
from models.days import day_of, ordinal
from models.history import History
from models.traffic import Totals

_SILENT_AT_LEAST = 3  # days
_FIRST_PAIRS = 1000
_REGULAR_SHARE = 0.57  # of the days: four a week
_HIGH_RATIO = 5  # times what was expected


class _Regular(NamedTuple):
    """A pair that may turn out to have fallen silent."""

    pair: str
    days: Sequence[int]
    durations: Sequence[int]


class Detector:
    """Takes one pair after the other, in any order, and tells in the end what was found.

    Args:
        rules: when something is a finding.
    """

    def __init__(self, rules: Thresholds = THRESHOLDS) -> None:
        self._rules = rules
        self._network = Network(rules)
        self._meetings = Meetings(rules)
        self._found: list[Finding] = []
        self._found_like_weekend: list[Finding] = []  # bursts that are none if the day was a holiday
        self._regular: list[_Regular] = []
        self._regular_pairs = 0  # that are known for long enough to fall silent

    def take(self, pair: str, history: Mapping[str, Totals]) -> None:
        """Looks at a pair, once.

        Args:
            pair: its key.
            history: its totals by day, the days with flows only.
        """
        if not history:
            return
        columns = History.of(history)
        days = columns.numbers
        self._network.take(days)
        self._meetings.take(pair, days[0], columns.totals(0))
        self._found += port_scans(pair, columns, self._rules)
        if len(days) >= self._rules.short_days:
            self._judge(pair, columns)

    def findings(self) -> list[Finding]:
        """All that was found, one for each cause, the most urgent first."""
        whole = self._network.whole_days()
        like_weekend = self._found_like_weekend
        found = [
            *self._found,
            *[one for one in like_weekend if not self._network.is_holiday(ordinal(one.day))],
            *self._silences(whole),
            *self._meetings.findings(whole),
            *self._network.quiet_days(),
        ]
        return grouped(found, self._regular_pairs)

    def _judge(self, pair: str, history: History) -> None:
        days, durations, packets = history.numbers, history.durations, history.packets
        judge = Judge(days, history.flows, self._rules)
        events, model = judge.judge(durations)
        self._network.take_rhythm(days, model)
        if len(days) >= self._rules.silent_days and days[-1] - days[0] + 1 >= self._rules.silent_span:
            self._remember(pair, days, durations, model)
        best: dict[tuple[Kind, int], tuple[Event, Measure]] = {}
        for event in events:
            _keep_best(best, event, Measure.DURATION, days)
        for event in judge.judge(packets)[0]:
            _keep_best(best, event, Measure.PACKETS, days)
        steps = [days[event.position] for (kind, _), (event, _) in best.items() if kind is Kind.STEP]
        for event, measure in best.values():
            if event.kind is Kind.BURST and any(abs(days[event.position] - day) <= 2 for day in steps):
                continue  # the step itself, seen in the other measure
            series = _series(days, durations if measure is Measure.DURATION else packets)
            found = self._found_like_weekend if event.is_like_weekend else self._found
            found.append(_of_pair(pair, event, measure, days, series))

    def _remember(self, pair: str, days: list[int], durations: list[int], model: Model) -> None:
        """What a regular pair tells about days on which most are quiet, and about a silence to come."""
        self._regular_pairs += 1
        if len(days) >= _REGULAR_SHARE * (days[-1] - days[0] + 1):
            self._network.take_regular(days, model)
        # A pair with flows to the end is not silent; where the end is, the first pairs tell.
        if days[-1] <= self._network.latest - _SILENT_AT_LEAST or len(self._regular) < _FIRST_PAIRS:
            self._regular.append(_Regular(pair, days, durations))

    def _silences(self, whole_days: list[int]) -> Iterator[Finding]:
        """Pairs that have been without flows for longer than ever, and longer than chance explains."""
        for pair, days, durations in self._regular:
            later = sum(1 for day in whole_days if day > days[-1])
            if later < _SILENT_AT_LEAST:
                continue
            longest_gap = max(after - before - 1 for before, after in pairwise(days))
            share = len(days) / (days[-1] - days[0] + 1)
            if later > 2 * longest_gap and (1 - share) ** later <= self._rules.silent_chance:
                yield Finding(
                    Kind.SILENT,
                    Severity.MEDIUM,
                    pair,
                    day_of(days[-1]),
                    Measure.DURATION,
                    value=0.0,
                    expected=float(median(durations)),
                    score=float(later),
                    pairs=(pair,),
                    pair_count=1,
                    series=_series(days, durations),
                )


def _keep_best(
    best: dict[tuple[Kind, int], tuple[Event, Measure]], event: Event, measure: Measure, days: Sequence[int]
) -> None:
    """One event of a kind and day (of a step or growth: one at all), of the measure that shows it best."""
    day = days[event.position] if event.kind is Kind.BURST else 0
    near = next((key for key in best if key[0] is event.kind and abs(key[1] - day) <= 1), (event.kind, day))
    if near not in best or best[near][0].score < event.score:
        best[near] = event, measure


def _of_pair(
    pair: str, event: Event, measure: Measure, days: Sequence[int], series: Sequence[tuple[str, float]]
) -> Finding:
    ratio = event.value / event.expected if event.expected and event.kind is not Kind.GROWTH else 0.0
    return Finding(
        event.kind,
        Severity.HIGH if ratio >= _HIGH_RATIO else Severity.MEDIUM,
        pair,
        day_of(days[event.position]),
        measure,
        value=event.value,
        expected=event.expected,
        score=event.score,
        pairs=(pair,),
        pair_count=1,
        series=series,
    )


def _series(days: Sequence[int], values: Sequence[int]) -> list[tuple[str, float]]:
    return [(day_of(day), float(value)) for day, value in zip(days, values, strict=True)]
