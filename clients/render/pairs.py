"""Pairs with their statistics."""

from collections.abc import Sequence

from rich.table import Table

from clients.terminal.console import POPULATION, SAMPLE, duration, number, table
from models.storage.schema import PairStatistics


def busiest_table(pairs: Sequence[PairStatistics], by: str, *, sample: bool) -> Table:
    """Pairs with their averages and deviations, in figures for people."""
    made = table(
        f"Busiest pairs by total {by}; traffic per day ({SAMPLE if sample else POPULATION})",
        "Source",
        "Destination",
        "Days",
        "Avg flow\nduration",
        "Std flow\nduration",
        "Avg fwd\npackets",
        "Std fwd\npackets",
        numbers=5,
    )
    for pair in pairs:
        made.add_row(
            pair.source,
            pair.destination,
            str(pair.days),
            duration(pair.duration.mean),
            duration(pair.duration.deviation(sample=sample)),
            number(pair.packets.mean),
            number(pair.packets.deviation(sample=sample)),
        )
    return made
