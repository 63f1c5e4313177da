"""The two stages put together from real clients, as Lambda and the daemon both run them."""

import time

from handlers.concurrency import Crew
from handlers.consolidator import Consolidator
from handlers.summarizer import Summarizer
from models.aws import client, dynamodb
from models.daily_totals import DailyTotalsStore
from models.deployment import Deployment
from models.pair_statistics import PairStatisticsStore

WRITERS = 16  # writes in flight at once


def summarizer_for(deployment: Deployment) -> Summarizer:
    """The first stage on the resources of a deployment."""
    database = dynamodb(WRITERS)
    return Summarizer(
        s3=client("s3"),
        daily_totals=DailyTotalsStore(database, deployment.daily_totals),
        dynamodb=database,
        files_table=deployment.files,
        address_scope=deployment.address_scope,
        now=time.time,
        for_each=Crew(WRITERS),
    )


def consolidator_for(deployment: Deployment) -> Consolidator:
    """The second stage on the resources of a deployment."""
    database = dynamodb(WRITERS)
    daily_totals = DailyTotalsStore(database, deployment.daily_totals)
    statistics = PairStatisticsStore(database, deployment.pair_statistics, daily_totals)
    return Consolidator(statistics, Crew(WRITERS))
