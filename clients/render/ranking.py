"""The busiest, in figures for people and for programs."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from clients.insight.ranking import MEASURES, Traffic
from clients.render.findings import growth_text, named
from clients.terminal.console import POPULATION, SAMPLE, UNDEFINED, duration, number, table

_HEADINGS = {
    "duration": "Total flow\nduration",
    "load": "Load",
    "packets": "Packets",
    "flows": "Flows",
    "mean": "Avg flow\nduration",
    "deviation": "Std flow\nduration",
    "variation": "Std/avg",
    "peak": "Peak\nload",
    "growth": "Growth",
}
_SUMS = ("duration", "load", "packets", "flows")
_DISTRIBUTION = ("mean", "deviation")  # always shown: of packets where it is packets that are ranked


def ranking_table(
    ranked: Sequence[Traffic], by: str, total: float, *, per: str, quietest: bool, sample: bool
) -> Table:
    """The ranked with what they are ranked by, marked, and the figures that are always shown.

    Args:
        ranked: the highest first.
        by: the measure that they are ranked by.
        total: of that measure, over all.
        per: what a row is.
        quietest: whether the lowest come first.
        sample: deviations of a sample (n − 1).
    """
    others = [measure for measure in ("load", *_DISTRIBUTION) if measure != by]
    of_packets = by == "packets"
    made = table(
        f"{'Quietest' if quietest else 'Busiest'} by {by}, per {per}; {SAMPLE if sample else POPULATION}",
        per.capitalize(),
        f"{_HEADINGS[by]} ↓",
        *(["Part"] if by in _SUMS else []),
        "Days",
        *(_heading(measure, of_packets=of_packets) for measure in others),
        *(["Peak day"] if by == "peak" else []),
        numbers=2 + len(others) + (by in _SUMS) + (by == "peak"),
    )
    for traffic in ranked:
        part = [f"{MEASURES[by](traffic) / total:.1%}" if total else UNDEFINED] if by in _SUMS else []
        made.add_row(
            named(traffic.name),
            _shown(traffic, by, sample=sample),
            *part,
            str(len(traffic.history)),
            *(_shown(traffic, measure, sample=sample, of_packets=of_packets) for measure in others),
            *([traffic.peak_day] if by == "peak" else []),
        )
    return made


def _heading(measure: str, *, of_packets: bool) -> str:
    heading = _HEADINGS[measure]
    return heading.replace("flow\nduration", "fwd\npackets") if of_packets else heading


def _shown(traffic: Traffic, measure: str, *, sample: bool, of_packets: bool = False) -> str:
    if measure in _DISTRIBUTION:
        daily = traffic.daily_packets if of_packets else traffic.daily
        value = daily.mean if measure == "mean" else daily.deviation(sample=sample)
        return number(value) if of_packets else duration(value)
    value = MEASURES[measure](traffic)
    if measure == "duration":
        return duration(value)
    return growth_text(value) if measure == "growth" else number(value)


def traffic_object(traffic: Traffic, *, sample: bool) -> dict[str, Any]:
    """One of the ranked for programs; durations in µs."""
    figures = {measure: value(traffic) for measure, value in MEASURES.items()}
    return {
        "name": traffic.name,
        **figures,
        "deviation": traffic.daily.deviation(sample=sample),
        "mean_packets": traffic.daily_packets.mean,
        "deviation_packets": traffic.daily_packets.deviation(sample=sample),
        "days": len(traffic.history),
        "peak_day": traffic.peak_day,
    }
