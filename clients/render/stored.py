"""What a deployment keeps, what waits in it, what its branches sent, and what needs somebody."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from clients.queries.branches import BranchFiles, days_in_spans, spans_text
from clients.queries.problems import Problem
from clients.queries.stages import stages_of
from clients.queries.stored import ObjectUse, Status, TableUse
from clients.render.listing import Column, Listing
from clients.terminal.console import UNDEFINED, size
from models.visible import visible


class _Use(NamedTuple):
    """A place and what it holds."""

    where: str
    items: int
    stored_bytes: int
    dollars: float  # a month
    is_exact: bool = True  # or an estimate

    def about(self, text: str) -> str:
        """A figure, with a word before it if it is an estimate."""
        return text if self.is_exact else f"about {text}"


_SPANS = 3  # that people see
_CENT = 0.01


def _dollars(amount: float) -> str:
    return f"{amount:,.2f}" if amount >= _CENT else "< 0.01" if amount else "0"


def _time(branch: BranchFiles) -> datetime:
    return datetime.fromtimestamp(branch.last_arrival, UTC)


def _time_and_date(branch: BranchFiles) -> str:
    return _time(branch).strftime("%Y-%m-%d\n%H:%M:%S")


def _missing(branch: BranchFiles) -> str:
    spans = branch.missing()
    more = f", … ({days_in_spans(spans):,} in all)" if len(spans) > _SPANS else ""
    return spans_text(spans[:_SPANS]) + more


STORED = [
    Column("where", lambda use: use.where, "Where"),
    Column("items", lambda use: use.items, kind="integer"),
    Column("bytes", lambda use: use.stored_bytes, kind="integer"),
    Column("is_exact", lambda use: use.is_exact, kind="boolean"),
    Column("", lambda use: use.about(f"{use.items:,}"), "Items", kind="integer"),
    Column("", lambda use: use.about(size(use.stored_bytes)), "Size", kind="integer"),
    Column("dollars_a_month", lambda use: use.dollars, "US$ a month", _dollars, "number"),
]
WORK = [
    Column("what", lambda work: work[0], "What"),
    Column("count", lambda work: work[1], "How many", "{:,}".format, kind="integer"),
]
STAGES = [
    Column("stage", lambda stage: stage.name),
    Column("", lambda stage: stage.shown, "Stage"),
    Column("lambda", lambda stage: stage.compute.has_lambda, kind="boolean"),
    Column("vms", lambda stage: stage.vms, kind="integer"),
    Column("seen_seconds", lambda stage: stage.seen_seconds, kind="integer"),
    Column("", lambda stage: stage.runs_on, "Runs on"),
    Column("behind", lambda stage: stage.behind, kind="integer"),
    Column("behind_seconds", lambda stage: stage.seconds, kind="integer"),
    Column("looked_at", lambda stage: stage.looked_at, kind="integer"),
    Column("is_all", lambda stage: stage.is_all, kind="boolean"),
    Column("set_aside", lambda stage: stage.set_aside, kind="integer"),
    Column("is_repair_due", lambda stage: stage.is_repair_due, kind="boolean"),
    Column("", lambda stage: stage.lag, "How far"),
]
BRANCHES = [
    Column("branch", lambda branch: branch.name, "Branch", visible),
    Column("files", lambda branch: branch.files, "Files", "{:,}".format, "integer"),
    Column("rejected", lambda branch: branch.rejected, "Rejected", "{:,}".format, "integer"),
    Column("quarantined", lambda branch: branch.quarantined, "Quaran-\ntined", "{:,}".format, "integer"),
    Column("first_day", lambda branch: branch.first_day),
    Column("last_day", lambda branch: branch.last_day, "Last day", lambda day: day or UNDEFINED),
    Column("last_arrival", lambda branch: _time(branch).isoformat()),
    Column("", _time_and_date, "Last file\n(UTC)"),
    Column("missing_days", lambda branch: days_in_spans(branch.missing()), kind="integer"),
    Column("missing", lambda branch: spans_text(branch.missing())),
    Column("", _missing, "Days missing"),
]
PROBLEMS = [
    Column("kind", lambda problem: problem.kind, "What"),
    Column("where", lambda problem: problem.where, "Where", visible),
    Column("what", lambda problem: problem.what, "Why"),
]


def stages_listing(status: Status, now: float) -> Listing:
    """What runs each stage, and how far behind it is."""
    return Listing("stages", "Stages", STAGES, stages_of(status, now))


def branches_listing(branches: Sequence[BranchFiles]) -> Listing:
    """What each branch sent."""
    return Listing("branches", "Branches", BRANCHES, branches, is_shown_empty=False)


def problems_listing(problems: Sequence[Problem]) -> Listing:
    """What needs somebody."""
    return Listing("problems", "Needs somebody", PROBLEMS, problems, is_shown_empty=False)


def stored_listing(tables: Iterable[TableUse], objects: Iterable[ObjectUse]) -> Listing:
    """What is stored where, how much that is, and what keeping it costs in us-east-1."""
    uses = [
        _Use(f"table {use.name}", use.items, use.stored_bytes, use.dollars_a_month, use.is_exact)
        for use in tables
    ]
    uses += [
        _Use(f"bucket {below.prefix}", below.objects, below.stored_bytes, below.dollars_a_month)
        for below in objects
    ]
    return Listing("stored", "Stored (as billed, by prices of us-east-1)", STORED, uses)


def work_listing(status: Status, now: float) -> Listing:
    """What is on its way, for how long, and what became of files."""
    oldest = now - min(status.incoming_since, default=now)
    work = [
        ("files in incoming/", len(status.incoming_since)),
        ("seconds that the oldest of these has waited", max(0, round(oldest))),
        ("messages waiting", status.queue.visible),
        ("messages being worked on, or to be tried again", status.queue.in_flight),
        ("dead letters", status.dead_letters.visible + status.dead_letters.in_flight),
        *((f"files {state}", files) for state, files in sorted(status.files.states.items())),
    ]
    return Listing("work", "Work", WORK, work)
