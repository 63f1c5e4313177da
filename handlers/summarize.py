"""Lambda entry point of the first stage: messages of the queue, one file per invocation."""

import logging
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from handlers.assembly import summarizer_for
from handlers.logs import log_as_json
from handlers.summarizing.messages import Visibility, back_off, files_of
from handlers.summarizing.stage import Summarizer
from models.deployment import Deployment
from models.errors import RunCutShort
from models.storage.aws_clients import client

log = logging.getLogger("flowtally.summarize")

_GRACE = 30  # seconds between the function's time limit and the next delivery of its message


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Counts the files that messages of the queue name.

    Args:
        event: what SQS gives a function.
        context: what Lambda says of the invocation; the time that remains is read from it.

    Returns:
        The messages that failed, which SQS delivers again after the back-off.
    """
    summarizer, visibility = _worker()
    failed = []

    def time_left() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000

    for message in event["Records"]:
        receipt, receives = message["receiptHandle"], int(message["attributes"]["ApproximateReceiveCount"])
        # Should this function die, its message comes back then, and not after the queue's hours.
        visibility.hide(receipt, int(time_left()) + _GRACE)
        try:
            summarizer.process(message["body"], receives, time_left)
        except RunCutShort:
            log.info("run stopped before its time limit", extra={"file": files_of(message["body"])})
            visibility.hide(receipt, 0)
        except Exception:
            log.exception(
                "file not counted, to be tried again",
                extra={"file": files_of(message["body"]), "receives": receives},
            )
            visibility.hide(receipt, back_off(receives))
        else:
            continue
        failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}


@cache
def _worker() -> tuple[Summarizer, Visibility]:
    log_as_json()
    deployment = Deployment.from_environment(os.environ)
    return summarizer_for(deployment), Visibility(client("sqs"), deployment.queue_url)
