"""Lambda entry point of the second stage: batches of the stream of daily totals."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from handlers.assembly import consolidator_for
from handlers.consolidating.stage import Consolidator
from handlers.logs import log_as_json
from models.deployment import Deployment


def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
    """Brings a batch of changes into the statistics of their pairs.

    Args:
        event: what DynamoDB Streams gives a function, records of one shard in their order.

    Returns:
        The first record that failed, from which on the stream delivers again.
    """
    records = event["Records"]
    failed = _consolidator().process(records)
    if failed is None:
        return {"batchItemFailures": []}
    return {"batchItemFailures": [{"itemIdentifier": records[failed]["dynamodb"]["SequenceNumber"]}]}


@cache
def _consolidator() -> Consolidator:
    log_as_json()
    return consolidator_for(Deployment.from_environment(os.environ))
