"""What a deployment keeps, and what waits in it."""

from collections.abc import Iterable
from typing import NamedTuple

from clients.queries.stored import ObjectUse, Status, TableUse
from clients.render.listing import Column, Listing
from clients.terminal.console import size


class _Use(NamedTuple):
    """A place and what it holds."""

    where: str
    items: int
    stored_bytes: int
    is_exact: bool = True  # or an estimate

    def about(self, text: str) -> str:
        """A figure, with a word before it if it is an estimate."""
        return text if self.is_exact else f"about {text}"


STORED = [
    Column("where", lambda use: use.where, "Where"),
    Column("items", lambda use: use.items, kind="integer"),
    Column("bytes", lambda use: use.stored_bytes, kind="integer"),
    Column("is_exact", lambda use: use.is_exact, kind="boolean"),
    Column("", lambda use: use.about(f"{use.items:,}"), "Items", kind="integer"),
    Column("", lambda use: use.about(size(use.stored_bytes)), "Size", kind="integer"),
]
WORK = [
    Column("what", lambda work: work[0], "What"),
    Column("count", lambda work: work[1], "How many", "{:,}".format, kind="integer"),
]


def stored_listing(tables: Iterable[TableUse], objects: Iterable[ObjectUse]) -> Listing:
    """What is stored where, and how much that is."""
    uses = [_Use(f"table {use.name}", use.items, use.stored_bytes, use.is_exact) for use in tables]
    uses += [_Use(f"bucket {below.prefix}", below.objects, below.stored_bytes) for below in objects]
    return Listing("stored", "Stored (as billed)", STORED, uses)


def work_listing(status: Status) -> Listing:
    """What is on its way, and what became of files."""
    work = [
        ("messages waiting", status.queue.visible),
        ("messages being worked on, or to be tried again", status.queue.in_flight),
        ("dead letters", status.dead_letters.visible + status.dead_letters.in_flight),
        *((f"files {state}", files) for state, files in sorted(status.files.states.items())),
    ]
    return Listing("work", "Work", WORK, work)
