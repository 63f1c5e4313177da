"""Counts the totals of a file: a write for each pair and week, side by side, within the time there is.

No item stops another. What an item refuses is looked into when all others are written.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from botocore.exceptions import ClientError

from handlers.concurrency import ForEach
from models.errors import TryAgain, error_code
from models.storage.daily_totals import DailyTotalsStore
from models.traffic import DaysOfWeek, PairWeek

log = logging.getLogger("flowtally.summarize")

_LOOKED_AT = 100  # weeks in one look, which BatchGetItem takes
_LOOKS = 16  # side by side, before what they find missing is written


@dataclass
class Counting:
    """One file on its way into the daily totals.

    Args:
        daily_totals: where it is counted.
        source: what names the file in an item.
        now: gives epoch seconds.
        check_time: is called before each write; what it raises ends the run.
        for_each: how writes run side by side.

    Attributes:
        full: weeks that cannot take the file, which was proved by reading them.
        has_added: whether any week did not have the file before.
        is_begun: whether any week is known to have the file.
    """

    daily_totals: DailyTotalsStore
    source: bytes
    now: Callable[[], float]
    check_time: Callable[[], object]
    for_each: ForEach
    full: list[PairWeek] = field(default_factory=list)
    has_added: bool = False
    is_begun: bool = False

    def add(self, weeks: Mapping[PairWeek, DaysOfWeek], *, looks_first: bool) -> None:
        """Adds totals of the file, each pair and week once.

        Args:
            weeks: what the file holds.
            looks_first: whether to look what is counted already, right before the rest is written: for a
                file that comes again.

        Raises:
            RunCutShort: there is no time left, by `check_time`; what is written stays.
            Exception: what one of the items, or all of them, refused with; the others are written.
        """
        if not looks_first:
            self._write(weeks, list(weeks))
            return
        left = iter(weeks)
        while some := list(islice(left, _LOOKED_AT * _LOOKS)):
            self._write(weeks, self._missing(some))

    def _missing(self, weeks: Sequence[PairWeek]) -> list[PairWeek]:
        """Those of the weeks in which the file is not counted yet."""
        counted: set[PairWeek] = set()

        def look(some: Sequence[PairWeek]) -> None:
            self.check_time()
            counted.update(self.daily_totals.counted(some, self.source))

        self.for_each(look, _pieces(weeks))
        self.is_begun |= bool(counted)
        return [week for week in weeks if week not in counted]

    def _write(self, weeks: Mapping[PairWeek, DaysOfWeek], chosen: Sequence[PairWeek]) -> None:
        refused: list[tuple[PairWeek, Exception]] = []

        def write(week: PairWeek) -> None:
            self.check_time()
            try:
                # The time of this write: one from before would be refused where another worker wrote since.
                if self.daily_totals.add_once(week, weeks[week], self.source, int(self.now())):
                    self.has_added = True
                self.is_begun = True
            except (ClientError, TryAgain) as error:
                if not _is_about_the_item(error):
                    raise
                refused.append((week, error))

        self.for_each(write, chosen)
        failures = [error for week, error in refused if not self._is_full(week, weeks[week])]
        if failures:
            raise failures[0]

    def _is_full(self, week: PairWeek, days: DaysOfWeek) -> bool:
        """Whether a week that refused can take no more, by what is stored and not by its error."""
        is_full = not self.daily_totals.has_room(week, days, self.source)
        if is_full:
            self.full.append(week)
        return is_full


def _is_about_the_item(error: ClientError | TryAgain) -> bool:
    """Whether others may be written all the same. Throttling or a missing permission concern all."""
    return isinstance(error, TryAgain) or error_code(error) == "ValidationException"


def _pieces(weeks: Sequence[PairWeek]) -> Iterator[Sequence[PairWeek]]:
    return (weeks[start : start + _LOOKED_AT] for start in range(0, len(weeks), _LOOKED_AT))
