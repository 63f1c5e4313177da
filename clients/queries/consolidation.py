"""Whether what was counted is consolidated: changes of weeks against the marks of their pairs' statistics.

A mark says which revision of a week is in the sums of its pair, so a week is consolidated when its mark is at
or beyond the revision that was read of it. A mark that was forgotten says nothing; then the sums are compared
with what the daily totals of the pair give.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from models.deployment import Deployment
from models.errors import NotComputable
from models.storage.batch_read import KEYS_A_CALL, read_items
from models.storage.changes import recompute, states_of
from models.storage.daily_totals import DailyTotalsStore
from models.storage.schema import RawItem, Week
from models.storage.statistics_item import bookkeeping, integer_in, is_key, is_set_aside, key_of, sums_of
from models.traffic import PairWeek, join_pair, split_pair

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

AT_ONCE = KEYS_A_CALL  # weeks that one look takes at most
_PAIR, _WEEK = Week.pair.attr_name, Week.monday.attr_name
_REVISION, _TIME = Week.revision.attr_name, Week.updated_at.attr_name
_NAMES = {"#k": _PAIR, "#t": _WEEK, "#r": _REVISION, "#u": _TIME}
ASKED: dict[str, Any] = {  # what a request names of an item, for `Change.of`
    "ProjectionExpression": ", ".join(_NAMES),
    "ExpressionAttributeNames": _NAMES,
}


class Change(NamedTuple):
    """A pair's week as it was read, after its last change."""

    pair: str
    week: str
    revision: int
    changed_at: int  # epoch seconds

    @classmethod
    def of(cls, item: RawItem) -> "Change":
        """What an item of the daily totals says; numbers that were spoilt by hand are 0."""
        return cls(item[_PAIR]["S"], item[_WEEK]["S"], integer_in(item, _REVISION), integer_in(item, _TIME))


class Standing(StrEnum):
    """How the statistics of a pair stand to a change."""

    CONSOLIDATED = "consolidated"  # it is in the sums
    BEHIND = "behind"  # it is not yet
    SET_ASIDE = "set aside"  # it never will be, until somebody mends the daily totals
    FORGOTTEN = "forgotten"  # the mark is gone, as those of old changes are, so the marks do not tell


def standing(change: Change, statistics: RawItem) -> Standing:
    """What the marks of a pair tell of a change.

    Args:
        change: of one of its weeks.
        statistics: its item, read later than the change; empty if there is none.
    """
    if is_set_aside(statistics):
        return Standing.SET_ASIDE
    known = bookkeeping(statistics)
    if known.revision_of(change.week) >= change.revision:
        return Standing.CONSOLIDATED
    if change.week not in known.marks and change.changed_at <= known.horizon:
        return Standing.FORGOTTEN
    return Standing.BEHIND


class Consolidation:
    """Looks up by their keys how weeks stand; all reads are strongly consistent.

    Args:
        dynamodb: a boto3 DynamoDB client.
        deployment: the names of the tables.
    """

    def __init__(self, dynamodb: "DynamoDBClient", deployment: Deployment) -> None:
        self._dynamodb = dynamodb
        self._tables = deployment.daily_totals, deployment.pair_statistics
        self._daily_totals = DailyTotalsStore(dynamodb, deployment.daily_totals)

    def changes(self, weeks: Sequence[PairWeek]) -> list[Change]:
        """The last change of each of at most `AT_ONCE` weeks; those that do not exist are left out.

        Raises:
            ClientError: DynamoDB refused.
            TryAgain: the table kept leaving keys unread.
        """
        keys = [{_PAIR: {"S": week.pair}, _WEEK: {"S": week.week}} for week in weeks]
        request = {"Keys": keys, "ConsistentRead": True, **ASKED}
        return [Change.of(item) for item in read_items(self._dynamodb, self._tables[0], request)]

    def standings(self, changes: Sequence[Change]) -> list[Standing]:
        """How the pairs of at most `AT_ONCE` changes stand now; none is `FORGOTTEN`.

        Raises: as `changes`.
        """
        items = self._statistics({change.pair for change in changes})
        found = [standing(change, items.get(change.pair, {})) for change in changes]
        return [
            self._by_sums(change.pair) if it is Standing.FORGOTTEN else it
            for change, it in zip(changes, found, strict=True)
        ]

    def _statistics(self, pairs: Iterable[str]) -> dict[str, RawItem]:
        """The items of pairs; of what is no pair there is none."""
        keys = [key_of(pair) for pair in pairs if is_key(*split_pair(pair))]
        request = {"Keys": keys, "ConsistentRead": True}
        items = read_items(self._dynamodb, self._tables[1], request) if keys else ()
        return {join_pair(item["src"]["S"], item["dst"]["S"]): item for item in items}

    def _by_sums(self, pair: str) -> Standing:
        """What the sums of a pair tell, where the marks do not."""
        statistics = self._statistics([pair]).get(pair, {})  # first: what changes after this must be missed
        if is_set_aside(statistics):
            return Standing.SET_ASIDE
        try:
            expected, _ = recompute(states_of(self._daily_totals.of_pair(pair)), bookkeeping(statistics))
        except NotComputable:
            return Standing.BEHIND  # whoever consolidates it next sets it aside
        return Standing.CONSOLIDATED if sums_of(statistics) == expected else Standing.BEHIND
