"""The tables that commands print."""

from collections.abc import Iterable, Sequence

from rich.table import Table

from clients.queries.stored import ObjectUse, Status, TableUse
from clients.recovering.verify import Difference, Figures
from clients.terminal.console import POPULATION, SAMPLE, count_of, duration, number, size, table
from models.storage.schema import PairStatistics

_DIFFERENCES_SHOWN = 20


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


def _figures(figures: Figures) -> dict[str, int]:
    return {
        "days": figures.duration.count,
        "Σ duration": figures.duration.total,
        "Σ duration²": figures.duration.squares,
        "Σ packets": figures.packets.total,
        "Σ packets²": figures.packets.squares,
    }


def stored_table(tables: Iterable[TableUse], objects: Iterable[ObjectUse]) -> Table:
    """What is stored where, and how much that is."""
    made = table("Stored (as billed)", "Where", "Items", "Size", numbers=2)
    for use in tables:
        about = "" if use.is_exact else "about "
        made.add_row(f"table {use.name}", f"{about}{use.items:,}", f"{about}{size(use.stored_bytes)}")
    for below in objects:
        made.add_row(f"bucket {below.prefix}", f"{below.objects:,}", size(below.stored_bytes))
    return made


def waiting_table(status: Status) -> Table:
    """What is on its way, and what became of files."""
    made = table("Work", "What", "How many", numbers=1)
    made.add_row("messages waiting", f"{status.queue.visible:,}")
    made.add_row("messages being worked on, or to be tried again", f"{status.queue.in_flight:,}")
    made.add_row("dead letters", f"{status.dead_letters.visible + status.dead_letters.in_flight:,}")
    for state, files in sorted(status.files.states.items()):
        made.add_row(f"files {state}", f"{files:,}")
    return made


def summary_of(pairs: int, days: int) -> str:
    """`626 pairs, 1,204 pair-days`."""
    return f"{count_of(pairs, 'pair')}, {count_of(days, 'pair-day')}"
