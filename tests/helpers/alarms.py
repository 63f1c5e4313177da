"""CloudWatch as far as alarms go: what filters count in logs, and what an alarm makes of the data.

As the user guide has it: windows slide by a minute, and end where the last whole minute does. An alarm looks
at its latest `EvaluationPeriods` periods that have data, of somewhat more than that; where there are fewer,
the rest is filled in as `TreatMissingData` says. It goes off when `DatapointsToAlarm` of them breach.
"""

import operator
import re
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cloudformation.templates import content, template
from tests.helpers.project import ROOT

MINUTE = 60
_BEYOND = 2  # periods that CloudWatch looks at beside those that it evaluates: three to five in its example

_STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "SampleCount": len,
}
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


# What CloudFormation fills in, in a stack of the name `flowtally`.
_NAMES = {
    "Sub flowtally/${AWS::StackName}": "flowtally/flowtally",
    "Sub flowtally/${StorageStack}": "flowtally/flowtally",
    "Ref MetricNamespace": "flowtally/flowtally",
    "GetAtt Queue.QueueName": "queue",
    "GetAtt DeadLetterQueue.QueueName": "dead-letters",
    "Ref Summarize": "flowtally-summarize",
    "Ref Consolidate": "flowtally-consolidate",
    "Ref Verify": "flowtally-verify",
}


class Metric(NamedTuple):
    """What data belong to."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()


class Data:
    """Data points of metrics: when, in seconds, and how much."""

    def __init__(self) -> None:
        self._points: defaultdict[Metric, list[tuple[float, float]]] = defaultdict(list)

    def add(self, metric: Metric, when: float, value: float = 1.0) -> None:
        """Takes a data point."""
        insort(self._points[metric], (when, value))

    def copy(self) -> "Data":
        """The same data points, to which others can be added."""
        copied = Data()
        copied._points.update({metric: list(points) for metric, points in self._points.items()})
        return copied

    def points(self, metric: Metric) -> list[tuple[float, float]]:
        """All data points of a metric, the earliest first."""
        return self._points[metric]

    def within(self, metric: Metric, begin: float, end: float) -> list[float]:
        """The values from `begin` on until before `end`."""
        points = self._points[metric]
        return [value for _, value in points[bisect_left(points, (begin,)) : bisect_left(points, (end,))]]


def metric_of(alarm: Mapping[str, Any]) -> Metric:
    """What an alarm of a template watches."""
    dimensions = tuple((entry["Name"], str(entry["Value"])) for entry in alarm.get("Dimensions", []))
    return Metric(str(alarm["Namespace"]), alarm["MetricName"], dimensions)


def goes_off(alarm: Mapping[str, Any], data: Data, begin: float, end: float) -> float | None:
    """When an alarm goes off for the first time, looked at every minute; None if it does not."""
    return next((now for now in range(int(begin), int(end) + 1, MINUTE) if is_off(alarm, data, now)), None)


def is_off(alarm: Mapping[str, Any], data: Data, now: float) -> bool:
    """Whether the alarm is in the state ALARM at a time."""
    period, wanted = int(alarm["Period"]), int(alarm["EvaluationPeriods"])
    last = now // MINUTE * MINUTE
    windows = [(last - (back + 1) * period, last - back * period) for back in range(wanted + _BEYOND)]
    found = [values for begin, end in windows if (values := data.within(metric_of(alarm), begin, end))]
    statistic, breaches = _STATISTICS[alarm["Statistic"]], _COMPARISONS[alarm["ComparisonOperator"]]
    judged = [breaches(statistic(values), float(alarm["Threshold"])) for values in found[:wanted]]
    judged += [alarm["TreatMissingData"] == "breaching"] * (wanted - len(judged))
    return sum(judged) >= int(alarm.get("DatapointsToAlarm", wanted))


def count(
    filters: Iterable[Mapping[str, Any]], lines: Iterable[tuple[float, Mapping[str, Any]]], data: Data
) -> None:
    """Adds what metric filters find in lines of a log.

    Args:
        filters: the properties of filters in a template; their patterns compare one field with a text.
        lines: when each was written, in seconds, and what it says.
        data: where to add it.
    """
    filters = list(filters)
    for when, line in lines:
        for one in filters:
            pattern = re.fullmatch(r'\{ \$\.(\w+) = "([^"]*)" \}', one["FilterPattern"])
            assert pattern, one
            if line.get(pattern[1]) == pattern[2]:
                (made,) = one["MetricTransformations"]
                metric = Metric(str(made["MetricNamespace"]), made["MetricName"])
                data.add(metric, when, float(made["MetricValue"]))


def documented() -> dict[str, float]:
    """After how many seconds at the most each alarm goes off, as docs/operations.md says."""
    section = (ROOT / "docs" / "operations.md").read_text().partition("## Alarms")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    found: dict[str, float] = {}
    for names, _cause, after, _remedy in (line.strip("| ").split(" | ") for line in lines):
        longest = re.search(r"(\d+) min$", after.strip())
        assert longest, names
        for name in re.findall(r"`(\w+)`", names):
            assert name not in found, name
            found[name] = float(longest[1]) * MINUTE
    return found


def _named(value: Any) -> Any:
    """What a template says, with the names that CloudFormation fills in."""
    if isinstance(value, Mapping):
        return {key: _named(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_named(entry) for entry in value]
    return _NAMES.get(value, value) if isinstance(value, str) else value


def of_type(kind: str, *parts: str) -> dict[str, dict[str, Any]]:
    """The resources of a type in some templates."""
    return {
        name: _named(entry["Properties"])
        for part in parts
        for name, entry in content(template(part))["Resources"].items()
        if entry["Type"] == kind
    }


def alarms_of(*parts: str) -> dict[str, dict[str, Any]]:
    """The alarms of some templates."""
    return of_type("AWS::CloudWatch::Alarm", *parts)
