"""The alarms: each goes off for its cause, as the functions make it happen, and is silent when all is well.

Two metrics are given as values, as nothing here can have their cause: what Lambda throttles, for concurrency
is the account's; and that a message grows old, for the queue's clock cannot be moved on by an hour.
"""

from collections.abc import Iterator
from itertools import count as numbers
from typing import Any

import pytest

from handlers.metrics import COUNTED_EVENTS
from handlers.summarizing.messages import back_off
from models.deployment import Deployment
from models.traffic import PairWeek
from tests.end_to_end.test_alerts import USUAL, days_of_flows
from tests.handlers.test_lambda_handlers import received, stream_records
from tests.helpers.alarms import Data, Metric, alarms_of, documented, goes_off, metric_of, of_type
from tests.helpers.deployed import client, keys, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.functions import BEGIN, Functions, age_of, functions_of, waiting
from tests.helpers.project import ROOT
from tests.helpers.spoilt_items import fill_week, put_without_numbers, rows_of

SPACE = "flowtally/flowtally"
MINUTES, HOURS = 60.0, 3600.0
DAY = 24 * HOURS
WEEK = PairWeek("10.0.0.1", "10.0.0.2", "2022-12-05")
ROW = "10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1000,3"

ALARMS = alarms_of("storage", "lambda")
AFTER = documented()
FILTERS = of_type("AWS::Logs::MetricFilter", "lambda")


@pytest.fixture
def functions(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Functions]:
    """All functions of a deployment."""
    with functions_of(deployment, monkeypatch, capsys) as made:
        yield made


def a_message(deployment: Deployment, content: bytes = flow_csv(ROW)) -> dict[str, Any]:
    """That of a file which was just uploaded."""
    upload(deployment, "incoming/paris/a.csv", content)
    (message,) = received(deployment, 1)
    return message


def off(data: Data, end: float = BEGIN + DAY) -> dict[str, float]:
    """The alarms that go off, and after how many seconds."""
    found = {name: goes_off(alarm, data, BEGIN, end) for name, alarm in ALARMS.items()}
    return {name: when - BEGIN for name, when in found.items() if when is not None}


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
    when = BEGIN + second
    for receives in range(1, 11):
        assert not functions.summarize(message, receives, when)
        when += back_off(receives)
    told = off(functions.data(), when)
    assert told.keys() == {"FilesNotCounted"}
    assert 5 * MINUTES < told["FilesNotCounted"] - second <= AFTER["FilesNotCounted"]


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
    assert off(functions.data()) == {}


def test_a_file_that_is_given_up_is_told_at_once(deployment: Deployment, functions: Functions) -> None:
    """The real queue moves its message after sixty receives, some 12 hours, and says that one is given up."""
    upload(deployment, "incoming/paris/a.csv", flow_csv(ROW))
    functions.set("FLOWTALLY_DAILY_TOTALS", "not-there")
    data, when = Data(), BEGIN
    given_up = metric_of(ALARMS["DeadLetters"])
    for receives in numbers(1):
        data.add(given_up, when, waiting(deployment.dead_letter_queue_url))
        if waiting(deployment.dead_letter_queue_url) or receives > 100:
            break
        for message in received(deployment, 1)[:1]:
            assert not functions.summarize(message, receives, when)
            client("sqs").change_message_visibility(  # the test does not wait for the back-off
                QueueUrl=deployment.queue_url, ReceiptHandle=message["receiptHandle"], VisibilityTimeout=0
            )
        when += back_off(receives)
    assert 11 * HOURS < when - BEGIN < 14 * HOURS
    told = goes_off(ALARMS["DeadLetters"], data, BEGIN, when + HOURS)
    assert told is not None
    assert told - when <= AFTER["DeadLetters"]
    assert keys(deployment) == ["incoming/paris/a.csv"]


@pytest.mark.parametrize(("taken", "is_told"), [(1, True), (3, False)], ids=["waits", "fails"])
def test_a_file_that_nobody_takes_is_told_after_an_hour(
    deployment: Deployment, taken: int, is_told: bool
) -> None:
    """Once a message was received three times it does not count as old: failures have an alarm of their own.

    The count of receives is that of the real queue; its clock is moved on here.
    """
    message = a_message(deployment)
    for _ in range(taken - 1):
        client("sqs").change_message_visibility(
            QueueUrl=deployment.queue_url, ReceiptHandle=message["receiptHandle"], VisibilityTimeout=0
        )
        (message,) = received(deployment, 1)
    data = Data()
    for minute in range(90):
        if (age := age_of(message, minute * MINUTES)) is not None:
            data.add(metric_of(ALARMS["OldestFile"]), BEGIN + minute * MINUTES, age)
    told = off(data)
    assert told.keys() == ({"OldestFile"} if is_told else set())
    assert all(HOURS < seconds <= AFTER[name] for name, seconds in told.items())


def test_a_pair_that_keeps_failing_is_told_after_a_quarter_of_an_hour(
    deployment: Deployment, functions: Functions
) -> None:
    """Its table is missing, and the stream delivers again and again; an hour later its age is told, too."""
    assert functions.summarize(a_message(deployment), 1, BEGIN)
    records = stream_records(deployment)
    functions.set("FLOWTALLY_PAIR_STATISTICS", "not-there")
    for minute in range(90):
        assert not functions.consolidate(records, BEGIN + minute * MINUTES)
    told = off(functions.data(), BEGIN + 2 * HOURS)
    assert told.keys() == {"PairsNotConsolidated", "RecordsWait"}
    assert told["PairsNotConsolidated"] <= AFTER["PairsNotConsolidated"]
    assert 1 * HOURS < told["RecordsWait"] <= AFTER["RecordsWait"]


@pytest.mark.parametrize("function", ["consolidate", "verify"])
def test_a_pair_that_no_statistics_can_be_made_of_is_told_at_once(
    deployment: Deployment, functions: Functions, function: str
) -> None:
    """Somebody wrote an item without numbers: by the stream, and by the weekly verification."""
    put_without_numbers(client("dynamodb"), deployment.daily_totals, WEEK)
    if function == "consolidate":
        assert functions.consolidate(stream_records(deployment), BEGIN)
    else:
        assert functions.verify(BEGIN)
    told = off(functions.data())
    assert told.keys() == {"PairsSetAside"}
    assert told["PairsSetAside"] <= AFTER["PairsSetAside"]


def test_a_file_that_is_partly_counted_is_told_at_once(deployment: Deployment, functions: Functions) -> None:
    """An item of a pair and week of the file is full: so many files contributed to it."""
    fill_week(client("dynamodb"), deployment.daily_totals, WEEK, 51_190)
    assert functions.summarize(a_message(deployment, flow_csv(*rows_of(WEEK))), 1, BEGIN)
    told = off(functions.data())
    assert told.keys() == {"FilesPartlyCounted"}
    assert told["FilesPartlyCounted"] <= AFTER["FilesPartlyCounted"]


def test_a_day_that_stands_out_is_told_at_once(deployment: Deployment, functions: Functions) -> None:
    """The usual days of a pair are silent; one of a thousand times as much is told."""
    seen = 0
    for content, expected in (
        (days_of_flows("10.0.0.2", USUAL, 15), set()),
        (days_of_flows("10.0.0.2", [10**9], 1), {"DaysStandOut"}),
    ):
        assert functions.summarize(a_message(deployment, content), 1, BEGIN)
        records = stream_records(deployment)
        assert functions.consolidate(records[seen:], BEGIN)
        seen = len(records)
        told = off(functions.data())
        assert told.keys() == expected
    assert told["DaysStandOut"] <= AFTER["DaysStandOut"]


@pytest.mark.parametrize("function", ["summarize", "consolidate", "verify"])
def test_a_function_that_fails_as_a_whole_is_told_at_once(
    deployment: Deployment, functions: Functions, function: str
) -> None:
    """It was deployed for tables of another layout, and refuses: Lambda counts an error of that function."""
    assert functions.summarize(a_message(deployment), 1, BEGIN)
    message, records = a_message(deployment), stream_records(deployment)
    functions.set("FLOWTALLY_LAYOUT", "1")
    worked = {
        "summarize": lambda: functions.summarize(message, 1, BEGIN),
        "consolidate": lambda: functions.consolidate(records, BEGIN),
        "verify": lambda: functions.verify(BEGIN),
    }[function]()
    assert not worked
    told = off(functions.data())
    assert told.keys() == {f"{function.capitalize()}Errors"}
    assert all(seconds <= AFTER[name] for name, seconds in told.items())


@pytest.mark.parametrize("name", ["SummarizeThrottles", "ConsolidateThrottles"])
def test_work_that_waits_for_a_quarter_of_an_hour_is_told(name: str) -> None:
    """Given as values: Lambda throttles by the concurrency of the account, of which the engine has none."""
    data = Data()
    for minute in range(20):
        data.add(metric_of(ALARMS[name]), BEGIN + minute * MINUTES)
    told = off(data)
    assert told.keys() == {name}
    assert told[name] <= AFTER[name]


def test_all_is_silent_through_a_day_of_work(deployment: Deployment, functions: Functions) -> None:
    """Files are counted and consolidated, and for an hour the same file is sent again and again."""
    message = a_message(deployment)
    assert functions.summarize(message, 1, BEGIN)
    records = stream_records(deployment)
    assert functions.consolidate(records, BEGIN + 1)
    for minute in range(60):
        upload(deployment, "incoming/paris/a.csv", flow_csv(ROW))
        assert functions.summarize(message, 1, BEGIN + minute * MINUTES)
    assert len(stream_records(deployment)) == len(records), "a file that is sent again changes nothing"
    assert functions.verify(BEGIN + HOURS)
    data, given_up = functions.data(), waiting(deployment.dead_letter_queue_url)
    for minute in range(24 * 60):
        now = BEGIN + minute * MINUTES
        data.add(metric_of(ALARMS["DeadLetters"]), now, given_up)
        data.add(metric_of(ALARMS["OldestFile"]), now, 0.0)
        for name in ("SummarizeThrottles", "ConsolidateThrottles"):
            data.add(metric_of(ALARMS[name]), now, 0.0)
    assert off(data) == {}
    assert functions.logs["SummarizeLog"], "the log is not what this test believes it to be"


def test_all_is_silent_where_nothing_ever_happened() -> None:
    """A first deployment and an idle week give no data at all."""
    assert off(Data(), BEGIN + 7 * DAY) == {}


def test_every_alarm_is_in_the_docs() -> None:
    """docs/operations.md has a row with a time for each alarm of all templates, and no other."""
    assert AFTER.keys() == alarms_of("storage", "lambda", "leases", "vm").keys()


def test_every_alarm_of_functions_is_tried_here() -> None:
    """A new one needs a cause in a test."""
    source = (ROOT / "tests" / "cloudformation" / "test_alarms.py").read_text()
    errors = {name for name in ALARMS if name.endswith("Errors")}
    assert {name for name in ALARMS if f'"{name}"' in source} | errors == set(ALARMS)
