"""What the pairs tell together about a day: whether files miss, and whether it was a holiday."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import log
from statistics import median

from clients.insight.findings import NETWORK, Finding, Kind, Measure, Severity, Thresholds
from clients.insight.pair_history import Model
from clients.insight.rhythm import WEEK, WEEKEND
from models.days import day_of

_QUIET_PAIRS, _ALMOST_ALL = 10, 0.75
_OTHER_WEEKEND = 0.3  # in logarithms: a third more or less
_HOLIDAY_PAIRS, _HOLIDAY_SHARE = 4, 0.6  # so many, and so many of them, take a weekday for a weekend


class _Counts:
    """Counts pairs by day; days without a gap are two steps, instead of sixty."""

    def __init__(self) -> None:
        self._single: Counter[int] = Counter()
        self._steps: Counter[int] = Counter()

    def add(self, days: Sequence[int]) -> None:
        """Counts a pair on some days, rising."""
        first, last = days[0], days[-1]
        if last - first + 1 == len(days):
            self._steps[first] += 1
            self._steps[last + 1] -= 1
        else:
            self._single.update(days)

    def by_day(self) -> Counter[int]:
        """How many pairs there are on each day that has some."""
        days = sorted(self._steps)
        level, total = 0, Counter(self._single)
        for day, following in pairwise(days):
            level += self._steps[day]
            if level:
                total.update(dict.fromkeys(range(day, following), level))
        return total


class Network:
    """Counts pairs by day."""

    def __init__(self, rules: Thresholds) -> None:
        self._rules = rules
        self._active = _Counts()  # pairs with flows
        self._expected = _Counts()  # pairs with a history around the day
        self._low: Counter[int] = Counter()  # of these, those far below their own
        self._rhythmic: Counter[int] = Counter()  # pairs, on a weekday, that are otherwise at weekends
        self._like_weekend: Counter[int] = Counter()  # of these, those that took the day for a weekend
        self.latest = 0  # day with flows

    def take(self, days: Sequence[int]) -> None:
        """Takes the days of a pair."""
        self._active.add(days)
        self.latest = max(self.latest, days[-1])

    def take_regular(self, days: Sequence[int], model: Model) -> None:
        """Takes the days of a pair that has flows on most, and what is ordinary for it."""
        low = log(self._rules.quiet_ratio)
        self._expected.add(days)
        if model.lowest < low:
            self._low.update(
                [day for day, residual in zip(days, model.residuals, strict=True) if residual < low]
            )
        if days[-1] - days[0] + 1 > len(days):
            present, weekdays = set(days), {day % WEEK for day in days}
            absent = [
                day for day in range(days[0], days[-1]) if day not in present and day % WEEK in weekdays
            ]
            if absent:
                self._expected.add(absent)
                self._low.update(absent)

    def take_rhythm(self, days: Sequence[int], model: Model) -> None:
        """Notes which weekdays a pair took for a weekend, if it can tell: on a holiday most do."""
        if not model.rhythm:
            return
        weekend = sum(model.rhythm[day] for day in WEEKEND) / len(WEEKEND)
        shifts = [weekend - usual for usual in model.rhythm]
        telling = {weekday for weekday in range(WEEK) if abs(shifts[weekday]) > _OTHER_WEEKEND}
        telling.difference_update(WEEKEND)
        told = [
            (day, residual)
            for day, residual in zip(days, model.residuals, strict=True)
            if day % WEEK in telling
        ]
        self._rhythmic.update([day for day, _ in told])
        self._like_weekend.update(
            [day for day, residual in told if abs(residual - shifts[day % WEEK]) < abs(residual)]
        )

    def is_holiday(self, day: int) -> bool:
        """Whether most pairs that can tell took the day for a weekend."""
        alike, all_of_them = self._like_weekend[day], self._rhythmic[day]
        return all_of_them >= _HOLIDAY_PAIRS and alike >= _HOLIDAY_SHARE * all_of_them

    def whole_days(self) -> list[int]:
        """The days that files cover, rising, without the ends of the first and the last file."""
        active = self._active.by_day()
        usual = median(active.values()) if active else 0
        return [day for day in sorted(active) if active[day] >= usual / 2]

    def quiet_days(self) -> Iterator[Finding]:
        """Days on which most pairs are far below their own, or hardly any are left."""
        active, all_expected = self._active.by_day(), self._expected.by_day()
        days = sorted(active)
        for day in days[1:-1]:
            expected, low = all_expected[day], self._low[day]
            if expected < _QUIET_PAIRS or low < self._rules.quiet_share * expected:
                expected = int(median(_alike(active, day)))
                low = expected - active[day]
                if expected < _QUIET_PAIRS or low < _ALMOST_ALL * expected:
                    continue
            yield Finding(
                Kind.QUIET_DAY,
                Severity.MEDIUM,
                NETWORK,
                day_of(day),
                Measure.PAIRS,
                value=float(expected - low),
                expected=float(expected),
                score=low / expected,
                pair_count=low,
                series=[(day_of(other), float(active[other])) for other in days],
            )


def _alike(active: Mapping[int, int], day: int) -> list[int]:
    """How many pairs had flows on such days: those of the weekday, if there are some, or all."""
    same = [count for other, count in active.items() if other % WEEK == day % WEEK]
    return same if len(same) > 2 else list(active.values())
