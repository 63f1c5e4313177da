"""What each branch sent: of which days, which days are missing, and when the last file came."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from models.days import day_of, ordinal
from models.storage.schema import IN_TOTALS, File


@dataclass
class BranchFiles:
    """What a branch sent.

    Attributes:
        name: of the branch.
        files: how many files there are of it, whatever became of them.
        rejected: those that were rejected.
        quarantined: rows that were not counted.
        last_arrival: of a file, epoch seconds.
    """

    name: str
    files: int = 0
    rejected: int = 0
    quarantined: int = 0
    last_arrival: int = 0
    _covered: set[tuple[int, int]] = field(default_factory=set)

    def add(self, file: File) -> None:
        """Takes a file of it."""
        self.files += 1
        self.rejected += file.state == "rejected"
        self.quarantined += file.quarantined or 0
        self.last_arrival = max(self.last_arrival, file.arrived_at)
        if file.first_day and file.last_day and file.state in IN_TOTALS:
            self._covered.add((ordinal(file.first_day), ordinal(file.last_day)))

    @property
    def first_day(self) -> str | None:
        """The first day that is counted; None if there is none."""
        return day_of(min(self._covered)[0]) if self._covered else None

    @property
    def last_day(self) -> str | None:
        """The last day that is counted."""
        return day_of(max(last for _, last in self._covered)) if self._covered else None

    def missing(self, since: str = "") -> list[tuple[int, int]]:
        """Spans of days between the first and the last of which no file was counted, as ordinals.

        Args:
            since: days before are no matter.
        """
        begin = ordinal(since) if since else 0
        return [(max(first, begin), last) for first, last in self._gaps() if last >= begin]

    def _gaps(self) -> Iterator[tuple[int, int]]:
        reached: int | None = None
        for first, last in sorted(self._covered):
            if reached is not None and first > reached + 1:
                yield reached + 1, first - 1
            reached = max(reached or last, last)


def days_in_spans(spans: Iterable[tuple[int, int]]) -> int:
    """How many days lie in spans."""
    return sum(last - first + 1 for first, last in spans)


def spans_text(spans: Iterable[tuple[int, int]]) -> str:
    """Spans of days as people read them: `2022-12-08, 2022-12-10 – 2022-12-12`."""
    return ", ".join(
        day_of(first) if first == last else f"{day_of(first)} – {day_of(last)}" for first, last in spans
    )
