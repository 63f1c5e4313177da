"""The event source mapping of a DynamoDB stream.

* Each shard is read in its order, one batch at a time; shards go side by side, a child after its parent.
* A poller asks four times a second; a batch is what one read brings, up to the batch size, or what
  gathers in the batch window.
* What happens to a batch that fails is told in `retries`.
* The checkpoints live as long as the mapping: a new one starts at its starting position, so at
  TRIM_HORIZON everything of the last 24 hours is delivered again.
"""

import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Event, Lock, Thread
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from clients.local_aws.lambda_service.delivery import (
    Caller,
    MappingSettings,
    MappingStopped,
    Record,
    tell_trouble,
)
from clients.local_aws.lambda_service.environment import InvocationResult
from clients.local_aws.lambda_service.retries import Retrying

_POLL = 0.25  # seconds
_DISCOVERY = 1.0  # seconds between two looks for new shards
_RECOVERY = 1.0  # seconds after a failure
_READ_AT_MOST = 1000  # records that GetRecords gives at once


class StreamMapping:
    """Brings the records of a stream to a function, until it is stopped.

    Args:
        settings: of the mapping.
        streams: a boto3 DynamoDB Streams client with the permissions of the function's role.
        invoke: runs the function on an event, or raises Throttled.
        exists: whether the mapping is still deployed; when it is not, `stop` follows.
    """

    def __init__(
        self,
        settings: MappingSettings,
        streams: Any,
        invoke: Callable[[bytes], InvocationResult],
        exists: Callable[[], bool] = lambda: True,
    ) -> None:
        self.settings = settings
        self._streams = streams
        self._exists = exists
        self._stopped = Event()
        self._retrying = Retrying(settings, Caller(invoke, self._stopped), self._stopped.wait, time.time)
        self._checkpoints: dict[str, str] = {}
        self._finished: set[str] = set()
        self._readers: dict[str, Thread] = {}
        self._turn = Lock()
        table = settings.source_arn.split("/")[1]
        streams.list_streams(TableName=table, Limit=1)  # Lambda makes no mapping for a role that may not
        self._watcher = Thread(target=self._watch, name="stream-mapping", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Reads no further, and returns when the batches under way are done."""
        self._stopped.set()
        self._watcher.join()
        for reader in self._readers.values():
            reader.join()

    def _watch(self) -> None:
        """Starts a reader for each shard whose parent is read to its end."""
        first = True
        while not self._stopped.is_set():
            try:
                parents = self._shards()
                for shard, parent in parents.items():
                    if shard not in self._readers and (parent not in parents or parent in self._finished):
                        latest = first and self.settings.starting_position == "LATEST"
                        start = "LATEST" if latest else "TRIM_HORIZON"
                        self._readers[shard] = Thread(target=self._read, args=(shard, start), daemon=True)
                        self._readers[shard].start()
                first = False
            except (ClientError, BotoCoreError) as error:
                tell_trouble("stream not described", self._exists, error)
            self._stopped.wait(_DISCOVERY)

    def _shards(self) -> dict[str, str | None]:
        """All shards and their parents."""
        shards: dict[str, str | None] = {}
        page: dict[str, str] = {"StreamArn": self.settings.source_arn}
        while True:
            description = self._streams.describe_stream(**page)["StreamDescription"]
            shards |= {shard["ShardId"]: shard.get("ParentShardId") for shard in description["Shards"]}
            if not (last := description.get("LastEvaluatedShardId")):
                return shards
            page["ExclusiveStartShardId"] = last

    def _read(self, shard: str, start: str) -> None:
        iterator: str | None = None
        while not self._stopped.is_set():
            try:
                iterator = iterator or self._iterator(shard, start)
                records, iterator = self._gather(iterator)
                for number in self._retrying.deliver(records) if records else ():
                    self._checkpoints[shard] = number
            except MappingStopped:
                return
            except (ClientError, BotoCoreError) as error:
                tell_trouble("shard not read", self._exists, error, shard=shard)
                iterator = None  # goes on after the checkpoint
                self._stopped.wait(_RECOVERY)
                continue
            if iterator is None:
                with self._turn:
                    self._finished.add(shard)
                return
            if not records:
                self._stopped.wait(_POLL)

    def _gather(self, iterator: str) -> tuple[list[Record], str | None]:
        """The next batch, without what the filters keep out, and where to read on."""
        deadline = time.monotonic() + self.settings.batch_window
        batch: list[Record] = []
        following: str | None = iterator
        while following and len(batch) < self.settings.batch_size and not self._stopped.is_set():
            limit = min(_READ_AT_MOST, self.settings.batch_size - len(batch))
            answer = self._streams.get_records(ShardIterator=following, Limit=limit)
            following = answer.get("NextShardIterator")
            records = [_as_lambda_gives_it(record, self.settings.source_arn) for record in answer["Records"]]
            batch += [record for record in records if self.settings.wants(record)]
            if time.monotonic() >= deadline:
                break
            if not records:
                self._stopped.wait(_POLL)
        return batch, following

    def _iterator(self, shard: str, start: str) -> str:
        position: dict[str, str] = {"ShardIteratorType": start}
        if shard in self._checkpoints:
            position = {
                "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "SequenceNumber": self._checkpoints[shard],
            }
        answer = self._streams.get_shard_iterator(
            StreamArn=self.settings.source_arn, ShardId=shard, **position
        )
        iterator: str = answer["ShardIterator"]
        return iterator


def _as_lambda_gives_it(record: Mapping[str, Any], source_arn: str) -> dict[str, Any]:
    """A record of the stream in JSON: binary values in base 64, times in epoch seconds."""
    return {**_jsonable(record), "eventSourceARN": source_arn}


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_jsonable(inner) for inner in value]
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    return value
