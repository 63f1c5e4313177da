"""Verification of all statistics, with repair of what differs, from wherever the terminal is."""

from clients.account import Account
from clients.statistics import Results
from clients.verify import verify_all
from models.daily_totals import DailyTotalsStore
from models.pair_statistics import PairStatisticsStore
from models.traffic import join_pair


def repair_all(account: Account) -> int:
    """Compares every pair with its daily totals, and gives how many had to be rebuilt."""
    dynamodb, deployment = account.client("dynamodb"), account.deployment
    differences = verify_all(Results(dynamodb, deployment)).differences
    daily_totals = DailyTotalsStore(dynamodb, deployment.daily_totals)
    statistics = PairStatisticsStore(dynamodb, deployment.pair_statistics, daily_totals)
    for wrong in differences:
        statistics.rebuild(join_pair(wrong.source, wrong.destination))
    return len(differences)
