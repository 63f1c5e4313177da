"""What became of each uploaded file: its record, written and read. No protocol leans on it."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from models.errors import error_code
from models.storage.schema import File, RawItem

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class FilesTable:
    """The table of files.

    Args:
        dynamodb: a boto3 DynamoDB client.
        table: the name of the table.

    Attributes:
        read_units: what it cost so far to read the records of all branches.
    """

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self.dynamodb = dynamodb
        self.read_units = 0.0
        self._table = table

    def get(self, branch: str, key: str) -> File | None:
        """The record of one file, read strongly consistent.

        Args:
            branch: who sent it.
            key: its object key below `incoming/<branch>/`.
        """
        item = self.dynamodb.get_item(
            TableName=self._table,
            Key={"branch": {"S": branch}, "key": {"S": key}},
            ConsistentRead=True,
        ).get("Item")
        return File.from_raw_data(dict(item)) if item else None

    def put(self, record: File) -> None:
        """Writes the record of a file; an earlier one of the same name is replaced."""
        self.dynamodb.put_item(TableName=self._table, Item=record.serialize())

    def put_unless_counted(self, record: File) -> bool:
        """Writes a record unless there is one by which the same arrival of the same content was counted.

        Returns:
            Whether it was written.
        """
        item = record.serialize()
        try:
            self.dynamodb.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="NOT (st = :counted AND g = :digest AND a = :arrived)",
                ExpressionAttributeValues={
                    ":counted": {"S": "counted"},
                    ":digest": item["g"],
                    ":arrived": item["a"],
                },
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def beginning_with(self, branch: str, prefix: str) -> Iterable[File]:
        """The records of a branch whose keys begin so, one query."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="branch = :branch AND begins_with(#key, :prefix)",
            ExpressionAttributeNames={"#key": "key"},
            ExpressionAttributeValues={":branch": {"S": branch}, ":prefix": {"S": prefix}},
        )
        return (File.from_raw_data(dict(item)) for page in pages for item in page["Items"])

    def of_branch(self, branch: str) -> Iterator[File]:
        """The records of a branch, one query."""
        pages = self.dynamodb.get_paginator("query").paginate(
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
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=self._table, ReturnConsumedCapacity="TOTAL"
        )
        for page in pages:
            self.read_units += page.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)
            yield from page["Items"]
