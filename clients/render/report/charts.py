"""What the charts of the report show, as the script in the page draws it with ECharts."""

from collections.abc import Mapping, Sequence
from typing import Any

from clients.insight.findings import Finding, Kind, Measure
from clients.insight.overview import Overview
from clients.insight.ranking import Traffic
from clients.render.findings import named
from models.days import day_of, ordinal
from models.load import load

HEATMAP_DEVICES = 20
_US = 1_000_000


def load_over_days(overview: Overview) -> dict[str, Any]:
    """The load of all pairs on each day; nothing on days without flows."""
    history = overview.network.history
    values = [load(history[day].duration) if day in history else None for day in overview.days]
    return {"kind": "days", "days": overview.days, "values": values, "unit": "flows open at once"}


def shares(ranked: Sequence[Traffic], total: int) -> dict[str, Any]:
    """The loads of the busiest, and their part of all."""
    return {
        "kind": "ranks",
        "names": [named(traffic.name) for traffic in ranked],
        "values": [traffic.load for traffic in ranked],
        "shares": [traffic.duration / total if total else 0.0 for traffic in ranked],
        "unit": "flows open at once",
    }


def heat_map(overview: Overview) -> dict[str, Any]:
    """The load of the busiest devices on each day."""
    ranked = overview.busiest_devices[:HEATMAP_DEVICES]
    cells = [
        [x, y, load(traffic.history[day].duration)]
        for y, traffic in enumerate(ranked)
        for x, day in enumerate(overview.days)
        if day in traffic.history
    ]
    return {
        "kind": "heat",
        "days": overview.days,
        "names": [named(traffic.name) for traffic in ranked],
        "cells": cells,
        "unit": "flows open at once",
    }


def of_finding(finding: Finding) -> dict[str, Any]:
    """The history behind a finding, with its day marked and what was usual."""
    values: Mapping[str, float] = dict(finding.series)
    scale, unit = (86_400 * _US, "flows open at once") if finding.measure is Measure.DURATION else (1, "")
    days = _without_gaps(sorted(values))
    return {
        "kind": "finding",
        "days": days,
        "values": [values[day] / scale if day in values else None for day in days],
        "unit": unit or finding.measure.value,
        "bars": finding.measure in (Measure.PEERS, Measure.FLOWS),
        "mark": finding.day,
        "usual": finding.expected / scale if finding.kind is not Kind.GROWTH else None,
    }


def _without_gaps(days: Sequence[str]) -> list[str]:
    return [day_of(number) for number in range(ordinal(days[0]), ordinal(days[-1]) + 1)] if days else []
