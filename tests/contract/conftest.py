"""Every contract test runs on each engine."""

import pytest

from clients.local_aws.engine import EmbeddedEngine
from models.storage.daily_totals import DailyTotalsStore
from models.storage.pair_statistics import PairStatisticsStore
from tests.contract.stores import Store, simulated_store, store_on
from tests.dynamodb_local import DynamoDBLocal


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "lie_of(engine, lie): the engine is known to answer otherwise")
    config.addinivalue_line("markers", "moves_time: needs an engine on which hours can be made to pass")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "store" in metafunc.fixturenames:
        engines = ["simulator"]
        if not metafunc.definition.get_closest_marker("moves_time"):
            engines.append("ministack")
        if metafunc.config.getoption("--dynamodb-local"):
            engines.append("DynamoDB Local")
        metafunc.parametrize("store", engines, indirect=True)


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Store:
    """New tables on one of the engines."""
    for marker in request.node.iter_markers("lie_of"):
        engine, lie = marker.args
        if engine == request.param:
            request.applymarker(pytest.mark.xfail(reason=lie, strict=True))
    if request.param == "simulator":
        return simulated_store()
    if request.param == "ministack":
        embedded: EmbeddedEngine = request.getfixturevalue("engine")
        return store_on(embedded)
    local: DynamoDBLocal = request.getfixturevalue("dynamodb_local")
    return store_on(local, local.let_hours_pass)


@pytest.fixture
def daily(store: Store) -> DailyTotalsStore:
    return DailyTotalsStore(store.dynamodb, store.daily_totals)


@pytest.fixture
def statistics(store: Store, daily: DailyTotalsStore) -> PairStatisticsStore:
    return PairStatisticsStore(store.dynamodb, store.pair_statistics, daily)
