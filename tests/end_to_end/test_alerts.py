"""Alerts through the whole pipeline: told once by daemon and Lambda alike, and silent about old days."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clients.local_aws.engine import EmbeddedEngine
from clients.local_aws.lambda_service.service import LambdaService
from clients.local_aws.local_lambda import deploy_lambda
from models.deployment import Deployment
from perf.data.oracle import statistics_of
from tests.helpers.daemons import daemon
from tests.helpers.deployed import is_at_rest, stored_days, stored_statistics, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.packages import built
from tests.helpers.waiting import eventually

EVENT = "day stands out"
USUAL = [1000 + number for number in range(10)]  # µs a day


def days_of_flows(host: str, durations: Iterable[int], days_ago: int) -> bytes:
    """A file with one flow of a pair on each day, the first of them so many days ago."""
    first = datetime.now(UTC).date() - timedelta(days_ago)
    return flow_csv(
        *(
            f"{host},10.0.0.9,{first + timedelta(number):%d/%m/%Y} 10:00:00 AM,{duration},3"
            for number, duration in enumerate(durations)
        )
    )


def is_done(deployment: Deployment, days: int) -> bool:
    """Whether so many days of pairs are counted, and all of them in the statistics."""
    counted = stored_days(deployment)
    is_counted = len(counted) == days and bool(is_at_rest(deployment))
    return is_counted and stored_statistics(deployment) == statistics_of(counted)


def assert_told_once(deployment: Deployment, alerts: Callable[[], int]) -> None:
    """None while old days come, whatever is in them; one for a recent day; none when its file comes again."""
    upload(deployment, "incoming/paris/old.csv", days_of_flows("10.0.0.1", USUAL, 40))
    upload(deployment, "incoming/paris/usual.csv", days_of_flows("10.0.0.2", USUAL, 15))
    eventually(lambda: is_done(deployment, 20))
    upload(deployment, "incoming/paris/old-burst.csv", days_of_flows("10.0.0.1", [10**9], 29))
    eventually(lambda: is_done(deployment, 21))
    assert alerts() == 0
    burst = days_of_flows("10.0.0.2", [10**9], 1)
    upload(deployment, "incoming/paris/burst.csv", burst)
    eventually(lambda: alerts() == 1)
    upload(deployment, "incoming/paris/burst-again.csv", burst)
    eventually(lambda: is_done(deployment, 22))
    eventually(lambda: alerts() == 1)  # nor may it be two; the log of a function at work is not seen


def test_a_day_that_begins_to_stand_out_is_told_once(deployment: Deployment, tmp_path: Path) -> None:
    """By the process of the daemon that consolidates."""
    with daemon(deployment, tmp_path) as processes:
        assert_told_once(
            deployment,
            lambda: sum(line["event"] == EVENT for process in processes for line in process.log()),
        )


def test_lambda_tells_it_once(
    deployment: Deployment, engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the function that consolidates, deployed as the real package, in processes of the real runtime."""
    monkeypatch.setattr("clients.local_aws.local_lambda.build_package", built)
    deploy_lambda(engine, "flowtally")
    with LambdaService(engine.client, engine.environment(), most=1) as service:

        def alerts() -> int:
            functions = service.functions.values()
            logs = [environment.log() for function in functions for environment in function.environments]
            lines = [line for text in logs for line in text.splitlines() if line.startswith("{")]
            return sum(json.loads(line)["event"] == EVENT for line in lines)

        assert_told_once(deployment, alerts)
