"""What a verification found."""

from collections.abc import Sequence

from rich.table import Table

from clients.recovering.verify import Difference, PairMoments
from clients.terminal.console import count_of, table

_DIFFERENCES_SHOWN = 20


def differences_table(differences: Sequence[Difference]) -> Table:
    """What is stored of each pair, and what it should be: one row per figure that differs."""
    shown = differences[:_DIFFERENCES_SHOWN]
    title = "Statistics that are not what the daily totals give"
    if len(shown) < len(differences):
        title += f" (the first {len(shown)} of {len(differences)} pairs)"
    made = table(title, "Source", "Destination", "Figure", "Stored", "Should be", numbers=2)
    for pair in shown:
        should_be = _figures(pair.expected)
        for name, stored in _figures(pair.stored).items():
            if stored != should_be[name]:
                made.add_row(pair.source, pair.destination, name, str(stored), str(should_be[name]))
    return made


def _figures(moments: PairMoments) -> dict[str, int]:
    return {
        "days": moments.duration.count,
        "Σ duration": moments.duration.total,
        "Σ duration²": moments.duration.squares,
        "Σ packets": moments.packets.total,
        "Σ packets²": moments.packets.squares,
    }


def summary_of(pairs: int, days: int) -> str:
    """`626 pairs, 1,204 pair-days`."""
    return f"{count_of(pairs, 'pair')}, {count_of(days, 'pair-day')}"
