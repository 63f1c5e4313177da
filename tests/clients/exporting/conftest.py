"""A deployment with some pairs to look for."""

import pytest

from handlers.consolidating.repair import repair_all
from models.deployment import Deployment
from models.storage.pair_statistics import PairStatisticsStore
from tests.clients.exporting.stored_pairs import PAIRS
from tests.clients.insight.stored import store
from tests.helpers.deployed import client


@pytest.fixture
def counted(deployment: Deployment) -> Deployment:
    """A deployment with these pairs, counted and consolidated."""
    store(deployment, PAIRS)
    repair_all(PairStatisticsStore.of(deployment, client("dynamodb")))
    return deployment
