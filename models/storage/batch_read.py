"""Reading many items by their keys in one call."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from models.errors import TryAgain
from models.storage.schema import RawItem

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

KEYS_A_CALL = 100  # what BatchGetItem takes
_ROUNDS = 8  # for what it leaves unprocessed under load


def read_items(dynamodb: "DynamoDBClient", table: str, request: Mapping[str, Any]) -> Iterator[RawItem]:
    """Gives the items of some keys, in any order; those that do not exist are left out.

    Args:
        dynamodb: a boto3 DynamoDB client.
        table: the name of the table.
        request: `Keys`, from 1 to `KEYS_A_CALL`, and how to read them, as BatchGetItem has it.

    Raises:
        TryAgain: the table kept leaving keys unread.
    """
    requests: Any = {table: request}
    for _ in range(_ROUNDS):
        answer = dynamodb.batch_get_item(RequestItems=requests)
        yield from answer["Responses"].get(table, [])
        requests = answer.get("UnprocessedKeys")
        if not requests:
            return
    raise TryAgain("the table left keys unread", where=table)
