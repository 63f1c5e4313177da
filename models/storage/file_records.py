"""Reads what became of uploaded files."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from models.storage.schema import File, RawItem

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class FilesTable:
    """The table of files, read only.

    Args:
        dynamodb: a boto3 DynamoDB client.
        table: the name of the table.
    """

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, branch: str, key: str) -> File | None:
        """The record of one file, read strongly consistent.

        Args:
            branch: who sent it.
            key: its object key below `incoming/<branch>/`.
        """
        item = self._dynamodb.get_item(
            TableName=self._table,
            Key={"branch": {"S": branch}, "key": {"S": key}},
            ConsistentRead=True,
        ).get("Item")
        return File.from_raw_data(dict(item)) if item else None

    def beginning_with(self, branch: str, prefix: str) -> list[File]:
        """The records of a branch whose keys begin so."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="branch = :branch AND begins_with(#key, :prefix)",
            ExpressionAttributeNames={"#key": "key"},
            ExpressionAttributeValues={":branch": {"S": branch}, ":prefix": {"S": prefix}},
        )
        return [File.from_raw_data(dict(item)) for page in pages for item in page["Items"]]

    def of_branch(self, branch: str) -> Iterator[File]:
        """The records of a branch, one query."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="branch = :branch",
            ExpressionAttributeValues={":branch": {"S": branch}},
        )
        for page in pages:
            yield from (File.from_raw_data(dict(item)) for item in page["Items"])

    def all(self) -> Iterator[File]:
        """The records of all branches, one scan."""
        return (File.from_raw_data(dict(item)) for item in self.items())

    def items(self) -> Iterator[RawItem]:
        """The same as they are stored."""
        for page in self._dynamodb.get_paginator("scan").paginate(TableName=self._table):
            yield from page["Items"]
