"""What happened to one pair: a day, a level or a trend that its own history does not explain.

All is judged on logarithms, so that twice as much is as far as half as much, whatever the size of a pair.
"""

from collections.abc import Sequence
from itertools import accumulate, repeat
from math import exp, log, sqrt
from operator import sub
from typing import NamedTuple

from clients.insight.findings import Kind, Thresholds
from clients.insight.rhythm import (
    WEEK,
    WEEKEND,
    distance_between,
    less_rhythm,
    middle_of,
    remainder,
    rhythm_of,
    robust_spread,
)

_TURNS = 2


class Event(NamedTuple):
    """Something that happened to one measure of a pair."""

    kind: Kind
    position: int  # in the pair's days
    value: float  # that day, or a day since; of growth, the rate
    expected: float
    score: float
    is_like_weekend: bool = False  # a burst that would be none had the day been a Saturday or a Sunday


class Model(NamedTuple):
    """What the ordinary days of a pair are like, in logarithms."""

    rhythm: tuple[float, ...]  # of the weekdays, as remainders of ordinals
    residuals: Sequence[float]  # what the level of each day and the rhythm leave
    least_spread: float


class Calendar(NamedTuple):
    """What both measures of a pair share."""

    days: Sequence[int]  # ordinals of the days with flows, rising
    weekdays: Sequence[int]  # their remainders
    without_gap: bool
    least_spread: float  # what a total varies by chance alone, the more the fewer its flows

    def rhythm_of(self, logs: Sequence[float]) -> tuple[float, ...]:
        """The rhythm of the week in a measure; empty if there is none."""
        return rhythm_of(self.weekdays, logs, without_gap=self.without_gap)


def calendar_of(days: Sequence[int], flows: Sequence[int], rules: Thresholds) -> Calendar:
    """The days of a pair, and how much a total of so many flows varies at least."""
    by_chance = sqrt(rules.flow_variance / sorted(flows)[len(flows) // 2])
    without_gap = days[-1] - days[0] + 1 == len(days)
    return Calendar(days, [day % WEEK for day in days], without_gap, max(rules.least_spread, by_chance))


def judge(calendar: Calendar, values: Sequence[int], rules: Thresholds) -> tuple[list[Event], Model]:
    """Finds what stands out in one measure.

    Args:
        calendar: the days with flows.
        values: the measure on each.
        rules: when something is a finding.

    Returns:
        At most one step or growth, and a burst for each run of days that stand out; and what was taken
        for ordinary.
    """
    raw = list(map(log, values)) if min(values) > 0 else [log(value or 1) for value in values]
    days, least_spread = calendar.days, calendar.least_spread
    if len(days) < rules.fewest_days:
        return _short(raw, values, least_spread, rules)
    rhythm = calendar.rhythm_of(raw)
    logs = less_rhythm(calendar.weekdays, raw, rhythm)
    level = center = middle_of(logs)
    residuals = flat = list(map(sub, logs, repeat(center)))
    events: list[Event] = []
    if len(days) >= 2 * rules.step_days and _drifts(flat, rules):
        # What drifts hides a rhythm, or looks like one, and the other way round: told apart in turns.
        shapes = _shapes(days, flat, rules)
        for _ in range(_TURNS):
            before, rhythm = rhythm, calendar.rhythm_of(remainder(raw, shapes.closest))
            if rhythm == before:
                break  # so all stays as it is
            logs = less_rhythm(calendar.weekdays, raw, rhythm)
            center = middle_of(logs)
            flat = [value - center for value in logs]
            shapes = _shapes(days, flat, rules)
        change = _change(days, flat, shapes, rules)
        if not change:
            residuals = list(map(sub, logs, repeat(level)))
        else:
            event, shape = change
            events.append(event._replace(expected=exp(center + event.expected), value=_value(event, center)))
            residuals = remainder(logs, [center + level for level in shape])
    model = Model(rhythm, residuals, least_spread)
    events += _bursts(days, values, model, rules)
    return events, model


class _Shapes(NamedTuple):
    """A line and two levels through the same days."""

    slope: float
    line: Sequence[float]
    split: int
    levels: Sequence[float]
    is_line_closer: bool
    are_levels_closer: bool  # or as close, if neither is

    @property
    def closest(self) -> Sequence[float]:
        """Whichever is closer to the days, sure or not."""
        return self.line if self.is_line_closer else self.levels


def _shapes(days: Sequence[int], flat: Sequence[float], rules: Thresholds) -> _Shapes:
    slope, line = _line(days, flat)
    split, levels = _best_split(flat, rules)
    from_line, from_levels = distance_between(flat, line), distance_between(flat, levels)
    return _Shapes(slope, line, split, levels, from_line < from_levels, from_levels < from_line)


def _value(event: Event, center: float) -> float:
    return event.value if event.kind is Kind.GROWTH else exp(center + event.value)


def _short(
    logs: list[float], values: Sequence[int], least_spread: float, rules: Thresholds
) -> tuple[list[Event], Model]:
    """Too few days for a deviation: only what is many times as high as all others is worth a word."""
    center = middle_of(logs)
    least = max(log(rules.short_ratio), rules.burst_deviations * least_spread)
    model = Model((), [value - center for value in logs], least_spread)
    if len(logs) < rules.short_days:
        return [], model
    highest = max(range(len(logs)), key=logs.__getitem__)
    second = sorted(logs)[-2]
    if logs[highest] - second < least:
        return [], model
    return [Event(Kind.BURST, highest, values[highest], exp(center), (logs[highest] - center) / least)], model


def _drifts(flat: Sequence[float], rules: Thresholds) -> bool:
    """Whether the last third lies elsewhere than the first: nothing else need be looked at closely."""
    third = max(rules.step_days, len(flat) // 3)
    first, last = sorted(flat[:third]), sorted(flat[-third:])
    return abs(last[third // 2] - first[third // 2]) > 0.5 * log(rules.step_ratio)


def _change(
    days: Sequence[int], flat: Sequence[float], shapes: _Shapes, rules: Thresholds
) -> tuple[Event, Sequence[float]] | None:
    """The step or the trend, whichever explains the days better, if it is sure enough."""
    if shapes.is_line_closer:
        return _trend(days, flat, shapes, rules)  # or it is too short or too slow to be told
    step = _step(flat, shapes, rules)
    if step or shapes.are_levels_closer:
        return step
    return _trend(days, flat, shapes, rules)


def _step(flat: Sequence[float], shapes: _Shapes, rules: Thresholds) -> tuple[Event, Sequence[float]] | None:
    split, shape = shapes.split, shapes.levels
    before, after = shape[0], shape[-1]
    spread = max(robust_spread(remainder(flat, shape)), rules.least_spread)
    error = spread * sqrt(1 / split + 1 / (len(flat) - split))
    score = abs(after - before) / error
    if score < rules.step_deviations or abs(after - before) < log(rules.step_ratio):
        return None
    return Event(Kind.STEP, split, after, before, score), shape


def _best_split(flat: Sequence[float], rules: Thresholds) -> tuple[int, Sequence[float]]:
    """Where two levels explain most, and the two levels; extremes count as less, so none makes a step."""
    ordered = sorted(flat)
    low, high = ordered[len(flat) // 10], ordered[-1 - len(flat) // 10]
    clipped = [low if value < low else high if value > high else value for value in flat]
    sums = list(accumulate(clipped))
    total, count = sums[-1], len(flat)
    places = range(rules.step_days, count - rules.step_days + 1)
    gains = [(sums[place - 1] - total * place / count) ** 2 / (place * (count - place)) for place in places]
    split = places[gains.index(max(gains))]
    before, after = middle_of(flat[:split]), middle_of(flat[split:])
    split = _refined(flat, split, before, after, rules.step_days)
    return split, [before] * split + [after] * (count - split)


def _refined(flat: Sequence[float], split: int, before: float, after: float, margin: int) -> int:
    """Where near a split the days fit its two levels best."""
    nearest = range(max(margin, split - WEEK), min(len(flat) - margin, split + WEEK) + 1)
    between = abs(after - before)
    gains = [  # of a day before the split; one that is far from both levels tells nothing
        far - near if min(abs(far), abs(near)) < between else 0.0
        for far, near in ((abs(value - after), abs(value - before)) for value in flat)
    ]
    best, total = nearest[0], sum(gains[: nearest[0]])
    highest = total
    for place in nearest[1:]:
        total += gains[place - 1]
        if total > highest:
            best, highest = place, total
    return best


def _line(days: Sequence[int], flat: Sequence[float]) -> tuple[float, Sequence[float]]:
    """The slope a day and the line through the days: medians of the outer thirds, then of the rest."""
    third = len(days) // 3
    run = middle_of(days[-third:]) - middle_of(days[:third])
    slope = (middle_of(flat[-third:]) - middle_of(flat[:third])) / run
    slopes = [
        (flat[later] - flat[earlier]) / (days[later] - days[earlier])
        for earlier, later in zip(range(len(days) - third), range(third, len(days)), strict=True)
    ]
    slope = (slope + middle_of(slopes)) / 2
    level = middle_of([value - slope * day for day, value in zip(days, flat, strict=True)])
    return slope, [level + slope * day for day in days]


def _trend(
    days: Sequence[int], flat: Sequence[float], shapes: _Shapes, rules: Thresholds
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


def _bursts(days: Sequence[int], values: Sequence[int], model: Model, rules: Thresholds) -> list[Event]:
    """The highest day of each run of days that stand out."""
    highest = max(model.residuals)
    if highest < log(rules.burst_ratio):
        return []  # most pairs, told before their deviation is
    spread = max(robust_spread(model.residuals), model.least_spread)
    least = max(rules.burst_deviations * spread, log(rules.burst_ratio))
    if highest < least:
        return []
    found: list[Event] = []
    latest = -2
    for position, residual in enumerate(model.residuals):
        if residual < least:
            continue
        usual = exp(log(values[position]) - residual)
        weekend = _as_weekend(days[position], residual, model)
        event = Event(Kind.BURST, position, values[position], usual, residual / spread, weekend < least)
        if found and days[position] - latest <= 1:
            found[-1] = max(found[-1], event, key=lambda one: one.score)
        else:
            found.append(event)
        latest = days[position]
    return _unusual(found, rules)


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
