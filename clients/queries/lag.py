"""How far the statistics are behind the daily totals, over all pairs or a sample of them."""

from collections import defaultdict
from collections.abc import Iterable
from heapq import nlargest
from random import SystemRandom
from typing import TYPE_CHECKING, NamedTuple

from clients.queries.consolidation import ASKED, AT_ONCE, Change, Consolidation, Standing, standing
from models.deployment import Deployment
from models.storage.schema import RawItem
from models.traffic import join_pair

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_SAMPLE = 1000  # weeks that are read; of these the ones changed last are looked at


class Lag(NamedTuple):
    """How far consolidation is behind.

    Attributes:
        behind: pairs with a change that is not in their statistics yet.
        since: when the first of these changes was made, epoch seconds; None if there is none.
        set_aside: pairs of which there are no statistics until somebody mends their daily totals.
        looked_at: weeks of pairs that were looked at.
        is_all: whether these are all that there are.
    """

    behind: int
    since: int | None
    set_aside: int
    looked_at: int
    is_all: bool

    def seconds(self, now: float) -> float:
        """For how long the first change that is not consolidated has waited; 0 if there is none."""
        return max(0.0, now - self.since) if self.since is not None else 0.0


class Comparison:
    """Compares all weeks with the marks of their pairs, as two scans bring them: first all weeks."""

    def __init__(self) -> None:
        self._changes: dict[str, list[Change]] = defaultdict(list)
        self._weeks = 0
        self._behind: list[Change] = []
        self._set_aside = 0

    def take_week(self, item: RawItem) -> None:
        """Takes an item of the daily totals."""
        change = Change.of(item)
        self._changes[change.pair].append(change)
        self._weeks += 1

    def take_statistics(self, item: RawItem) -> None:
        """Takes an item of the statistics. A mark that was forgotten is taken for one that was in order."""
        found = [
            (change, standing(change, item))
            for change in self._changes.pop(join_pair(item["src"]["S"], item["dst"]["S"]), ())
        ]
        self._set_aside += any(it is Standing.SET_ASIDE for _, it in found)
        self._behind += [change for change, it in found if it is Standing.BEHIND]

    def lag(self) -> Lag:
        """What came out, after all items: pairs that have no statistics yet are behind, too."""
        unheard_of = [change for changes in self._changes.values() for change in changes]
        return _lag([*self._behind, *unheard_of], self._set_aside, self._weeks, is_all=True)


def sampled_lag(dynamodb: "DynamoDBClient", deployment: Deployment) -> Lag:
    """Looks at some pairs, whatever the size of the tables: of 1,000 weeks the 100 that changed last.

    These are the first to be behind when nothing consolidates. It costs at most one page of a scan, 1 MB, and
    a hundred reads, some 0.003 cents. Of many weeks, others are taken each time.

    Raises:
        ClientError: DynamoDB refused.
        TryAgain: a table kept leaving keys unread.
    """
    items = dynamodb.describe_table(TableName=deployment.daily_totals)["Table"].get("ItemCount", 0)
    segments = -(-items // _SAMPLE) or 1
    page = dynamodb.scan(
        TableName=deployment.daily_totals,
        Segment=SystemRandom().randrange(segments),
        TotalSegments=segments,
        Limit=_SAMPLE,
        **ASKED,
    )
    read = [Change.of(item) for item in page["Items"]]
    changes = nlargest(AT_ONCE, read, key=lambda change: change.changed_at)
    standings = Consolidation(dynamodb, deployment).standings(changes) if changes else []
    found = list(zip(changes, standings, strict=True))
    behind = [change for change, it in found if it is Standing.BEHIND]
    set_aside = {change.pair for change, it in found if it is Standing.SET_ASIDE}
    is_all = segments == 1 and not page.get("LastEvaluatedKey") and len(changes) == len(read)
    return _lag(behind, len(set_aside), len(changes), is_all=is_all)


def _lag(behind: Iterable[Change], set_aside: int, looked_at: int, *, is_all: bool) -> Lag:
    late = list(behind)
    since = min((change.changed_at for change in late), default=None)
    return Lag(len({change.pair for change in late}), since, set_aside, looked_at, is_all)
