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
    "day stands out": "DaysStandOut",
}
