"""What runs in the process of the embedded engine: ministack, told to be more like AWS in some points.

Run by `clients.local_aws.engine`, before anything else has imported ministack.
"""

import decimal
import json
import re
from collections.abc import Callable
from typing import Any

# DynamoDB has 38 digits; ministack rounds to 28 unless this stands before its import.
decimal.DefaultContext.prec = 38
decimal.setcontext(decimal.Context(prec=38))

from ministack.app import main  # noqa: E402
from ministack.core import iam_actions  # noqa: E402
from ministack.services import dynamodb, dynamodb_streams, lambda_svc  # noqa: E402
from ministack.services.cloudformation import provisioners  # noqa: E402

_KEPT = ("x-amz-storage-class", "x-amz-server-side-encryption-customer-algorithm")


def run() -> None:
    """Runs the engine until it is told to stop."""
    # Its own event source mappings ignore partial failures and lose data. `clients.local_aws.lambda_service`
    # runs what is deployed; here it is only kept.
    lambda_svc._ensure_poller = lambda: None
    provisioners._cw_metric_alarm_record = _knowing_metric_math(provisioners._cw_metric_alarm_record)
    iam_actions.extract_resource_arn = _knowing_streams(iam_actions.extract_resource_arn)
    iam_actions.s3_service_context = _knowing_how_it_is_kept(iam_actions.s3_service_context)
    iam_actions.dynamodb_service_context = _knowing_leading_keys(iam_actions.dynamodb_service_context)
    main()


def _knowing_leading_keys(context: Callable[[bytes], dict[str, Any]]) -> Callable[[bytes], dict[str, Any]]:
    """It tells policies nothing of the partition keys that a request reads."""

    def context_of(body: bytes) -> dict[str, Any]:
        told = context(body)
        request = json.loads(body or b"{}")
        table = dynamodb._tables.get(request.get("TableName", ""))
        if table and (values := _leading_keys(request, table["pk_name"])):
            told["dynamodb:LeadingKeys"] = values
        return told

    return context_of


def _leading_keys(request: dict[str, Any], name: str) -> list[str]:
    """The partition keys of a GetItem or a Query."""
    if name in request.get("Key", {}):
        return list(request["Key"][name].values())
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    compared = re.findall(r"(#?\w+)\s*=\s*(:\w+)", request.get("KeyConditionExpression", ""))
    return [
        key for place, value in compared if names.get(place, place) == name for key in values[value].values()
    ]


def _knowing_streams(resource: Callable[..., str]) -> Callable[..., str]:
    """It authorizes what concerns a stream as if that concerned all, so no policy on one stream would do."""

    def resource_of(service: str, method: str, path: str, headers: Any, body: bytes, *others: Any) -> str:
        if service != "dynamodbstreams":
            return resource(service, method, path, headers, body, *others)
        request = json.loads(body)
        iterator = dynamodb_streams._decode_iterator(request.get("ShardIterator", ""))
        return request.get("StreamArn") or (iterator or {}).get("arn") or "*"

    return resource_of


def _knowing_how_it_is_kept(context: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """It tells policies nothing of the storage class of an upload, and of a key that comes with it."""

    def context_of(action: str, query: Any, path: str = "", headers: Any = None) -> dict[str, Any]:
        told = context(action, query, path, headers)
        if action == "s3:PutObject":
            told |= {f"s3:{name}": headers[name] for name in _KEPT if name in (headers or {})}
        return told

    return context_of


def _knowing_metric_math(record: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    """It refuses alarms over several metrics, and is shown the first of them instead; none ever goes off."""

    def record_of_first(name: str, properties: dict[str, Any]) -> Any:
        alarm = dict(properties)
        for entry in alarm.pop("Metrics", []):
            if statistic := entry.get("MetricStat"):
                alarm |= {
                    **statistic["Metric"],
                    "Statistic": statistic["Stat"],
                    "Period": statistic["Period"],
                }
                break
        return record(name, alarm)

    return record_of_first


if __name__ == "__main__":
    run()
