"""The busiest, in figures for people and for programs."""

from collections.abc import Callable, Sequence
from typing import Any

from clients.insight.ranking import MEASURES, Traffic
from clients.render.findings import growth_text, named
from clients.render.listing import Column, Listing
from clients.terminal.console import POPULATION, SAMPLE, UNDEFINED, duration, number
from models.traffic import split_pair

_SUMS = ("duration", "load", "packets", "flows")
_Value = Callable[[Traffic], Any]

# What programs call a measure, how people read it, and what stands above it.
_MEASURED: dict[str, tuple[str, Callable[[Any], str], str]] = {
    "duration": ("duration_total_us", duration, "Total flow\nduration"),
    "load": ("load", number, "Load"),
    "packets": ("packets_total", number, "Packets"),
    "flows": ("flows", number, "Flows"),
    "mean": ("duration_avg_us", duration, "Avg flow\nduration"),
    "deviation": ("duration_std_us", duration, "Std flow\nduration"),
    "variation": ("variation", number, "Std/avg"),
    "peak": ("peak_load", number, "Peak\nload"),
    "growth": ("growth_a_day", growth_text, "Growth"),
}


def ranking_columns(by: str, per: str, total: float, *, sample: bool) -> list[Column]:
    """What is shown of the ranked: first what they are ranked by; programs get every measure.

    Args:
        by: the measure that they are ranked by.
        per: what a row is.
        total: of that measure, over all.
        sample: whether deviations are those of a sample (n − 1).
    """
    of_packets = by == "packets"
    others = ("load",) if of_packets else ("load", "mean", "deviation")
    names = ("source", "destination") if per == "pair" else ("name",)
    columns = [Column("", lambda traffic: traffic.name, per.capitalize(), named)]
    columns += [Column(name, _end(place) if per == "pair" else _name) for place, name in enumerate(names)]
    columns.append(_column(by, f"{_MEASURED[by][2]} ↓", sample=sample))
    if by in _SUMS:
        part: _Value = lambda traffic: MEASURES[by](traffic) / total if total else None  # noqa: E731
        columns.append(Column("part", part, "Part", _percent, "number"))
    columns.append(Column("days", lambda traffic: len(traffic.history), "Days", kind="integer"))
    for measure in MEASURES:
        if measure != by:
            heading = _MEASURED[measure][2] if measure in others else ""
            columns.append(_column(measure, heading, sample=sample))
    shown = ("Avg fwd\npackets", "Std fwd\npackets") if of_packets else ("", "")
    mean: _Value = lambda traffic: traffic.daily_packets.mean  # noqa: E731
    deviation: _Value = lambda traffic: traffic.daily_packets.deviation(sample=sample)  # noqa: E731
    columns.append(Column("packets_avg", mean, shown[0], number, "number"))
    columns.append(Column("packets_std", deviation, shown[1], number, "number"))
    columns.append(Column("peak_day", lambda traffic: traffic.peak_day, "Peak day" if by == "peak" else ""))
    return columns


def ranking_listing(
    ranked: Sequence[Traffic], by: str, total: float, *, per: str, quietest: bool, sample: bool
) -> Listing:
    """The ranked, the highest (or lowest) first; arguments as in `ranking_columns`."""
    title = f"{'Quietest' if quietest else 'Busiest'} by {by}, per {per}; {SAMPLE if sample else POPULATION}"
    name = "pairs" if per == "pair" else "rows"
    return Listing(name, title, ranking_columns(by, per, total, sample=sample), ranked)


def _column(measure: str, heading: str, *, sample: bool) -> Column:
    name, shown, _ = _MEASURED[measure]
    value: _Value = MEASURES[measure]
    if measure == "deviation":
        value = lambda traffic: traffic.daily.deviation(sample=sample)  # noqa: E731
    kind = "integer" if measure in ("duration", "packets", "flows") else "number"
    return Column(name, value, heading, shown, kind)


def _end(place: int) -> _Value:
    return lambda traffic: split_pair(traffic.name)[place]


def _name(traffic: Traffic) -> str:
    return traffic.name


def _percent(share: float | None) -> str:
    return UNDEFINED if share is None else f"{share:.1%}"
