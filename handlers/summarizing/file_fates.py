"""What became of a file, written to the table of files. No protocol leans on it."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from models.errors import error_code
from models.flow_csv.flow_file import FlowFile
from models.storage.file_records import FilesTable
from models.storage.schema import COUNTED, File

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def describe(record: File, flows: FlowFile) -> None:
    """Takes over what reading a file found; it is taken for counted."""
    record.state = "counted"
    record.digest = flows.digest
    record.length = flows.length
    record.first_row = flows.first_row or None
    record.rows = flows.rows
    record.quarantined = flows.quarantined
    if flows.commonest:
        record.commonest, record.commonest_line = flows.commonest.text, flows.commonest.line
    if flows.notes:
        record.notes = {str(note) for note in flows.notes}
    if flows.days:
        record.first_day, record.last_day = flows.days[0], flows.days[-1]


def record_fate(dynamodb: "DynamoDBClient", table: str, record: File) -> None:
    """Writes what became of a file.

    A message may be delivered to two workers at a time, and one finds counted what the other counted: that
    is no duplicate. The record of the other stands, and the state of this one becomes `counted`.
    """
    item = record.serialize()
    if record.state != "duplicate":
        dynamodb.put_item(TableName=table, Item=item)
        return
    try:
        dynamodb.put_item(
            TableName=table,
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
        record.state = "counted"


def is_counted(dynamodb: "DynamoDBClient", table: str, record: File) -> bool:
    """Whether another worker has counted the same content meanwhile."""
    known = FilesTable(dynamodb, table).get(record.branch, record.key)
    return known is not None and known.state in COUNTED and known.digest == record.digest
