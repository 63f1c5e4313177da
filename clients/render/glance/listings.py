"""A pair, a device or a network at a glance: for people a chart and a few figures."""

from collections.abc import Callable, Sequence
from typing import Any

from clients.insight.glance import DayAgainstAverage, Figures, Glance
from clients.render.glance.day_chart import DayChart
from clients.render.listing import Column, Listing, say_result
from clients.terminal.console import POPULATION, SAMPLE, UNDEFINED, duration, number, out
from models.history import History
from models.moments import Moments

_MEASURES = {
    "duration": ("duration_us", "Flow duration", duration),
    "packets": ("packets", "Fwd packets", number),
    "flows": ("flows", "Flows", number),
}


def _times(ratio: float | None) -> str:
    return UNDEFINED if ratio is None else f"{ratio:.2f} ×"


def _deviations(count: float | None) -> str:
    return UNDEFINED if count is None else f"{count:+.1f} std"


def _read(value: Callable[[Figures], float | None]) -> Callable[[Figures], str]:
    """A figure as people read it, in the unit of its measure."""
    return lambda figures: _MEASURES[figures.measure][2](value(figures))


def figure_columns(*, sample: bool) -> list[Column]:
    """Totals, averages and deviations of each measure.

    Args:
        sample: whether the deviations are those of a sample (n − 1).
    """
    total: Callable[[Figures], int] = lambda figures: figures.daily.total  # noqa: E731
    mean: Callable[[Figures], float | None] = lambda figures: figures.daily.mean  # noqa: E731
    deviation: Callable[[Figures], float | None] = lambda it: it.daily.deviation(sample=sample)  # noqa: E731
    peak: Callable[[Figures], int] = lambda figures: figures.peak  # noqa: E731
    return [
        Column("measure", lambda figures: _MEASURES[figures.measure][0]),
        Column("", lambda figures: _MEASURES[figures.measure][1], "A day"),
        Column("total", total, kind="integer"),
        Column("avg", mean, kind="number"),
        Column("std", deviation, kind="number"),
        Column("peak", peak, kind="integer"),
        Column("", _read(total), "Total", kind="integer"),
        Column("", _read(mean), "Avg", kind="number"),
        Column("", _read(deviation), "Std", kind="number"),
        Column("", _read(peak), "Peak", kind="number"),
        Column("peak_day", lambda figures: figures.peak_day, "on"),
    ]


LAST_DAYS = [
    Column("day", lambda day: day.day, "Day"),
    Column("duration_total_us", lambda day: day.duration, "Flow\nduration", duration, "integer"),
    Column("duration_times_avg", lambda day: day.times_duration, "of avg", _times, "number"),
    Column("duration_deviations", lambda day: day.off, "off avg", _deviations, "number"),
    Column("packets_total", lambda day: day.packets, "Fwd\npackets", number, "integer"),
    Column("packets_times_avg", lambda day: day.times_packets, "of avg", _times, "number"),
    Column("flows", lambda day: day.flows, "Flows", "{:,}".format, "integer"),
]
DAYS = [
    Column("day", lambda row: row[0], "Day"),
    Column("duration_total_us", lambda row: row[1].duration, "Flow duration", duration, "integer"),
    Column("packets_total", lambda row: row[1].packets, "Fwd packets", number, "integer"),
    Column("flows", lambda row: row[1].flows, "Flows", "{:,}".format, "integer"),
]


def figures_listing(name: str, glance: Glance, *, sample: bool) -> Listing:
    """The figures over the days."""
    kind = SAMPLE if sample else POPULATION
    return Listing("figures", f"{name} ({kind})", figure_columns(sample=sample), glance.figures())


def last_days_listing(days: Sequence[DayAgainstAverage]) -> Listing:
    """The last days against the average."""
    return Listing("last_days", "The last days against the average of all", LAST_DAYS, days)


def days_listing(history: History) -> Listing:
    """All days with flows."""
    rows: list[Any] = list(history.items())
    return Listing("days", "Days", DAYS, rows)


def print_days(history: History, *, sample: bool) -> None:
    """Prints all days: as a chart on a terminal, else a line each."""
    if not out.is_terminal:
        days_listing(history).print()
        return
    moments = Moments.of(history.durations)
    out.print("Flow duration by day", style="bold")
    out.print(
        DayChart(
            history.numbers,
            history.durations,
            moments.mean or 0.0,
            moments.deviation(sample=sample),
            duration,
        )
    )
    say_result("")
