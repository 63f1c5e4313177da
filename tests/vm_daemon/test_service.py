"""What makes a process a service: what it tells systemd, its signals, delays and settings."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.concurrency import ThreadedForEach
from models.deployment import Deployment
from models.errors import UsageError
from models.storage.aws_clients import client
from tests.conftest import Manager
from tests.helpers.deployed import upload
from tests.helpers.stand_ins import Clock
from vm_daemon.journal import JournalFormatter
from vm_daemon.notifications import Notifier
from vm_daemon.report import Report
from vm_daemon.settings import FILE, parse, reload_settings
from vm_daemon.start_delay import StartDelay
from vm_daemon.stopping import OutOfTime, Stop
from vm_daemon.watchdog import watch_calls, watch_reading, watched, watching_calls


def test_systemd_is_told(manager: Manager) -> None:
    """Readiness, status and end arrive; the same status only once."""
    address, received = manager
    notifier = Notifier({"NOTIFY_SOCKET": address})
    notifier.ready()
    notifier.status("well")
    notifier.status("well")
    notifier.ping()  # no watchdog was asked for
    notifier.stopping()
    assert received() == ["READY=1", "STATUS=well", "STOPPING=1"]


def test_a_status_is_one_line(manager: Manager) -> None:
    """A name in an error cannot tell systemd what the service does not say."""
    address, received = manager
    Notifier({"NOTIFY_SOCKET": address}).status("trying again: a\nSTOPPING=1\x1b[2J")
    assert received() == ["STATUS=trying again: a\\x0aSTOPPING=1\\x1b[2J"]


def test_the_watchdog_is_fed_by_progress_alone(manager: Manager) -> None:
    """A ping is passed on, at most four times a period; without one, nothing is sent."""
    address, received = manager
    clock = Clock(100.0)
    notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "180000000"}, clock)
    for _ in range(1800):  # three minutes of steady progress
        notifier.ping()
        clock.now += 0.1
    assert received() == ["WATCHDOG=1"] * 4
    clock.now += 1000
    assert received() == []


def test_without_systemd_nothing_is_sent() -> None:
    """The same program runs in a terminal."""
    notifier = Notifier({})
    notifier.ready()
    notifier.ping()
    notifier.status("well")


@pytest.mark.parametrize("address", ["/no/such/socket", "/dev/null", "@nobody-listens", "/" + "x" * 200])
def test_a_socket_that_leads_nowhere_is_told_of_once(address: str, caplog: pytest.LogCaptureFixture) -> None:
    """A service that cannot tell systemd how it does works all the same, and its log says what is wrong."""
    notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "180000000"})
    notifier.ready()
    notifier.ping()
    notifier.stopping()
    (record,) = caplog.records
    assert record.getMessage() == "systemd not told how the service does"
    assert address in vars(record)["reason"]


def test_status_has_the_useful_figures(manager: Manager) -> None:
    """Rate over the last minute, what is in hand, and the lag of the last one."""
    address, received = manager
    clock = Clock(100.0)
    report = Report(Notifier({"NOTIFY_SOCKET": address}), StartDelay(None), "files", clock)
    report.reached("0 in hand")
    report.done(1, 2.5)
    clock.now += 30
    report.done(2, 1.25)
    report.reached("1 in hand")
    clock.now += 45
    report.reached("1 in hand")
    assert received() == [
        "READY=1",
        "STATUS=0 files/min, 0 in hand, lag 0.0 s",
        "STATUS=3 files/min, 1 in hand, lag 1.2 s",
        "STATUS=2 files/min, 1 in hand, lag 1.2 s",
    ]


def start(delay: StartDelay) -> int:
    """Starts a service; gives how long it had to wait before."""
    seconds = delay.seconds
    delay.note_start()
    return seconds


def test_starts_are_delayed_longer_after_each_failure(tmp_path: Path) -> None:
    """At once the first time, then 2, 4, 8… up to 300 seconds; a minute of work forgets the failures."""
    delay, clock = StartDelay(tmp_path), Clock(100.0)
    assert [start(delay) for _ in range(11)] == [0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    report = Report(Notifier({}), delay, "files", clock)
    report.reached("")
    clock.now += 59
    report.reached("")
    assert delay.seconds == 300
    clock.now += 1
    report.reached("")
    assert delay.seconds == 0


def test_logs_in_the_journal_have_priorities() -> None:
    """The number that sd-daemon(3) has for each level stands before the JSON."""
    formatted = [
        JournalFormatter().format(logging.makeLogRecord({"levelno": level, "levelname": "x", "msg": "m"}))
        for level in (logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO)
    ]
    assert [line[:4] for line in formatted] == ["<2>{", "<3>{", "<4>{", "<6>{"]


def test_settings_are_read_as_systemd_reads_them() -> None:
    """Comments, blank lines, quotes and equal signs in values."""
    text = "# c\n; c\n\nA=1\nB='two words'\nC=\"x\"\nD=a=b\nE=\nF=it's\n"
    expected = {"A": "1", "B": "two words", "C": "x", "D": "a=b", "E": "", "F": "it's"}
    assert parse(text) == expected


@given(
    st.dictionaries(st.from_regex(r"[A-Z_]+", fullmatch=True), st.from_regex(r"[\w/:.@-]*", fullmatch=True))
)
def test_settings_come_back_as_they_were_written(settings: dict[str, str]) -> None:
    """Whatever the installation writes is read again."""
    assert parse("".join(f"{name}={value}\n" for name, value in settings.items())) == settings


def test_new_settings_replace_ours_and_keep_the_rest(tmp_path: Path) -> None:
    """A variable that was taken out of the file is gone, what did not come from it stays."""
    file = tmp_path / "env"
    file.write_text("FLOWTALLY_BUCKET=b\n")
    before = {FILE: str(file), "FLOWTALLY_QUEUE_URL": "q", "PATH": "/bin"}
    assert reload_settings(before) == {FILE: str(file), "FLOWTALLY_BUCKET": "b", "PATH": "/bin"}


@pytest.mark.parametrize("text", ["what is this\n", "FLOWTALLY_BUCKET='open\n"])
def test_a_broken_file_of_settings_is_named(tmp_path: Path, text: str) -> None:
    """The error says which file, and what is wrong in it."""
    (tmp_path / "env").write_text(text)
    with pytest.raises(UsageError, match="env"):
        reload_settings({FILE: str(tmp_path / "env")})
    with pytest.raises(UsageError, match="No such file"):
        reload_settings({FILE: str(tmp_path / "none")})


@pytest.fixture
def stop() -> Iterator[Stop]:
    """A Stop that listens, whose signals are given back to whoever had them."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM)
    before = {number: signal.getsignal(number) for number in numbers}
    yield Stop()
    signal.alarm(0)
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_wait_is_broken_off_work_is_not(stop: Stop) -> None:
    """A signal in the middle of work is noted; the next wait ends before it begins."""
    stop.listen(60, bool)
    os.kill(os.getpid(), signal.SIGTERM)
    assert stop.requested
    with pytest.raises(SystemExit), stop.waiting():
        pytest.fail("began to wait")


def test_work_that_takes_too_long_is_broken_off(stop: Stop) -> None:
    """After the grace period the work in hand ends in OutOfTime, which no stage swallows."""
    stop.listen(1, bool)
    os.kill(os.getpid(), signal.SIGTERM)
    began = time.monotonic()
    with pytest.raises(OutOfTime):
        ThreadedForEach(2)(lambda _: time.sleep(1.5), range(2))
    assert time.monotonic() - began < 1.4
    assert not issubclass(OutOfTime, Exception)


def test_hangup_reloads_only_settings_that_will_do(stop: Stop) -> None:
    """Wrong settings change nothing; a stop is not turned into a new beginning."""
    answers = iter([False, True])
    stop.listen(60, lambda: next(answers))
    os.kill(os.getpid(), signal.SIGHUP)
    assert not stop.requested
    os.kill(os.getpid(), signal.SIGHUP)
    assert stop.requested
    assert stop.reload
    os.kill(os.getpid(), signal.SIGTERM)
    assert not stop.reload


def test_a_service_that_is_out_of_time_ends_though_threads_go_on() -> None:
    """It is gone soon after the grace period, with status 0, and nothing is waited for."""
    code = (
        "import os, signal, threading, time, vm_daemon.service as service\n"
        "service._GRACE = 1\n"
        "with service.Service('files', accepts=str):\n"
        "    threading.Thread(target=time.sleep, args=[60]).start()\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    time.sleep(60)\n"
    )
    began = time.monotonic()
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert 1 <= time.monotonic() - began < 10


def test_every_step_of_the_work_pings(deployment: Deployment) -> None:
    """Each attempt of a call by boto3, each block that is read, each item that is done; nothing otherwise."""
    signs: list[str] = []
    s3 = client("s3")
    watch_calls(s3, lambda: signs.append("call"))
    upload(deployment, "incoming/x", b"12345")
    body = s3.get_object(Bucket=deployment.bucket, Key="incoming/x")["Body"]
    assert signs == ["call"]
    watch_reading(s3, lambda: signs.append("read"))
    body = s3.get_object(Bucket=deployment.bucket, Key="incoming/x")["Body"]
    assert BytesIO(b"".join(iter(lambda: body.read(2), b""))).getvalue() == b"12345"
    assert signs == ["call", "call", "read", "read", "read", "read"]
    signs.clear()
    watched(ThreadedForEach(2), lambda: signs.append("item"))(str, range(5))
    assert signs == ["item"] * 5


def test_a_watch_over_a_block_ends_with_it(deployment: Deployment) -> None:
    """Leases are kept in the middle of a repair, and not by calls outside of it."""
    calls: list[int] = []
    s3 = client("s3")
    with watching_calls(s3, lambda: calls.append(1)):
        s3.head_bucket(Bucket=deployment.bucket)
    s3.head_bucket(Bucket=deployment.bucket)
    assert calls == [1]
