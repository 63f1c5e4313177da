"""How far the numbers can be trusted: what became of files, and which days and branches are missing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from models.storage.schema import File

_SILENT_DAYS = 3  # a branch whose last day lies further before the last of all


@dataclass
class Branch:
    """What a branch sent."""

    name: str
    files: int = 0
    rejected: int = 0
    rows: int = 0
    quarantined: int = 0
    first_day: str = ""
    last_day: str = ""

    def add(self, file: File) -> None:
        """Takes a file of it."""
        self.files += 1
        self.rejected += file.state == "rejected"
        self.rows += file.rows or 0
        self.quarantined += file.quarantined or 0
        if file.first_day and file.last_day and file.state != "rejected":
            self.first_day = min(self.first_day or file.first_day, file.first_day)
            self.last_day = max(self.last_day, file.last_day)


@dataclass
class Quality:
    """What is known of the files.

    Attributes:
        branches: by name.
        missing_days: days without any traffic between the first and the last.
        notes: what was assumed of how many files.
        unreadable: items of the daily totals that could not be read, as pair and week.
    """

    branches: Sequence[Branch] = ()
    missing_days: Sequence[str] = ()
    notes: Counter[str] = field(default_factory=Counter)
    unreadable: Sequence[str] = ()

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(branch.rows for branch in self.branches)

    @property
    def quarantined(self) -> int:
        """Rows that were not counted."""
        return sum(branch.quarantined for branch in self.branches)

    @property
    def rejected(self) -> int:
        """Files that were not counted."""
        return sum(branch.rejected for branch in self.branches)

    @property
    def silent_branches(self) -> list[Branch]:
        """Branches whose last day lies some days before the last of all."""
        last = max((branch.last_day for branch in self.branches), default="")
        return [
            branch
            for branch in self.branches
            if branch.last_day
            and (date.fromisoformat(last) - date.fromisoformat(branch.last_day)).days > _SILENT_DAYS
        ]


def quality_of(
    files: Iterable[File], days: Sequence[str], active: Iterable[str], unreadable: Sequence[str] = ()
) -> Quality:
    """Looks at all files.

    Args:
        files: the records, in any order.
        days: all days from the first to the last.
        active: those with flows.
        unreadable: items that could not be read, as pair and week.
    """
    branches: dict[str, Branch] = {}
    notes: Counter[str] = Counter()
    for file in files:
        branches.setdefault(file.branch, Branch(file.branch)).add(file)
        notes.update(getattr(file, "notes", None) or ())
    with_flows = set(active)
    missing = [day for day in days if day not in with_flows]
    return Quality([branches[name] for name in sorted(branches)], missing, notes, unreadable)
