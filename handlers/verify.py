"""Lambda entry point of the weekly verification: statistics that differ from the daily totals are rebuilt."""

import os
from collections.abc import Mapping
from typing import Any

from handlers.consolidating.repair import repair_all
from handlers.logs import log_as_json
from models.deployment import Deployment
from models.storage.aws_clients import client
from models.storage.pair_statistics import PairStatisticsStore


def handler(_event: Mapping[str, Any], _context: Any) -> dict[str, int]:
    """Compares every pair with its daily totals.

    Returns:
        How many pairs were looked at, and how many of them had to be rebuilt.
    """
    log_as_json()
    deployment = Deployment.from_environment(os.environ)
    return repair_all(PairStatisticsStore.of(deployment, client("dynamodb")))._asdict()
