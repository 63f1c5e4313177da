"""What a deployment keeps, and what waits in it."""

from collections.abc import Iterable

from rich.table import Table

from clients.queries.stored import ObjectUse, Status, TableUse
from clients.terminal.console import size, table


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
