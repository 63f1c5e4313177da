"""The alarms: each goes off for its cause, as the stages make it happen, and is silent when all is well."""

import json
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from handlers import consolidate, summarize
from handlers.metrics import COUNTED_EVENTS
from handlers.summarizing.messages import back_off
from models.deployment import Deployment
from tests.handlers.test_lambda_handlers import received, stream_records
from tests.helpers.alarms import Data, Metric, alarms_of, count, goes_off, metric_of, of_type
from tests.helpers.deployed import upload
from tests.helpers.flow_files import flow_csv

SPACE = "flowtally/flowtally"
MINUTES, HOURS = 60.0, 3600.0
DAY = 24 * HOURS
BEGIN = 1_800_000_000.0
ROW = "10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1000,3"
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 870_000)
Lines = list[tuple[float, Mapping[str, Any]]]


ALARMS = alarms_of("storage", "lambda")
FILTERS = of_type("AWS::Logs::MetricFilter", "lambda")


class Functions:
    """The functions of both stages, whose logs are kept with the time that a test says it is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.logs: dict[str, Lines] = {"SummarizeLog": [], "ConsolidateLog": []}

    def set(self, name: str, value: str) -> None:
        """Gives both another setting from now on."""
        self._monkeypatch.setenv(name, value)
        for cached in (summarize._worker, consolidate._consolidator):
            cached.cache_clear()

    def summarize(self, message: Mapping[str, Any], receives: int, when: float) -> bool:
        """Delivers a message for so many times; whether its file was counted."""
        event = {"Records": [{**message, "attributes": {"ApproximateReceiveCount": str(receives)}}]}
        answer = summarize.handler(event, CONTEXT)
        self._keep("SummarizeLog", when)
        return not answer["batchItemFailures"]

    def consolidate(self, records: list[dict[str, Any]], when: float) -> bool:
        """Delivers records of the stream; whether all are in the statistics."""
        answer = consolidate.handler({"Records": records}, None)
        self._keep("ConsolidateLog", when)
        return not answer["batchItemFailures"]

    def data(self) -> Data:
        """What the filters of the template count in the logs."""
        data = Data()
        for log, lines in self.logs.items():
            filters = [one for one in FILTERS.values() if one["LogGroupName"] == f"Ref {log}"]
            count(filters, lines, data)
        return data

    def _keep(self, log: str, when: float) -> None:
        written = self._capsys.readouterr().err.splitlines()
        self.logs[log] += [(when, json.loads(line)) for line in written]


@pytest.fixture
def functions(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Functions]:
    """Both functions of a deployment."""
    made = Functions(monkeypatch, capsys)
    for name, value in deployment.to_environment().items():
        made.set(name, value)
    yield made
    for cached in (summarize._worker, consolidate._consolidator):
        cached.cache_clear()


def a_message(deployment: Deployment) -> dict[str, Any]:
    """That of a file which was just uploaded."""
    upload(deployment, "incoming/paris/a.csv", flow_csv(ROW))
    (message,) = received(deployment, 1)
    return message


def silent(data: Data, end: float = BEGIN + DAY) -> None:
    """Holds if no alarm goes off."""
    off = {name: goes_off(alarm, data, BEGIN, end) for name, alarm in ALARMS.items()}
    assert not {name: when for name, when in off.items() if when is not None}


def test_every_event_that_is_counted_has_a_filter_and_an_alarm() -> None:
    """Filters, alarms and the daemon go by the same texts and names, in the namespace of the deployment."""
    filters = {
        (one["FilterPattern"], made["MetricName"])
        for one in FILTERS.values()
        for made in one["MetricTransformations"]
    }
    assert filters == {(f'{{ $.event = "{event}" }}', name) for event, name in COUNTED_EVENTS.items()}
    spaces = {made["MetricNamespace"] for one in FILTERS.values() for made in one["MetricTransformations"]}
    assert spaces == {SPACE}
    watched = {metric_of(alarm) for alarm in ALARMS.values()}
    assert {Metric(SPACE, name) for name in COUNTED_EVENTS.values()} <= watched


@pytest.mark.parametrize("second", range(0, 300, 37))
def test_a_file_that_keeps_failing_is_told_after_a_quarter_of_an_hour(
    deployment: Deployment, functions: Functions, second: int
) -> None:
    """Wherever in a period it begins: a table is missing, and the queue delivers after each back-off."""
    message = a_message(deployment)
    functions.set("FLOWTALLY_DAILY_TOTALS", "not-there")
    when = began = BEGIN + second
    for receives in range(1, 11):
        assert not functions.summarize(message, receives, when)
        when += back_off(receives)
    told = goes_off(ALARMS["FilesNotCounted"], functions.data(), BEGIN, when)
    assert told is not None
    assert 5 * MINUTES < told - began <= 16 * MINUTES


def test_a_failure_that_is_over_after_a_minute_is_told_to_nobody(
    deployment: Deployment, functions: Functions
) -> None:
    """The fifth delivery succeeds, as where a new role took a while to be known everywhere."""
    message = a_message(deployment)
    functions.set("FLOWTALLY_DAILY_TOTALS", "not-there")
    when = BEGIN + 299
    for receives in range(1, 5):
        assert not functions.summarize(message, receives, when)
        when += back_off(receives)
    functions.set("FLOWTALLY_DAILY_TOTALS", deployment.daily_totals)
    assert functions.summarize(message, 5, when)
    silent(functions.data())


def test_a_pair_that_keeps_failing_is_told_after_a_quarter_of_an_hour(
    deployment: Deployment, functions: Functions
) -> None:
    """Its table is missing, and the stream delivers again and again; an hour later its age is told, too."""
    assert functions.summarize(a_message(deployment), 1, BEGIN)
    records = stream_records(deployment)
    functions.set("FLOWTALLY_PAIR_STATISTICS", "not-there")
    for minute in range(20):
        assert not functions.consolidate(records, BEGIN + minute * MINUTES)
    data = functions.data()
    told = goes_off(ALARMS["PairsNotConsolidated"], data, BEGIN, BEGIN + HOURS)
    assert told is not None
    assert told - BEGIN <= 15 * MINUTES
    for minute in range(90):  # what Lambda measures at each delivery
        data.add(metric_of(ALARMS["RecordsWait"]), BEGIN + minute * MINUTES, minute * 60_000)
    aged = goes_off(ALARMS["RecordsWait"], data, BEGIN, BEGIN + 2 * HOURS)
    assert aged is not None
    assert 1 * HOURS < aged - BEGIN <= 1.25 * HOURS


def test_all_is_silent_through_a_day_of_work(deployment: Deployment, functions: Functions) -> None:
    """Files are counted and consolidated, and for an hour the same file is sent again and again."""
    message = a_message(deployment)
    assert functions.summarize(message, 1, BEGIN)
    records = stream_records(deployment)
    for minute in range(60):
        upload(deployment, "incoming/paris/a.csv", flow_csv(ROW))
        assert functions.summarize(message, 1, BEGIN + minute * MINUTES)
        assert functions.consolidate(records, BEGIN + minute * MINUTES)
    data = functions.data()
    for minute in range(24 * 60):
        now = BEGIN + minute * MINUTES
        for alarm in ALARMS.values():
            if alarm["Namespace"].startswith("AWS/"):
                data.add(metric_of(alarm), now, 0.0)
    silent(data)
    assert functions.logs["SummarizeLog"], "the log is not what this test believes it to be"


def test_all_is_silent_where_nothing_ever_happened() -> None:
    """A first deployment and an idle week give no data at all."""
    silent(Data(), BEGIN + 7 * DAY)


@pytest.mark.parametrize(
    ("name", "values", "seconds"),
    [
        ("DeadLetters", [1.0], 2 * MINUTES),
        ("OldestFile", [3601.0], 2 * MINUTES),
        ("SummarizeErrors", [1.0], 2 * MINUTES),
        ("ConsolidateErrors", [1.0], 2 * MINUTES),
        ("VerifyErrors", [1.0], 2 * MINUTES),
        ("SummarizeThrottles", [1.0] * 20, 16 * MINUTES),
        ("ConsolidateThrottles", [1.0] * 20, 16 * MINUTES),
        ("FilesPartlyCounted", [1.0], 2 * MINUTES),
        ("PairsSetAside", [1.0], 2 * MINUTES),
        ("DaysStandOut", [1.0], 2 * MINUTES),
    ],
)
def test_what_is_never_well_is_told_at_once(name: str, values: list[float], seconds: float) -> None:
    """Given what AWS measures, or what a filter finds, for each minute."""
    data = Data()
    for minute, value in enumerate(values):
        data.add(metric_of(ALARMS[name]), BEGIN + minute * MINUTES, value)
    told = goes_off(ALARMS[name], data, BEGIN, BEGIN + HOURS)
    assert told is not None
    assert told - BEGIN <= seconds


def test_every_alarm_is_tried_here() -> None:
    """A new one needs a cause in a test."""
    tried = {"FilesNotCounted", "PairsNotConsolidated", "RecordsWait"}
    for mark in test_what_is_never_well_is_told_at_once.pytestmark:  # type: ignore[attr-defined]
        tried |= {case[0] for case in mark.args[1]}
    assert tried == set(ALARMS)
