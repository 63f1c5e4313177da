"""Items of which no statistics can be computed, in the whole pipeline: nobody else waits."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from clients.local_aws.engine import EmbeddedEngine
from clients.local_aws.lambda_service.service import LambdaService
from clients.local_aws.local_lambda import deploy_lambda
from models.deployment import Deployment
from models.storage.statistics_item import is_set_aside
from perf.data.generate import generate_day
from perf.data.oracle import daily_totals_by_duckdb, statistics_of
from tests.helpers.daemons import daemon
from tests.helpers.deployed import client, keys, messages_left, stored_statistics, upload
from tests.helpers.program import flowtally_program
from tests.helpers.waiting import eventually

WEEK, WEDNESDAY = "2022-12-05", date(2022, 12, 7)
NUMBERS = {"d3": "5", "p3": "5", "n3": "1", "r": "1", "u": "1670000000"}
POISON: dict[str, dict[str, str]] = {
    "10.9.9.1>10.9.9.2": {},  # none of the numbers
    "10.9.9.3>10.9.9.4": {name: text for name, text in NUMBERS.items() if name != "p3"},
    "no pair": NUMBERS,
}


@pytest.fixture(params=["lambda", "vm"])
def at_work(
    engine: EmbeddedEngine, deployment: Deployment, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Any]:
    """Both stages as functions from their real package, or as processes of the daemon."""
    if request.param == "vm":
        with daemon(deployment, tmp_path):
            yield
        return
    deploy_lambda(engine, "flowtally")
    with LambdaService(engine.client, engine.environment(), most=2):
        yield


def put_by_hand(deployment: Deployment, pair: str, numbers: dict[str, str]) -> None:
    item = {"k": {"S": pair}, "t": {"S": WEEK}} | {name: {"N": text} for name, text in numbers.items()}
    client("dynamodb").put_item(TableName=deployment.daily_totals, Item=item)


@pytest.mark.usefixtures("at_work")
def test_items_written_by_hand_stop_nobody(deployment: Deployment, tmp_path: Path) -> None:
    """The pairs of a file between them get their statistics; `verify` names the others, with status 1."""
    file = tmp_path / "data-20221207.csv"
    file.write_bytes(b"".join(generate_day(WEDNESDAY, seed=1, rows=1500, pairs=120)))
    expected = statistics_of(daily_totals_by_duckdb(file))
    for pair, numbers in POISON.items():
        put_by_hand(deployment, pair, numbers)
    upload(deployment, "incoming/paris/data.csv", file.read_bytes())
    eventually(lambda: not keys(deployment, "incoming/") and not messages_left(deployment))
    for pair, numbers in POISON.items():  # again, behind all others
        put_by_hand(deployment, pair, numbers | {"u": "1670000001"} if numbers else {"r": "2"})
    eventually(
        lambda: {pair: sums for pair, sums in stored_statistics(deployment).items() if sums.days} == expected
    )
    eventually(lambda: len(flagged(deployment)) == 2)  # what is no pair has no place among the statistics
    said = flowtally_program("verify", "--all", "--repair", directory=tmp_path)
    assert said.returncode == 1
    assert all(pair in said.stderr for pair in POISON), said.stderr


def flagged(deployment: Deployment) -> list[str]:
    """The pairs whose statistics say that they were set aside."""
    items = client("dynamodb").scan(TableName=deployment.pair_statistics)["Items"]
    return [f"{item['src']['S']}>{item['dst']['S']}" for item in items if is_set_aside(item)]
