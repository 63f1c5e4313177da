"""Messages of the queue in the hands of a daemon: kept while it works, deleted when done, given back else."""

import json
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from models.deployment import Deployment
from tests.helpers.deployed import client, messages_left
from tests.helpers.stand_ins import Shown
from vm_daemon.deaths import Deaths
from vm_daemon.queue_poller import QueuePoller
from vm_daemon.report import Report
from vm_daemon.start_delay import StartDelay
from vm_daemon.stopping import OutOfTime, Stop

LONG_POLL = 20


class FakeQueue:
    """A queue whose every call is noted."""

    def __init__(self, *bodies: str, receives: int = 1) -> None:
        self.bodies = list(bodies)
        self.receives = receives
        self.waits: list[int] = []
        self.hidden: list[tuple[str, float]] = []
        self.deleted: list[str] = []
        self.is_down = False

    def receive_message(self, **request: Any) -> Any:
        if self.is_down:
            raise EndpointConnectionError(endpoint_url="queue")
        assert request["MaxNumberOfMessages"] == 1
        self.waits.append(request["WaitTimeSeconds"])
        if not self.bodies:
            return {}
        body = self.bodies.pop(0)
        attributes = {"ApproximateReceiveCount": str(self.receives), "SentTimestamp": "1700000000000"}
        message = {"MessageId": body, "Body": body, "ReceiptHandle": f"<{body}>"}
        return {"Messages": [message | {"Attributes": attributes}]}

    def change_message_visibility(self, **request: Any) -> None:
        self.hidden.append((request["ReceiptHandle"], request["VisibilityTimeout"]))

    def delete_message(self, **request: Any) -> None:
        self.deleted.append(request["ReceiptHandle"])


class Stage:
    """Takes a while, or fails, as a test has it."""

    def __init__(self, error: BaseException | None = None, seconds: float = 0) -> None:
        self.error = error
        self.seconds = seconds
        self.seen: list[tuple[str, int]] = []
        self.deaths: list[int] = []

    def process(self, body: str, receives: int, *, deaths: int = 0) -> None:
        self.seen.append((body, receives))
        self.deaths.append(deaths)
        time.sleep(self.seconds)
        if self.error:
            raise self.error


def poller(queue: FakeQueue, stage: Stage, **settings: Any) -> QueuePoller:
    return QueuePoller(queue, "queue", stage, settings.pop("stop", Stop()), **settings)  # type: ignore[arg-type]


def test_a_completed_message_is_deleted(simple_deployment: Deployment) -> None:
    """And only then: while the stage works, it is hidden, and still there."""
    queue, sqs, stage = simple_deployment.queue_url, client("sqs"), Stage()
    sqs.send_message(QueueUrl=queue, MessageBody="a")

    def process(body: str, receives: int, *, deaths: int = 0) -> None:
        stage.seen.append((body, receives))
        assert messages_left(simple_deployment) == 1
        assert "Messages" not in sqs.receive_message(QueueUrl=queue)

    stage.process = process  # type: ignore[method-assign]
    QueuePoller(sqs, queue, stage, Stop()).poll()
    assert stage.seen == [("a", 1)]
    assert messages_left(simple_deployment) == 0


@pytest.mark.parametrize(("receives", "seconds"), [(1, 5), (3, 20), (60, 900)])
def test_a_message_that_failed_comes_back_later_each_time(receives: int, seconds: int) -> None:
    """It stays in the queue, hidden for its back-off."""
    queue = FakeQueue("a", receives=receives)
    poller(queue, Stage(ValueError())).poll()
    assert (queue.deleted, queue.hidden) == ([], [("<a>", seconds)])


def test_what_failed_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """The log has the key of the file, not the encoded notification; what is none is shown as it is."""
    entity = {"bucket": {"name": "b"}, "object": {"key": "incoming/paris/a+b.csv"}}
    queue = FakeQueue(json.dumps({"Records": [{"s3": entity}]}), "no notification")
    tried = poller(queue, Stage(ValueError()))
    tried.poll()
    tried.poll()
    named = [vars(record)["file"] for record in caplog.records]
    assert named == ["incoming/paris/a b.csv", "no notification"]


def test_a_message_at_work_stays_hidden() -> None:
    """Long work extends the short timeout again and again."""
    queue = FakeQueue("a")
    poller(queue, Stage(seconds=0.25), visibility=0.3).poll()
    assert 2 <= queue.hidden.count(("<a>", 0.3)) <= 3
    assert queue.deleted == ["<a>"]


def test_what_cannot_be_finished_is_handed_back_at_once(simple_deployment: Deployment) -> None:
    """When the time to stop is over, the message is visible to others without a wait."""
    queue, sqs = simple_deployment.queue_url, client("sqs")
    sqs.send_message(QueueUrl=queue, MessageBody="a")
    with pytest.raises(OutOfTime):
        QueuePoller(sqs, queue, Stage(OutOfTime()), Stop()).poll()
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == "a"


def test_it_is_ready_when_it_can_work() -> None:
    """Not before its check has passed and the queue has answered, which it asks without a long wait."""
    queue, shown, checks = FakeQueue(), Shown(), []

    def check() -> None:
        checks.append(1)
        if len(checks) < 3:
            raise EndpointConnectionError(endpoint_url="table")
        assert "READY=1" not in shown.said

    stop = Stop()
    tried = poller(queue, Stage(), stop=stop, report=Report(shown, StartDelay(None), "files"), check=check)
    for _ in range(2):
        with pytest.raises(EndpointConnectionError):
            tried.poll()
    assert queue.waits == []
    tried.poll()
    assert shown.said[0] == "READY=1"
    tried.poll()
    assert queue.waits == [0, LONG_POLL]
    assert len(checks) == 3


def test_the_status_shows_what_was_done() -> None:
    """A file that is counted is in the figures at once, not only when the next long poll ends."""
    shown = Shown()
    poller(FakeQueue("a"), Stage(), report=Report(shown, StartDelay(None), "files")).poll()
    assert shown.said[-1].startswith("STATUS=1 files/min, 0 in hand, lag ")


def test_it_survives_a_queue_that_is_down() -> None:
    """It says so in its status, waits and tries again."""
    queue, stage, shown, stop = FakeQueue("a"), Stage(), Shown(), Stop()
    queue.is_down = True

    def sleep(_seconds: float) -> None:
        queue.is_down = False
        stage.error = SystemExit()

    tried = poller(queue, stage, stop=stop, sleep=sleep, report=Report(shown, StartDelay(None), "files"))
    with pytest.raises(SystemExit):
        tried.run()
    assert any(line.startswith("STATUS=trying again: Could not connect") for line in shown.said)
    assert stage.seen == [("a", 1)]


def test_nothing_is_received_after_a_stop() -> None:
    """A message taken now would only have to be handed back."""
    queue, stop = FakeQueue("a"), Stop()
    stop.requested = True
    poller(queue, Stage(), stop=stop).run()
    with pytest.raises(SystemExit):
        poller(queue, Stage(), stop=stop).poll()
    assert queue.bodies == ["a"]


def test_work_goes_on_where_nothing_can_be_noted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A full disk, or a folder that is none: it is told, and the message is worked on as if it were new."""
    (tmp_path / "in-hand").write_bytes(b"")
    queue, stage = FakeQueue("a"), Stage()
    poller(queue, stage, deaths=Deaths(tmp_path)).poll()
    assert (stage.seen, stage.deaths, queue.deleted) == ([("a", 1)], [0], ["<a>"])
    (told,) = (entry for entry in caplog.records if entry.message == "work in hand not noted")
    assert "in-hand" in told.__dict__["reason"]


@pytest.mark.parametrize("error", [None, ValueError(), OutOfTime()], ids=["counted", "failed", "stopped"])
def test_a_run_that_ends_by_itself_is_no_death(tmp_path: Path, error: BaseException | None) -> None:
    """However it ends, an orderly stop in the middle included: the next one is told of none."""
    (tmp_path / "in-hand").mkdir()
    (tmp_path / "in-hand" / "a").write_bytes(b"xx")  # left by two that were killed
    for died in (2, 0):
        stage = Stage(error)
        with nullcontext() if not isinstance(error, OutOfTime) else pytest.raises(OutOfTime):
            poller(FakeQueue("a"), stage, deaths=Deaths(tmp_path)).poll()
        assert stage.deaths == [died]
