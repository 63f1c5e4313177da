"""Repair of statistics that differ from the daily totals, from wherever the terminal is."""

from collections.abc import Sequence

from clients.queries.counted import Results
from clients.recovering.verify import Difference, Unrepairable, verify_all
from clients.terminal.account import Account
from models.errors import NotComputable
from models.storage.pair_statistics import PairStatisticsStore
from models.traffic import join_pair


def repair_all(account: Account) -> int:
    """Compares every pair with its daily totals, and gives how many had to be rebuilt."""
    differences = verify_all(Results(account.client("dynamodb"), account.deployment)).differences
    return len(differences) - len(rebuild(account, differences))


def rebuild(account: Account, differences: Sequence[Difference]) -> list[Unrepairable]:
    """Rebuilds the statistics of the pairs that differ, and gives those of which there can be none."""
    store = PairStatisticsStore.of(account.deployment, account.client("dynamodb"))
    unrepairable = []
    for wrong in differences:
        pair = join_pair(wrong.source, wrong.destination)
        try:
            store.rebuild(pair)
        except NotComputable as error:
            unrepairable.append(Unrepairable(pair, str(error)))
    return unrepairable
