"""The two stages put together from real clients, as Lambda and the daemon both run them."""

import time
from typing import TYPE_CHECKING

from handlers.concurrency import ThreadedForEach
from models.deployment import Deployment
from models.storage.aws_clients import client, dynamodb
from models.storage.daily_totals import DailyTotalsStore
from models.storage.file_records import FilesTable
from models.storage.pair_statistics import PairStatisticsStore

if TYPE_CHECKING:
    from handlers.consolidating.stage import Consolidator
    from handlers.summarizing.stage import Summarizer

WRITERS = 16  # writes in flight at once


def summarizer_for(deployment: Deployment) -> "Summarizer":
    """The first stage on the resources of a deployment."""
    from handlers.summarizing.stage import Summarizer  # noqa: PLC0415  # a cold start is for one stage only

    database = dynamodb(WRITERS)
    return Summarizer(
        s3=client("s3"),
        daily_totals=DailyTotalsStore(database, deployment.daily_totals),
        files=FilesTable(database, deployment.files),
        address_scope=deployment.address_scope,
        source_key=deployment.source_key,
        now=time.time,
        for_each=ThreadedForEach(WRITERS),
    )


def consolidator_for(deployment: Deployment) -> "Consolidator":
    """The second stage on the resources of a deployment."""
    from handlers.consolidating.alerts import tell_of_days  # noqa: PLC0415
    from handlers.consolidating.stage import Consolidator  # noqa: PLC0415

    statistics = PairStatisticsStore.of(deployment, dynamodb(WRITERS), observer=tell_of_days)
    return Consolidator(statistics, ThreadedForEach(WRITERS))
