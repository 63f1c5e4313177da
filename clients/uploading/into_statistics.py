"""Whether what a file changed is in the statistics. Which pairs that are, the file itself tells."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from clients.queries.consolidation import AT_ONCE, Change, Consolidation, Standing
from models.errors import FileRejected
from models.flow_csv.flow_file import read_flow_file
from models.flow_csv.parts import PAIR_DAYS
from models.storage.schema import File
from models.traffic import AddressScope, PairWeek, address_prefix, by_week

WEEKS_AT_MOST = 1000  # of a file that are looked at; of more, so many at even distances


class NotKnown(Exception):
    """What a file changed cannot be told; the text says why."""


@dataclass
class Pairs:
    """The weeks of pairs that a file changed, and which of them are in the statistics.

    Attributes:
        weeks: those that are still to be looked at, the next one last.
        is_all: whether they are all that the file changed, or some at even distances.
        changes: of those that were found behind.
        set_aside: pairs of which there are no statistics until somebody mends their daily totals.
        seen: the pairs that were looked at.
    """

    weeks: list[PairWeek]
    is_all: bool
    changes: list[Change] = field(default_factory=list)
    set_aside: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)


class IntoStatistics:
    """Follows what files changed into the statistics.

    It costs two reads a week and pair, some 0.03 cents for the largest file. While a file is behind, only one
    of its pairs is asked for.

    Args:
        consolidation: looks up how weeks stand.
        branch: who sent the files.
        scope: whether an address is another device in each branch.
    """

    def __init__(self, consolidation: Consolidation, branch: str, scope: AddressScope) -> None:
        self._consolidation = consolidation
        self._prefix = address_prefix(scope, branch)

    def pairs_of(self, path: Path, record: File) -> Pairs:
        """What a file changed, by reading it again.

        Args:
            path: the file.
            record: what became of it.

        Raises:
            NotKnown: it cannot be read any more, or is not what was counted.
        """
        try:
            with path.open("rb") as stream, Path(os.devnull).open("wb") as nowhere:
                flows = read_flow_file(stream, nowhere, PAIR_DAYS, path.name)
        except OSError as error:
            raise NotKnown(f"it cannot be read any more ({error.strerror or error})") from error
        except FileRejected as rejection:
            raise NotKnown("it has changed since it was sent") from rejection
        if flows.digest != record.digest:
            raise NotKnown("it has changed since it was sent")
        weeks = sorted(by_week(flows.first, self._prefix), reverse=True)
        step = -(-len(weeks) // WEEKS_AT_MOST) or 1
        return Pairs(weeks[::step], is_all=step == 1 and not flows.more and not flows.parts)

    def has_all(self, pairs: Pairs) -> bool:
        """Looks on, until a week is found that is behind.

        Returns:
            Whether there is none.

        Raises:
            ClientError: DynamoDB refused.
            TryAgain: a table kept leaving keys unread.
        """
        if pairs.changes:  # one of them tells whether the others are worth a look
            first, *others = pairs.changes
            pairs.changes = self._behind(pairs, [first]) + others
            if pairs.changes and pairs.changes[0] is first:
                return False
            pairs.changes = self._behind(pairs, others)
        while pairs.weeks and not pairs.changes:
            some = [pairs.weeks.pop() for _ in range(min(AT_ONCE, len(pairs.weeks)))]
            pairs.seen.update(week.pair for week in some)
            pairs.changes = self._behind(pairs, self._consolidation.changes(some))
        return not pairs.changes

    def _behind(self, pairs: Pairs, changes: list[Change]) -> list[Change]:
        """Those of the changes that are not in the statistics yet."""
        found = list(zip(changes, self._consolidation.standings(changes), strict=True)) if changes else []
        pairs.set_aside.update(change.pair for change, it in found if it is Standing.SET_ASIDE)
        return [change for change, it in found if it is Standing.BEHIND]
