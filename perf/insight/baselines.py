"""What others would do: |z| > 3, median and MAD, and STL, each turned into findings as kindly as can be.

Each gives a score to every day of a series. A run of days with high scores is a burst, or a step if it is as
long as a working week; days without flows at the end, with low scores, are a silence; the series of a
device's new peers gives scans and new peers; that of the network's active pairs gives quiet days. What is
told of the same cause is grouped as flowtally groups its own.
"""

import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import log
from statistics import mean, median, pstdev

from statsmodels.tsa.seasonal import STL

from clients.insight.findings import NETWORK, Finding, Kind, Measure, Severity
from clients.insight.grouping import grouped
from models.traffic import Totals, split_pair

_STEP_RUN = 5
_WARM_DAYS, _PROBES = 7, 0.7
_ROBUST, _Z = 3.5, 3.0
_DAYS_FOR_STL = 21
Histories = dict[str, dict[str, Totals]]


@dataclass(frozen=True)
class Baseline:
    """A way to give scores.

    Attributes:
        name: of the method.
        scores: of the days of a series, from its values on consecutive days.
        least: the score from which a day stands out.
        trend: the slow part of a series in logarithms; empty where the method has none.
    """

    name: str
    scores: Callable[[Sequence[float]], Sequence[float]]
    least: float
    trend: Callable[[Sequence[float]], Sequence[float]] = lambda _: ()


def z_scores(values: Sequence[float]) -> Sequence[float]:
    """Deviations from the mean."""
    center, deviation = mean(values), pstdev(values)
    return [(value - center) / deviation if deviation else 0.0 for value in values]


def mad_scores(values: Sequence[float]) -> Sequence[float]:
    """Median deviations from the median, as Iglewicz and Hoaglin scale them."""
    center = median(values)
    spread = 1.4826 * median([abs(value - center) for value in values])
    return [(value - center) / spread if spread else 0.0 for value in values]


def stl_scores(values: Sequence[float]) -> Sequence[float]:
    """Median deviations of what trend and week leave unexplained."""
    if len(values) < _DAYS_FOR_STL:
        return mad_scores(values)
    return mad_scores(list(_stl([log(value + 1) for value in values]).resid))


def _stl_trend(values: Sequence[float]) -> Sequence[float]:
    if len(values) < _DAYS_FOR_STL:
        return ()
    return [float(level) for level in _stl([log(value + 1) for value in values]).trend]


def _stl(logs: Sequence[float]) -> "STL":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return STL(logs, period=7, robust=True).fit()


BASELINES = (
    Baseline("abs(z) > 3", z_scores, _Z),
    Baseline("median/MAD > 3.5", mad_scores, _ROBUST),
    Baseline("STL residual > 3.5", stl_scores, _ROBUST, _stl_trend),
)


def findings_of(baseline: Baseline, histories: Histories) -> list[Finding]:
    """All that a baseline finds."""
    active = Counter(date.fromisoformat(day).toordinal() for h in histories.values() for day in h)
    usual = median(active.values())
    whole = [day for day in sorted(active) if active[day] >= usual / 2]
    found: list[Finding] = []
    for pair, history in histories.items():
        found += _of_pair(baseline, pair, history, whole)
    found += _of_devices(baseline, histories, whole)
    inner = sorted(active)[1:-1]
    scores = baseline.scores([float(active[day]) for day in inner])
    found += [
        _finding(Kind.QUIET_DAY, NETWORK, day, -score)
        for day, score in zip(inner, scores, strict=True)
        if score < -baseline.least
    ]
    return grouped(found, len(histories))


def _of_pair(
    baseline: Baseline, pair: str, history: dict[str, Totals], whole: Sequence[int]
) -> Iterator[Finding]:
    by_day = {date.fromisoformat(day).toordinal(): totals for day, totals in history.items()}
    days = sorted(by_day)
    if len(days) < 8:
        return
    seen: list[Finding] = []
    for measure in ("duration", "packets"):
        values = [float(getattr(by_day[day], measure)) for day in days]
        for finding in _runs(baseline, pair, days, values):
            if not any(one.kind is finding.kind and _days_between(one, finding) <= 1 for one in seen):
                seen.append(finding)
    trend = baseline.trend([float(by_day[day].duration) for day in days])
    if trend:
        seen = [one for one in seen if one.kind is not Kind.STEP]
        seen += _of_trend(pair, days, trend)
    yield from seen
    if days[-1] - days[0] >= 13:
        filled = list(range(days[0], whole[-1] + 1))
        scores = baseline.scores([float(by_day[day].duration) if day in by_day else 0.0 for day in filled])
        last = [score for day, score in zip(filled, scores, strict=True) if day > days[-1]]
        if len(last) >= 3 and median(last) < -baseline.least:
            yield _finding(Kind.SILENT, pair, days[-1], -median(last))


def _runs(baseline: Baseline, pair: str, days: Sequence[int], values: Sequence[float]) -> Iterator[Finding]:
    run: list[tuple[float, int]] = []
    scored = [*zip(baseline.scores(values), days, strict=True), (0.0, days[-1] + 1)]
    for score, day in scored:
        if score > baseline.least:
            run.append((score, day))
        elif run:
            is_step = len(run) >= _STEP_RUN
            when = run[0][1] if is_step else max(run)[1]
            yield _finding(Kind.STEP if is_step else Kind.BURST, pair, when, max(run)[0])
            run = []


def _of_trend(pair: str, days: Sequence[int], trend: Sequence[float]) -> Iterator[Finding]:
    """A rise of the trend by a quarter: a step if most of it happens in a week, or else growth."""
    rise = trend[-1] - trend[0]
    if abs(rise) < log(1.25):
        return
    slopes = [abs(after - before) for before, after in pairwise(trend)]
    steepest = slopes.index(max(slopes))
    within = abs(trend[min(steepest + 4, len(trend) - 1)] - trend[max(steepest - 3, 0)])
    if within > 0.5 * abs(rise):
        yield _finding(Kind.STEP, pair, days[steepest + 1], abs(rise))
    elif rise > 0:
        yield _finding(Kind.GROWTH, pair, days[0], rise)


def _of_devices(baseline: Baseline, histories: Histories, whole: Sequence[int]) -> Iterator[Finding]:
    met: defaultdict[str, Counter[int]] = defaultdict(Counter)
    probes: Counter[tuple[str, int]] = Counter()
    for pair, history in histories.items():
        device, first = split_pair(pair)[0], min(history)
        day = date.fromisoformat(first).toordinal()
        met[device][day] += 1
        probes[device, day] += history[first].flows <= 2 and history[first].packets <= 4
    for device, counts in met.items():
        days = whole[_WARM_DAYS:]
        scores = baseline.scores([float(counts[day]) for day in days])
        for day, score in zip(days, scores, strict=True):
            # MAD of mostly zeros is zero, and says nothing: then any number of new peers beyond 8 stands out
            if score > baseline.least or (not any(scores) and counts[day] > 8):
                is_scan = probes[device, day] >= _PROBES * counts[day]
                yield _finding(Kind.SCAN if is_scan else Kind.NEW_PEERS, device, day, score)


def _finding(kind: Kind, subject: str, day: int, score: float) -> Finding:
    when = date.fromordinal(day).isoformat()
    return Finding(kind, Severity.MEDIUM, subject, when, Measure.FLOWS, 0.0, 0.0, score, (subject,), 1)


def _days_between(one: Finding, other: Finding) -> int:
    return abs((date.fromisoformat(one.day) - date.fromisoformat(other.day)).days)
