"""What S3 tells the queue when a file has arrived."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote_plus, unquote_plus

import orjson

from models.bucket_layout import branch_and_name
from models.errors import FlowtallyError


class UploadedObject(NamedTuple):
    """An object that S3 says was created."""

    bucket: str
    key: str

    @property
    def branch(self) -> str:
        """The branch that sent it, from `incoming/<branch>/<name>`; `-` if there is none."""
        return branch_and_name(self.key)[0]

    @property
    def name(self) -> str:
        """The key below the branch."""
        return branch_and_name(self.key)[1]


def uploaded_objects(body: str) -> Iterator[UploadedObject]:
    """The objects that a message is about; none of the test message S3 sends on configuration.

    Raises:
        FlowtallyError: the message is not an S3 notification.
    """
    try:
        message = orjson.loads(body)
        if message.get("Event") == "s3:TestEvent":
            return
        for record in message["Records"]:
            entity = record["s3"]
            yield UploadedObject(entity["bucket"]["name"], unquote_plus(entity["object"]["key"]))
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError) as error:
        raise FlowtallyError(
            f"a message that is no S3 notification: {body[:200]!r}",
            where="queue",
            remedy="It ends in the dead-letter queue; find out who sends to this queue",
        ) from error


def notification_of(bucket: str, key: str) -> str:
    """The message by which S3 would tell of an object."""
    entity = {"bucket": {"name": bucket}, "object": {"key": quote_plus(key)}}
    return orjson.dumps({"Records": [{"s3": entity}]}).decode()
