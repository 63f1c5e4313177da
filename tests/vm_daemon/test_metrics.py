"""What machines tell CloudWatch, and what the alarms make of it: at once for trouble, never without."""

import logging
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from handlers.summarizing.messages import back_off
from models.deployment import Deployment
from models.traffic import PairWeek
from tests.end_to_end.test_alerts import USUAL, days_of_flows
from tests.helpers.alarms import Data, Metric, alarms_of, documented, goes_off, is_off, metric_of
from tests.helpers.daemons import DaemonProcess
from tests.helpers.deployed import client, stored_statistics, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.functions import waiting
from tests.helpers.spoilt_items import fill_week, put_without_numbers, rows_of
from tests.helpers.streams import Bench, FakeShard, FakeStreams
from tests.helpers.waiting import PATIENCE, eventually
from vm_daemon.metrics import Metrics, Teller, telling
from vm_daemon.stream.stream_reader import StreamReader

MINUTE, HOUR = 60.0, 3600.0
DAY = 24 * HOUR
BEGIN = 1_800_000_000.0
SPACE = "flowtally/flowtally"
ALARMS = alarms_of("storage", "vm")
AFTER = documented()
FULL = PairWeek("10.0.0.1", "10.0.0.2", "2022-12-05")
SPOILT = PairWeek("10.0.0.7", "10.0.0.8", "2022-12-05")


class CloudWatch:
    """Keeps what it is told, with the time that a test says it is."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.data = Data()
        self.calls = 0
        self.is_reachable = True

    def put_metric_data(self, *, Namespace: str, MetricData: list[dict[str, Any]]) -> None:  # noqa: N803
        if not self.is_reachable:
            raise EndpointConnectionError(endpoint_url="https://monitoring")
        self.calls += 1
        for datum in MetricData:
            self.data.add(Metric(Namespace, datum["MetricName"]), self.now, float(datum["Value"]))


class MeasuredWorker:
    """A process that reads the stream or counts files, through a time in steps of five seconds."""

    def __init__(self, *, is_reader: bool) -> None:
        self.cloudwatch = CloudWatch()
        self.metrics = Metrics()
        self.teller = Teller(
            self.cloudwatch, SPACE, self.metrics, is_reader=is_reader, clock=lambda: self.cloudwatch.now
        )

    def work(self, seconds: float, *, reaches: bool = True) -> None:
        """Lets time pass, in which the source of the work answers, or nothing happens at all."""
        end = self.cloudwatch.now + seconds
        while self.cloudwatch.now < end:
            if reaches:
                self.metrics.reached()
                self.teller.tick()
            self.cloudwatch.now += 5

    def told(self, name: str) -> float:
        """The sum of a metric."""
        return sum(self.cloudwatch.data.within(Metric(SPACE, name), 0, float("inf")))


def logged(metrics: Metrics, event: str) -> None:
    """Has an error be logged as the stages do."""
    record = logging.LogRecord("flowtally.x", logging.ERROR, "x.py", 1, event, None, None)
    metrics.handle(record)


def off(data: Data, end: float, begin: float = BEGIN) -> dict[str, float]:
    """The alarms that go off, but for those that only scale, and after how many seconds."""
    own = {name: alarm for name, alarm in ALARMS.items() if not alarm["Namespace"].startswith("AWS/")}
    found = {name: goes_off(alarm, data, begin, end) for name, alarm in own.items()}
    return {name: when - begin for name, when in found.items() if when is not None}


def test_a_quiet_week_of_a_reader_is_silent_and_cheap() -> None:
    """A sign of life every four minutes, no alarm, and no more calls than signs."""
    worker = MeasuredWorker(is_reader=True)
    worker.work(7 * DAY)
    assert worker.cloudwatch.calls <= 7 * DAY / 240 + 1
    # From when the group has reported success: two minutes after the first sign.
    assert off(worker.cloudwatch.data, BEGIN + 7 * DAY, BEGIN + 2 * MINUTE) == {}


def test_a_process_that_only_counts_says_nothing_while_all_is_well() -> None:
    """No sign of life, no call."""
    worker = MeasuredWorker(is_reader=False)
    worker.work(DAY)
    assert worker.cloudwatch.calls == 0


def test_a_reader_that_stands_still_is_missed_within_half_an_hour() -> None:
    """Its last sign of life leaves what the alarm looks at."""
    worker = MeasuredWorker(is_reader=True)
    worker.work(HOUR)
    worker.work(2 * HOUR, reaches=False)
    since = off(worker.cloudwatch.data, BEGIN + 3 * HOUR, BEGIN + HOUR)
    assert since.keys() == {"SilentReader"}
    assert 15 * MINUTE < since["SilentReader"] <= AFTER["SilentReader"]


@pytest.mark.parametrize("second", range(0, 300, 60))
def test_files_that_keep_failing_are_told_after_a_quarter_of_an_hour(second: int) -> None:
    """Delivered after each back-off, as a poller does."""
    worker = MeasuredWorker(is_reader=False)
    worker.work(second)
    began = worker.cloudwatch.now
    for receives in range(1, 11):
        logged(worker.metrics, "file not counted, to be tried again")
        worker.work(back_off(receives))
    data, now = worker.cloudwatch.data, worker.cloudwatch.now
    since = off(data, now, began)
    assert 5 * MINUTE < since.pop("FilesNotCounted") <= AFTER["FilesNotCounted"]
    assert since.keys() <= {"SilentReader"}  # which this process is not
    assert worker.told("FilesNotCounted") == 10


def test_a_reader_that_is_stuck_tells_it_and_how_long() -> None:
    """It reads on and on; the pair fails, and the oldest change grows older."""
    worker = MeasuredWorker(is_reader=True)
    for _ in range(int(2 * HOUR / 5)):
        logged(worker.metrics, "pair not consolidated, to be tried again")
        worker.metrics.lagging(worker.cloudwatch.now - BEGIN)
        worker.work(5)
    since = off(worker.cloudwatch.data, BEGIN + 2 * HOUR, BEGIN + 2 * MINUTE)
    assert since["PairsNotConsolidated"] <= AFTER["PairsNotConsolidated"]
    assert HOUR <= since["ReaderLags"] <= AFTER["ReaderLags"]
    assert since.keys() == {"PairsNotConsolidated", "ReaderLags"}
    assert worker.cloudwatch.calls <= 2 * HOUR / 60 + 1


def test_what_cannot_be_told_is_told_later() -> None:
    """Counts are kept while CloudWatch is out of reach; an end does not wait for it."""
    worker = MeasuredWorker(is_reader=False)
    worker.cloudwatch.is_reachable = False
    logged(worker.metrics, "pair set aside")
    worker.work(MINUTE)
    logged(worker.metrics, "pair set aside")
    worker.work(MINUTE)
    worker.teller.finish()
    assert worker.told("PairsSetAside") == 0
    worker.cloudwatch.is_reachable = True
    worker.work(2 * MINUTE)
    assert worker.told("PairsSetAside") == 2


def test_the_end_tells_the_rest() -> None:
    """What failed in the last minute, once; afterwards the log is counted no more."""
    worker = MeasuredWorker(is_reader=False)
    log = logging.getLogger("flowtally.test")
    with telling(worker.teller, worker.metrics):
        log.error("file partly counted")
    log.error("file partly counted")
    worker.teller.finish()
    assert worker.told("FilesPartlyCounted") == 1


def test_a_stuck_shard_makes_the_reader_lag() -> None:
    """The real reader notes how old the change is that fails, and that the stream was reached."""
    bench = Bench(FakeStreams(a=FakeShard(None, 9)))
    bench.stage.fails_at = ("a", 4)
    reader: StreamReader = bench.reader()
    created = bench.clock.now
    reader._lag = lambda record: bench.clock.now - created  # type: ignore[method-assign]
    bench.pass_time(100, reader)
    _, lag, has_reached = reader._report.metrics.take()
    assert has_reached
    assert 95 <= lag <= 100


@pytest.fixture
def processes(deployment: Deployment, tmp_path: Path) -> Iterator[dict[str, DaemonProcess]]:
    """Both stages of the daemon, told where CloudWatch keeps what they tell."""
    running = {
        stage: DaemonProcess(stage, deployment, tmp_path, FLOWTALLY_METRICS=SPACE)
        for stage in ("summarize", "consolidate")
    }
    yield running
    for process in running.values():
        process.process.kill()
        process.process.wait()


def told_to_the_engine() -> Data:
    """What processes have told the engine's CloudWatch, a point for each minute."""
    data = Data()
    for metric in {metric_of(alarm) for alarm in ALARMS.values()}:
        answer = client("cloudwatch").get_metric_statistics(
            Namespace=metric.namespace,
            MetricName=metric.name,
            StartTime=datetime.now(UTC) - timedelta(hours=1),
            EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Period=60,
            Statistics=["Sum"],
        )
        for point in answer["Datapoints"]:
            data.add(metric, point["Timestamp"].timestamp(), float(point["Sum"]))
    return data


def has_told(name: str) -> bool:
    """Whether a metric has a point that is not 0."""
    return sum(told_to_the_engine().within(Metric(SPACE, name), 0, float("inf"))) >= 1


def test_real_processes_tell_the_engine(deployment: Deployment, processes: dict[str, DaemonProcess]) -> None:
    """A sign of life of the reader; what is never well; then a pair and a file that fail without tables.

    An item was written without numbers, another is full, and a day is a thousand times the usual. What an
    alarm needs beside, that a failure lasts for a quarter of an hour, is tried above, where time is said.
    """
    dynamodb = client("dynamodb")
    eventually(lambda: has_told("Reading"))
    put_without_numbers(dynamodb, deployment.daily_totals, SPOILT)
    fill_week(dynamodb, deployment.daily_totals, FULL, 51_190)
    upload(deployment, "incoming/paris/whole-week.csv", flow_csv(*rows_of(FULL)))
    upload(deployment, "incoming/paris/usual.csv", days_of_flows("10.0.0.3", USUAL, 15))
    eventually(lambda: len(stored_statistics(deployment)) >= 2)
    upload(deployment, "incoming/paris/burst.csv", days_of_flows("10.0.0.3", [10**9], 1))
    at_once = {"PairsSetAside", "FilesPartlyCounted", "DaysStandOut"}
    eventually(lambda: all(map(has_told, at_once)), PATIENCE)
    now = datetime.now(UTC).timestamp()
    assert off(told_to_the_engine(), now + 2 * MINUTE, now - 10 * MINUTE).keys() - {"SilentReader"} == at_once

    for table in (deployment.pair_statistics, deployment.daily_totals):
        if table == deployment.daily_totals:
            eventually(lambda: has_told("PairsNotConsolidated"), PATIENCE)
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=table)
        upload(deployment, f"incoming/paris/{table}.csv", flow_csv("10.0.0.5,10.0.0.6,07/12/2022,1,1"))
    eventually(lambda: has_told("FilesNotCounted"), PATIENCE)


def test_a_real_reader_that_is_killed_is_missed(
    deployment: Deployment, processes: dict[str, DaemonProcess]
) -> None:
    """By the sign of life that it told last: silent while that counts, and in alarm half an hour later."""
    eventually(lambda: has_told("Reading"))
    processes["consolidate"].stop(signal.SIGKILL)
    last = max(when for when, _ in told_to_the_engine().points(Metric(SPACE, "Reading")))
    alarm = ALARMS["SilentReader"]
    assert not is_off(alarm, told_to_the_engine(), last + 2 * MINUTE)
    assert is_off(alarm, told_to_the_engine(), last + 31 * MINUTE)


def test_machines_come_and_go_with_the_files_that_wait(deployment: Deployment) -> None:
    """By the length of the real queue: 51 files start another one, and none at all ends all but one."""
    for number in range(51):
        client("sqs").send_message(QueueUrl=deployment.queue_url, MessageBody=str(number))
    data, begin = Data(), int(BEGIN)
    for minute in range(10):
        data.add(metric_of(ALARMS["ManyFilesWait"]), begin + minute * MINUTE, waiting(deployment.queue_url))
    client("sqs").purge_queue(QueueUrl=deployment.queue_url)
    for minute in range(10, 30):
        data.add(metric_of(ALARMS["NoFilesWait"]), begin + minute * MINUTE, waiting(deployment.queue_url))
    assert goes_off(ALARMS["ManyFilesWait"], data, begin, begin + HOUR) == begin + AFTER["ManyFilesWait"]
    assert (
        goes_off(ALARMS["NoFilesWait"], data, begin + 10 * MINUTE, begin + HOUR)
        == begin + 10 * MINUTE + AFTER["NoFilesWait"]
    )
