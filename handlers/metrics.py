"""What is counted of the events in the logs, for alarms: the stages know nothing of it.

With Lambda, filters on the log groups do the counting (`cloudformation/lambda.yaml`): they cost nothing but
the metrics, which are billed only for hours in which something was counted. On machines the daemon counts.
"""

from collections.abc import Mapping

# The text of an event, and the metric that counts it. No event, no data: the alarms take that for good.
COUNTED_EVENTS: Mapping[str, str] = {
    "file not counted, to be tried again": "FilesNotCounted",
    "file partly counted": "FilesPartlyCounted",
    "pair not consolidated, to be tried again": "PairsNotConsolidated",
    "pair set aside": "PairsSetAside",
}


def namespace_of(stack: str) -> str:
    """Where the metrics of a deployment are kept: a filter gives its metrics no fixed dimension.

    Args:
        stack: the name of the storage's stack.
    """
    return f"flowtally/{stack}"
