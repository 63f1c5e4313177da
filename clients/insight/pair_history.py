"""What happened to one pair: a day, a level or a trend that its own history does not explain.

All is judged on logarithms, so that twice as much is as far as half as much, whatever the size of a pair.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import exp, log, sqrt
from typing import NamedTuple

from clients.insight.findings import Kind, Thresholds
from clients.insight.rhythm import (
    WEEK,
    WEEKEND,
    Calendar,
    Rhythm,
    less,
    middle_of,
    middle_of_ordered,
    remainder,
    robust_spread,
)
from clients.insight.shapes import Shapes, shapes_of
from models.outliers import NORMAL

_TURNS = 2
_SURELY = 1 + 1e-9  # beyond what rounding may do


class Event(NamedTuple):
    """Something that happened to one measure of a pair."""

    kind: Kind
    position: int  # in the pair's days
    value: float  # that day, or a day since; of growth, the rate
    expected: float
    score: float
    is_like_weekend: bool = False  # a burst that would be none had the day been a Saturday or a Sunday


class Model:
    """What the ordinary days of a pair are like, in logarithms.

    Args:
        rhythm: of the weekdays.
        logs: of the days, without the rhythm.
        levels: what is usual on each day, the rhythm apart; or one level for all.

    Attributes:
        lowest: of the residuals.
        highest: of the residuals.
    """

    __slots__ = ("_levels", "_logs", "_residuals", "highest", "lowest", "rhythm")

    def __init__(self, rhythm: Rhythm, logs: Sequence[float], levels: Sequence[float] | float) -> None:
        self.rhythm = rhythm
        self._logs = logs
        self._levels = levels
        self._residuals: Sequence[float] = ()
        if isinstance(levels, float):  # as of most pairs, whose residuals nobody asks for
            self.lowest, self.highest = min(logs) - levels, max(logs) - levels
        else:
            self.lowest, self.highest = min(self.residuals), max(self.residuals)

    @property
    def residuals(self) -> Sequence[float]:
        """What the level of each day and the rhythm leave."""
        if not self._residuals:
            logs, levels = self._logs, self._levels
            self._residuals = less(logs, levels) if isinstance(levels, float) else remainder(logs, levels)
        return self._residuals


class Judge:
    """Judges the measures of a pair.

    Args:
        days: ordinals of the days with flows, rising.
        flows: how many on each.
        rules: when something is a finding.
    """

    def __init__(self, days: Sequence[int], flows: Sequence[int], rules: Thresholds) -> None:
        self._days = days
        self._flows = flows
        self._rules = rules
        self._calendar = Calendar(days)

    def judge(self, values: Sequence[int]) -> tuple[list[Event], Model]:
        """Finds what stands out in one measure.

        Args:
            values: the measure on each day.

        Returns:
            At most one step or growth, and a burst for each run of days that stand out; and what was taken
            for ordinary.
        """
        try:
            raw = list(map(log, values))
        except ValueError:  # of nothing
            raw = [log(value or 1) for value in values]
        if len(raw) < self._rules.fewest_days:
            return self._short(raw, values)
        rhythm = self._calendar.rhythm_of(raw, ordered := sorted(raw))
        logs = self._calendar.without(rhythm, raw)
        ordered = sorted(logs) if rhythm else ordered
        level = middle_of_ordered(ordered)
        events: list[Event] = []
        if len(raw) >= 2 * self._rules.step_days and _drifts(logs, level, self._rules):
            events, model = self._drifting(raw, logs, rhythm, level)
        else:
            model = Model(rhythm, logs, level)
            if self._is_wide(ordered, level):
                return events, model
        return events + self._bursts(values, model), model

    def _is_wide(self, ordered: Sequence[float], level: float) -> bool:
        """Whether half of the days lie so far from their level that the highest is no burst, surely."""
        near = _SURELY * (ordered[-1] - level) / (self._rules.burst_deviations * NORMAL)
        return bisect_right(ordered, level + near) - bisect_left(ordered, level - near) <= len(ordered) // 2

    def _drifting(
        self, raw: Sequence[float], logs: Sequence[float], rhythm: Rhythm, level: float
    ) -> tuple[list[Event], Model]:
        """The step or the growth, if there is one.

        What drifts hides a rhythm, or looks like one, and the other way round: told apart in turns.
        """
        calendar, center = self._calendar, level
        flat = less(logs, center)
        shapes = shapes_of(self._days, flat, self._rules)
        for _ in range(_TURNS):
            rest = remainder(raw, shapes.closest)
            before, rhythm = rhythm, calendar.rhythm_of(rest, sorted(rest))
            if rhythm == before:
                break  # so all stays as it is
            logs = calendar.without(rhythm, raw)
            center = middle_of(logs)
            flat = less(logs, center)
            shapes = shapes_of(self._days, flat, self._rules)
        change = _change(self._days, flat, shapes, self._rules)
        if not change:
            return [], Model(rhythm, logs, level)
        event, shape = change
        event = event._replace(expected=exp(center + event.expected), value=_value(event, center))
        return [event], Model(rhythm, logs, [center + level for level in shape])

    def _short(self, logs: Sequence[float], values: Sequence[int]) -> tuple[list[Event], Model]:
        """Too few days for a deviation: only what is many times as high as all others is worth a word."""
        rules = self._rules
        center = middle_of(logs)
        model = Model((), logs, center)
        least = max(log(rules.short_ratio), rules.burst_deviations * self._least_spread())
        if len(logs) < rules.short_days:
            return [], model
        highest = max(range(len(logs)), key=logs.__getitem__)
        second = sorted(logs)[-2]
        if logs[highest] - second < least:
            return [], model
        score = (logs[highest] - center) / least
        return [Event(Kind.BURST, highest, values[highest], exp(center), score)], model

    def _bursts(self, values: Sequence[int], model: Model) -> list[Event]:
        """The highest day of each run of days that stand out."""
        least_ratio = log(self._rules.burst_ratio)
        if model.highest < least_ratio:
            return []  # most pairs, told before their deviation is
        spread = max(robust_spread(model.residuals), self._least_spread())
        least = max(self._rules.burst_deviations * spread, least_ratio)
        if model.highest < least:
            return []
        found: list[Event] = []
        latest = -2
        for position, (day, residual) in enumerate(zip(self._days, model.residuals, strict=True)):
            if residual < least:
                continue
            usual = exp(log(values[position]) - residual)
            weekend = _as_weekend(day, residual, model)
            event = Event(Kind.BURST, position, values[position], usual, residual / spread, weekend < least)
            if found and day - latest <= 1:
                found[-1] = max(found[-1], event, key=lambda one: one.score)
            else:
                found.append(event)
            latest = day
        return _unusual(found, self._rules)

    def _least_spread(self) -> float:
        """What a total varies by chance alone, the more the fewer its flows."""
        usual_flows = sorted(self._flows)[len(self._flows) // 2]
        return max(self._rules.least_spread, sqrt(self._rules.flow_variance / usual_flows))


def _value(event: Event, center: float) -> float:
    return event.value if event.kind is Kind.GROWTH else exp(center + event.value)


def _drifts(logs: Sequence[float], level: float, rules: Thresholds) -> bool:
    """Whether the last third lies elsewhere than the first: nothing else need be looked at closely."""
    third = max(rules.step_days, len(logs) // 3)
    first, last = sorted(logs[:third])[third // 2] - level, sorted(logs[-third:])[third // 2] - level
    return abs(last - first) > 0.5 * log(rules.step_ratio)


def _change(
    days: Sequence[int], flat: Sequence[float], shapes: Shapes, rules: Thresholds
) -> tuple[Event, Sequence[float]] | None:
    """The step or the trend, whichever explains the days better, if it is sure enough."""
    if shapes.is_line_closer:
        return _trend(days, flat, shapes, rules)  # or it is too short or too slow to be told
    step = _step(flat, shapes, rules)
    if step or shapes.are_levels_closer:
        return step
    return _trend(days, flat, shapes, rules)


def _step(flat: Sequence[float], shapes: Shapes, rules: Thresholds) -> tuple[Event, Sequence[float]] | None:
    split, shape = shapes.split, shapes.levels
    before, after = shape[0], shape[-1]
    spread = max(robust_spread(remainder(flat, shape)), rules.least_spread)
    error = spread * sqrt(1 / split + 1 / (len(flat) - split))
    score = abs(after - before) / error
    if score < rules.step_deviations or abs(after - before) < log(rules.step_ratio):
        return None
    return Event(Kind.STEP, split, after, before, score), shape


def _trend(
    days: Sequence[int], flat: Sequence[float], shapes: Shapes, rules: Thresholds
) -> tuple[Event, Sequence[float]] | None:
    if days[-1] - days[0] + 1 < rules.growth_days:
        return None
    slope, shape = shapes.slope, shapes.line
    spread = max(robust_spread(remainder(flat, shape)), rules.least_spread)
    middle = sum(days) / len(days)
    error = spread / sqrt(sum([(day - middle) ** 2 for day in days]))
    if abs(slope) / error < rules.growth_deviations or slope < log(1 + rules.growth_rate):
        return None
    return Event(Kind.GROWTH, 0, exp(slope) - 1, shape[0], slope / error), shape


def _unusual(bursts: list[Event], rules: Thresholds) -> list[Event]:
    """Those that the pair does not have time and again: what comes often is a habit, however high."""
    if len(bursts) < rules.habit:
        return bursts
    usual = sorted(burst.score for burst in bursts)[-rules.habit]
    return [burst for burst in bursts if burst.score >= rules.habit_ratio * usual]


def _as_weekend(day: int, residual: float, model: Model) -> float:
    """The residual that a day would have, had it been a Saturday or a Sunday, whichever explains more."""
    if not model.rhythm:
        return residual
    usual = model.rhythm[day % WEEK]
    return residual + usual - max(model.rhythm[weekday] for weekday in WEEKEND)
