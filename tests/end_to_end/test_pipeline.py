"""The whole pipeline with real processes: from uploaded files to statistics, against the oracle."""

import datetime
import signal
from pathlib import Path

import pytest

from models.deployment import Deployment
from models.traffic import PairDay, Totals
from perf.data.generate import generate_day
from perf.data.oracle import Daily, daily_totals_by_duckdb, merged, statistics_of
from tests.helpers.daemons import LEASES, DaemonProcess, daemon
from tests.helpers.deployed import client, is_at_rest, keys, stored_days, stored_statistics, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.project import REAL_DATA, needs_real_data
from tests.helpers.waiting import eventually


def assert_tables_are(deployment: Deployment, days: Daily) -> None:
    assert stored_days(deployment) == days
    assert stored_statistics(deployment) == statistics_of(days)


@pytest.fixture
def generated(tmp_path: Path) -> list[Path]:
    """Three small generated days, which overlap at midnight."""
    files = []
    for number in range(3):
        day = datetime.date(2022, 12, 7) + datetime.timedelta(number)
        files.append(tmp_path / f"data-{day:%Y%m%d}.csv")
        files[-1].write_bytes(b"".join(generate_day(day, seed=number, rows=1500, pairs=120)))
    return files


@needs_real_data
def test_real_days_from_upload_to_statistics(deployment: Deployment, tmp_path: Path) -> None:
    """Six real days give, integer for integer, the tables that DuckDB computes from the same files."""
    files = sorted((REAL_DATA / "campus").glob("*.csv.gz"))
    assert len(files) == 6
    with daemon(deployment, tmp_path):
        for file in files:
            upload(deployment, f"incoming/campus/{file.name}", file.read_bytes())
        eventually(lambda: is_at_rest(deployment))
    assert_tables_are(deployment, merged(map(daily_totals_by_duckdb, files)))


def test_the_same_files_again_change_nothing(
    deployment: Deployment, generated: list[Path], tmp_path: Path
) -> None:
    """Under the same name, under another and twice at once, with two workers: every content counts once."""
    expected = merged(map(daily_totals_by_duckdb, generated))
    with daemon(deployment, tmp_path, "summarize", "summarize", "consolidate"):
        for branch in ("paris", "paris", "rome", "oslo"):
            for file in generated:
                upload(deployment, f"incoming/{branch}/{file.name}", file.read_bytes())
        eventually(lambda: is_at_rest(deployment) and len(stored_days(deployment)) == len(expected))
        assert_tables_are(deployment, expected)
        for file in generated:
            upload(deployment, f"incoming/paris/again-{file.name}", file.read_bytes())
        eventually(lambda: is_at_rest(deployment))
    assert_tables_are(deployment, expected)


def test_a_day_spread_over_three_files(deployment: Deployment, tmp_path: Path) -> None:
    """The statistics are those of the merged day, not of three days."""
    with daemon(deployment, tmp_path):
        for number, minutes in enumerate((10, 20, 30)):
            row = f"10.0.0.1,10.0.0.2,07/12/2022 10:{minutes}:00 AM,{10**number},{number}"
            upload(deployment, f"incoming/paris/{number}.csv", flow_csv(row))
        eventually(lambda: is_at_rest(deployment) and stored_days(deployment))
    assert_tables_are(deployment, {PairDay("10.0.0.1", "10.0.0.2", "2022-12-07"): Totals(111, 3, 3)})


def test_keys_of_all_kinds_go_the_whole_way(deployment: Deployment, tmp_path: Path) -> None:
    """Through the notifications of S3, in their encoding: each file is counted or set aside, and goes."""
    names = ("with space+plus", "été-日本", "../../x", "line\nbreak", "100%25&<>\"'", "tab\tand \U0001f6a6")
    for number, name in enumerate(names, 1):
        row = f"10.0.0.1,10.0.0.2,{number:02}/12/2022 10:00:00 AM,{10**number},{number}"
        upload(deployment, f"incoming/paris/{name}.csv", flow_csv(row))
        upload(deployment, f"incoming/rome/{name}.bad", b"")
    with daemon(deployment, tmp_path):
        eventually(lambda: is_at_rest(deployment) and len(stored_days(deployment)) == len(names))
    expected = {
        PairDay("10.0.0.1", "10.0.0.2", f"2022-12-{number:02}"): Totals(10**number, number, 1)
        for number in range(1, len(names) + 1)
    }
    assert_tables_are(deployment, expected)
    aside = [key.removeprefix("rejected/").partition("/")[2] for key in keys(deployment)]
    assert sorted(aside) == sorted(f"rome/{name}.bad" for name in names)


@pytest.mark.parametrize("stage", ["summarize", "consolidate"])
def test_a_killed_worker_is_taken_over(
    deployment: Deployment, generated: list[Path], tmp_path: Path, stage: str
) -> None:
    """`kill -9` in the middle of the work and a new start give the tables of an undisturbed run."""
    with daemon(deployment, tmp_path) as (summarize, consolidate):
        for file in generated:
            upload(deployment, f"incoming/paris/{file.name}", file.read_bytes())
        eventually(lambda: stored_days(deployment) if stage == "summarize" else stored_statistics(deployment))
        victim = summarize if stage == "summarize" else consolidate
        assert victim.stop(signal.SIGKILL) == -signal.SIGKILL
        with daemon(deployment, tmp_path, stage):
            eventually(lambda: is_at_rest(deployment))
    assert_tables_are(deployment, merged(map(daily_totals_by_duckdb, generated)))


def test_files_wait_for_a_worker(deployment: Deployment, generated: list[Path], tmp_path: Path) -> None:
    """What arrives while no worker runs is processed when one does."""
    for file in generated:
        upload(deployment, f"incoming/paris/{file.name}", file.read_bytes())
    with daemon(deployment, tmp_path):
        eventually(lambda: is_at_rest(deployment))
    assert_tables_are(deployment, merged(map(daily_totals_by_duckdb, generated)))


def test_workers_stop_cleanly_when_idle(deployment: Deployment, tmp_path: Path) -> None:
    """SIGTERM ends an idle worker at once, with status 0 and no error in the log."""
    with daemon(deployment, tmp_path) as processes:
        eventually(lambda: all(running.log() for running in processes))
        for running in processes:
            assert running.stop() == 0
            assert {event["level"] for event in running.log()} == {"info"}


def test_a_worker_stops_after_the_file_in_hand(
    deployment: Deployment, generated: list[Path], tmp_path: Path
) -> None:
    """SIGTERM while a file is being counted lets that file be finished."""
    upload(deployment, f"incoming/paris/{generated[0].name}", generated[0].read_bytes())
    with daemon(deployment, tmp_path, "summarize") as (summarize,):
        eventually(lambda: stored_days(deployment))
        assert summarize.stop() == 0
    assert stored_days(deployment) == daily_totals_by_duckdb(generated[0])


def test_a_reader_goes_on_where_it_stopped(
    deployment: Deployment, generated: list[Path], tmp_path: Path
) -> None:
    """With its checkpoint, a restarted reader reads only what is new, and needs no repair."""
    with daemon(deployment, tmp_path) as (_, consolidate):
        upload(deployment, "incoming/paris/a.csv", generated[0].read_bytes())
        eventually(lambda: is_at_rest(deployment) and stored_days(deployment))
        assert consolidate.stop() == 0
        upload(deployment, "incoming/paris/b.csv", generated[1].read_bytes())
        with daemon(deployment, tmp_path, "consolidate") as (again,):
            eventually(lambda: is_at_rest(deployment))
            assert not [event for event in again.log() if event["event"] == "statistics verified"]
    assert_tables_are(deployment, merged(map(daily_totals_by_duckdb, generated[:2])))


def test_without_a_checkpoint_lost_records_are_made_good(deployment: Deployment, tmp_path: Path) -> None:
    """A reader that starts without a fresh checkpoint compares everything and repairs what differs."""
    upload(deployment, "incoming/paris/a.csv", flow_csv("10.0.0.1,10.0.0.2,07/12/2022,5,1"))
    with daemon(deployment, tmp_path):
        eventually(lambda: is_at_rest(deployment) and stored_days(deployment))
    client("dynamodb").delete_table(TableName=LEASES)
    with daemon(deployment, tmp_path, "consolidate") as (consolidate,):
        eventually(lambda: [event for event in consolidate.log() if event["event"] == "statistics verified"])


@pytest.mark.parametrize("command", ["summarize", "consolidate"])
def test_a_wrong_setting_is_one_clear_line(tmp_path: Path, deployment: Deployment, command: str) -> None:
    """A daemon without its settings says which are missing and exits with status 2."""
    running = DaemonProcess(command, deployment, tmp_path, FLOWTALLY_QUEUE_URL="")
    assert running.process.wait(30) == 2
    (event,) = running.log()
    assert event["level"] == "critical"
    assert "FLOWTALLY_QUEUE_URL not set" in event["reason"]
