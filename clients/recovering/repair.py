"""Repair of statistics that differ from the daily totals, from wherever the terminal is."""

from collections.abc import Sequence

from clients.queries.counted import Results
from clients.recovering.verify import Difference, verify_all
from clients.terminal.account import Account
from models.storage.pair_statistics import PairStatisticsStore
from models.traffic import join_pair


def repair_all(account: Account) -> int:
    """Compares every pair with its daily totals, and gives how many had to be rebuilt."""
    differences = verify_all(Results(account.client("dynamodb"), account.deployment)).differences
    rebuild(account, differences)
    return len(differences)


def rebuild(account: Account, differences: Sequence[Difference]) -> None:
    """Rebuilds the statistics of the pairs that differ."""
    store = PairStatisticsStore.of(account.deployment, account.client("dynamodb"))
    for wrong in differences:
        store.rebuild(join_pair(wrong.source, wrong.destination))
