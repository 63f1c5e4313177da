"""Pairs with their statistics."""

from collections.abc import Sequence

from clients.render.listing import Column, Listing
from clients.terminal.console import POPULATION, SAMPLE, duration, number
from models.storage.schema import PairStatistics


def pair_columns(*, sample: bool) -> list[Column]:
    """What is shown of a pair; programs get exact sums, and averages and deviations of all digits.

    Args:
        sample: whether deviations are those of a sample (n − 1).
    """
    return [
        Column("source", lambda pair: pair.source, "Source"),
        Column("destination", lambda pair: pair.destination, "Destination"),
        Column("days", lambda pair: pair.days, "Days", kind="integer"),
        Column("duration_total_us", lambda pair: pair.duration_sum, kind="integer"),
        Column(
            "duration_avg_us", lambda pair: pair.duration.mean, "Avg flow\nduration", duration, kind="number"
        ),
        Column(
            "duration_std_us",
            lambda pair: pair.duration.deviation(sample=sample),
            "Std flow\nduration",
            duration,
            kind="number",
        ),
        Column("packets_total", lambda pair: pair.packets_sum, kind="integer"),
        Column("packets_avg", lambda pair: pair.packets.mean, "Avg fwd\npackets", number, kind="number"),
        Column(
            "packets_std",
            lambda pair: pair.packets.deviation(sample=sample),
            "Std fwd\npackets",
            number,
            kind="number",
        ),
    ]


def busiest_listing(pairs: Sequence[PairStatistics], by: str, *, sample: bool) -> Listing:
    """Pairs with their averages and deviations."""
    title = f"Busiest pairs by total {by}; traffic per day ({SAMPLE if sample else POPULATION})"
    return Listing("pairs", title, pair_columns(sample=sample), pairs)
