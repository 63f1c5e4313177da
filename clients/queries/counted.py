"""Reads daily totals and pair statistics, for the commands that show them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from models.deployment import Deployment
from models.errors import NotFound
from models.flow_csv.values import BadRow
from models.flow_csv.values import address as flow_address
from models.storage.daily_totals import DailyTotalsStore, days_of
from models.storage.schema import PairStatistics, RawItem
from models.traffic import DailyTotal, join_pair

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_SUGGESTIONS = 5


class Results:
    """What a deployment has counted, read only.

    Args:
        dynamodb: a boto3 DynamoDB client.
        deployment: the names of the tables.
    """

    def __init__(self, dynamodb: "DynamoDBClient", deployment: Deployment) -> None:
        self._dynamodb = dynamodb
        self._daily_totals = DailyTotalsStore(dynamodb, deployment.daily_totals)
        self._pair_statistics = deployment.pair_statistics

    def days(self, source: str, destination: str) -> list[DailyTotal]:
        """The days of a pair on which it had flows, oldest first, read strongly consistent."""
        pair = join_pair(source, destination)
        return days_of(pair, self._daily_totals.of_pair(pair))

    def all_weeks(self) -> Iterator[tuple[str, list[RawItem]]]:
        """All pairs with their items of the daily totals, one scan, read strongly consistent."""
        return self._daily_totals.by_pair()

    def pair(self, source: str, destination: str) -> PairStatistics | None:
        """The statistics of a pair, read strongly consistent; None if there are none."""
        key = {"src": {"S": source}, "dst": {"S": destination}}
        item = self._dynamodb.get_item(TableName=self._pair_statistics, Key=key, ConsistentRead=True).get(
            "Item"
        )
        return _statistics(item) if item else None

    def all_pairs(self) -> Iterator[PairStatistics]:
        """The statistics of all pairs, one scan, read strongly consistent."""
        return pairs_in(self._dynamodb, self._pair_statistics)

    def peers(self, source: str, at_most: int) -> list[str]:
        """Some destinations that a source has flows to."""
        answer = self._dynamodb.query(
            TableName=self._pair_statistics,
            KeyConditionExpression="src = :source",
            ExpressionAttributeValues={":source": {"S": source}},
            ProjectionExpression="dst",
            Limit=at_most,
        )
        return [item["dst"]["S"] for item in answer["Items"]]

    def unknown(self, source: str, destination: str) -> NotFound:
        """The error to raise for a pair without flows, with near ones to try."""
        pair = f"{source} → {destination}"
        if self.days(destination, source):
            return NotFound(
                "this pair has no flows",
                where=pair,
                remedy=f"The other direction has: {destination} {source}",
            )
        peers = self.peers(source, _SUGGESTIONS + 1)
        if not peers:
            return NotFound(
                "this pair has no flows, and its source has none to anybody",
                where=pair,
                remedy="See `flowtally top` for pairs that have",
            )
        more = " and others" if len(peers) > _SUGGESTIONS else ""
        return NotFound(
            "this pair has no flows",
            where=pair,
            remedy=f"{source} has flows to {', '.join(peers[:_SUGGESTIONS])}{more}",
        )


def days_in(daily_totals: DailyTotalsStore) -> Iterator[DailyTotal]:
    """All days with flows of all pairs of a table, one scan, read strongly consistent.

    Raises:
        NotComputable: an item is not what a worker writes.
    """
    return (day for pair, weeks in daily_totals.by_pair() for day in days_of(pair, weeks))


def pairs_in(dynamodb: "DynamoDBClient", table: str) -> Iterator[PairStatistics]:
    """The statistics of all pairs of a table, one scan, read strongly consistent."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return (_statistics(item) for page in pages for item in page["Items"])


def canonical(address: str) -> str:
    """An address as it is stored, whichever way it is written; other text as it is."""
    branch, slash, bare = address.strip().rpartition("/")
    try:
        return f"{branch}{slash}{flow_address(bare.encode())}"
    except BadRow:
        return address


def _statistics(item: "dict") -> PairStatistics:  # type: ignore[type-arg]
    """A stored item without its bookkeeping entries, whose names the model does not know."""
    return PairStatistics.from_raw_data({name: value for name, value in item.items() if not name.isdigit()})
