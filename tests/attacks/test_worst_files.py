"""The worst files known, a dozen at a time, beside those of another branch."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from clients.local_aws.engine import EmbeddedEngine
from clients.local_aws.lambda_service.service import LambdaService
from clients.local_aws.local_lambda import deploy_lambda
from models.deployment import Deployment
from perf.data.hostile import WORST, first_bytes
from tests.helpers.daemons import daemon
from tests.helpers.deployed import client, is_at_rest, keys, stored_days, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.waiting import eventually

TIME_LIMIT = 20  # seconds that a run may take, of which ten are the margin
SIZE = 4_000_000  # bytes of each, gzipped to some 12 kB
DOZEN = (
    "numbers as 1.0",
    "quoted fields",
    "a quote in each block",
    "blanks around fields",
    "rows that cannot be counted",
    "rows of one letter",
    "blank lines",
    "lines of a comma",
    "the header repeated",
    "headers in turn",
    "rows of 1 MB that name timestamps",
    "rows of the Python cicflowmeter",
)
OTHERS = [f"10.0.1.{number},10.0.2.1,07/12/2022 10:00:00 AM,1000,3" for number in range(5)]

Way = Callable[[EmbeddedEngine, Deployment, Path], AbstractContextManager[object]]


@contextmanager
def by_functions(engine: EmbeddedEngine, deployment: Deployment, folder: Path) -> Iterator[None]:
    """The real package, a run of which has little time."""
    deploy_lambda(engine, "flowtally")
    functions = [function["FunctionName"] for function in client("lambda").list_functions()["Functions"]]
    (summarize,) = (name for name in functions if name.endswith("-summarize"))
    client("lambda").update_function_configuration(FunctionName=summarize, Timeout=TIME_LIMIT)
    with LambdaService(engine.client, engine.environment(), most=2):
        yield


@contextmanager
def by_the_daemon(engine: EmbeddedEngine, deployment: Deployment, folder: Path) -> Iterator[None]:
    """Its processes."""
    with daemon(deployment, folder):
        yield


@pytest.mark.parametrize("way", [by_functions, by_the_daemon])
def test_a_dozen_of_the_worst_files_stops_nobody(
    way: Way, engine: EmbeddedEngine, deployment: Deployment, tmp_path: Path
) -> None:
    """Each is set aside, and the five of another branch that come behind them are counted, in `PATIENCE`."""
    for number, name in enumerate(DOZEN):
        content = first_bytes(WORST[name](), SIZE)
        upload(deployment, f"incoming/eve/{number}.csv.gz", gzip.compress(content))
    for number, row in enumerate(OTHERS):
        upload(deployment, f"incoming/paris/{number}.csv", flow_csv(row))
    with way(engine, deployment, tmp_path):
        eventually(lambda: is_at_rest(deployment) and len(keys(deployment, "rejected/")) == len(DOZEN))
    assert {day.source for day in stored_days(deployment)} == {f"10.0.1.{number}" for number in range(5)}
