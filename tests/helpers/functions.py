"""The functions of a deployment as Lambda invokes them, and what AWS would measure of that.

Their logs are kept, and the metric filters of the template count in them. What Lambda and SQS measure by
themselves is worked out from what happened, as AWS documents each metric; a test says what time it is.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from handlers import consolidate, summarize, verify
from models.deployment import Deployment
from tests.helpers.alarms import Data, Metric, count, of_type
from tests.helpers.deployed import client

BEGIN = 1_800_000_000.0
_CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 870_000)
_FILTERS = of_type("AWS::Logs::MetricFilter", "lambda")
_LEFT_OUT = 3  # receives, from which on a message is left out of the age of the oldest

Lines = list[tuple[float, Mapping[str, Any]]]


class Functions:
    """All functions of a deployment.

    Args:
        monkeypatch: sets their environment.
        capsys: has what they log.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self._began = time.time()
        self.logs: dict[str, Lines] = {"SummarizeLog": [], "ConsolidateLog": [], "VerifyLog": []}
        self._measured = Data()

    def set(self, name: str, value: str) -> None:
        """Gives all another setting from now on."""
        self._monkeypatch.setenv(name, value)
        forget()

    def summarize(self, message: Mapping[str, Any], receives: int, when: float) -> bool:
        """Delivers a message for so many times; whether its file was counted."""
        event = {"Records": [{**message, "attributes": {"ApproximateReceiveCount": str(receives)}}]}
        answer = self._invoke("summarize", lambda: summarize.handler(event, _CONTEXT), when)
        return answer is not None and not answer["batchItemFailures"]

    def consolidate(self, records: list[dict[str, Any]], when: float) -> bool:
        """Delivers records of the stream; whether all are in the statistics.

        Lambda measures how old the last record is: since it was written, as the stream says.
        """
        answer = self._invoke("consolidate", lambda: consolidate.handler({"Records": records}, None), when)
        written = records[-1]["dynamodb"]["ApproximateCreationDateTime"].timestamp() - self._began + BEGIN
        age = Metric("AWS/Lambda", "IteratorAge", (("FunctionName", "flowtally-consolidate"),))
        self._measured.add(age, when, max(0.0, when - written) * 1000)
        return answer is not None and not answer["batchItemFailures"]

    def verify(self, when: float) -> bool:
        """Runs the weekly verification; whether it came to its end."""
        return self._invoke("verify", lambda: verify.handler({}, None), when) is not None

    def data(self) -> Data:
        """What the filters of the template count in the logs, and what AWS measures."""
        data = self._measured.copy()
        for log, lines in self.logs.items():
            filters = [one for one in _FILTERS.values() if one["LogGroupName"] == f"Ref {log}"]
            count(filters, lines, data)
        return data

    def _invoke(self, name: str, handler: Callable[[], Any], when: float) -> Any:
        """What a handler answers, None if it raises: that is an error of the function, for Lambda."""
        try:
            answer = handler()
        except Exception:  # whatever it is, Lambda counts it
            answer = None
        errors = Metric("AWS/Lambda", "Errors", (("FunctionName", f"flowtally-{name}"),))
        self._measured.add(errors, when, float(answer is None))
        written = self._capsys.readouterr().err.splitlines()
        self.logs[f"{name.capitalize()}Log"] += [(when, json.loads(line)) for line in written]
        return answer


@contextmanager
def functions_of(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Functions]:
    """The functions with the settings that the template gives them."""
    made = Functions(monkeypatch, capsys)
    for name, value in deployment.to_environment().items():
        made.set(name, value)
    yield made
    forget()


def forget() -> None:
    """Has the next invocations read their settings anew, as a new execution environment does."""
    for cached in (summarize._worker, consolidate._consolidator):
        cached.cache_clear()


def waiting(queue_url: str) -> float:
    """ApproximateNumberOfMessagesVisible of a queue, which it says itself."""
    answer = client("sqs").get_queue_attributes(
        QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return float(answer["Attributes"]["ApproximateNumberOfMessages"])


def age_of(message: Mapping[str, Any], seconds: float) -> float | None:
    """ApproximateAgeOfOldestMessage of a queue so many seconds after its one message was sent.

    None if the message is left out, as one is that was received three times or more.
    """
    receives = int(message["attributes"]["ApproximateReceiveCount"])
    return seconds if receives < _LEFT_OUT else None
