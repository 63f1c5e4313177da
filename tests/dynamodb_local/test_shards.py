"""The whole pipeline while shards roll over and records leave the stream, on AWS's own engine."""

import datetime
import signal
from pathlib import Path

import pytest

from models.deployment import Deployment
from perf.data.generate import generate_day
from perf.data.oracle import daily_totals_by_duckdb, merged, statistics_of
from tests.dynamodb_local import DynamoDBLocal
from tests.helpers.daemons import daemon
from tests.helpers.deployed import is_at_rest, stored_days, stored_statistics, upload
from tests.helpers.waiting import eventually


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Four small generated days, which overlap at midnight."""
    paths = []
    for number in range(4):
        day = datetime.date(2022, 12, 7) + datetime.timedelta(number)
        paths.append(tmp_path / f"data-{day:%Y%m%d}.csv")
        paths[-1].write_bytes(b"".join(generate_day(day, seed=number, rows=1500, pairs=120)))
    return paths


def assert_tables_are_those_of(deployment: Deployment, files: list[Path]) -> None:
    expected = merged(map(daily_totals_by_duckdb, files))
    assert stored_days(deployment) == expected
    assert stored_statistics(deployment) == statistics_of(expected)


def test_shards_roll_over_in_the_middle_of_the_work(
    deployment: Deployment, dynamodb_local: DynamoDBLocal, files: list[Path], tmp_path: Path
) -> None:
    """The reader follows the shards from parent to child; nothing is lost or counted twice."""
    with daemon(deployment, tmp_path) as (_, consolidate):
        for file in files:
            upload(deployment, f"incoming/paris/{file.name}", file.read_bytes())
            eventually(lambda: stored_days(deployment))
            dynamodb_local.let_hours_pass(5)
        eventually(lambda: is_at_rest(deployment))
        read = [event for event in consolidate.log() if event["event"] == "shard read to its end"]
        assert len(read) >= 2
    assert_tables_are_those_of(deployment, files)


def test_records_that_nobody_read_for_a_day_are_made_good(
    deployment: Deployment, dynamodb_local: DynamoDBLocal, files: list[Path], tmp_path: Path
) -> None:
    """After an outage of more than a day the second stage repairs what it missed, and goes on."""
    with daemon(deployment, tmp_path) as (_, consolidate):
        upload(deployment, "incoming/paris/a.csv", files[0].read_bytes())
        eventually(lambda: stored_days(deployment) and is_at_rest(deployment))
        consolidate.stop(signal.SIGKILL)
        upload(deployment, "incoming/paris/b.csv", files[1].read_bytes())
        eventually(lambda: stored_days(deployment) == merged(map(daily_totals_by_duckdb, files[:2])))
        dynamodb_local.let_hours_pass(26)
        with daemon(deployment, tmp_path, "consolidate"):
            upload(deployment, "incoming/paris/c.csv", files[2].read_bytes())
            eventually(lambda: is_at_rest(deployment))
            upload(deployment, "incoming/paris/d.csv", files[3].read_bytes())
            eventually(lambda: is_at_rest(deployment) and len(stored_days(deployment)) > 0)
    assert_tables_are_those_of(deployment, files)
