"""Days that are far from ordinary: they cost their branch, and nobody else."""

from datetime import date, timedelta
from pathlib import Path

from models.deployment import Deployment
from models.storage.changes import Sums
from tests.helpers.daemons import daemon
from tests.helpers.deployed import is_at_rest, stored_days, stored_statistics, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.waiting import eventually

MEMORY = 200 << 10  # kB that a process of the daemon may take
GOOD = flow_csv("10.0.0.3,10.0.0.4,07/12/2022 10:00:00 AM,1000,3")
ONE_DAY = Sums(1, 1000, 1000**2, 3, 3**2)


def test_a_pair_of_endless_days_is_bounded(deployment: Deployment, tmp_path: Path) -> None:
    """Days of decades: those that can be are counted, in little memory, by both stages."""
    first = date(1964, 1, 1)
    days = [first + timedelta(number) for number in range(13_000)]  # some of them too early, but not too many
    rows = [f"10.0.0.1,10.0.0.2,{day.isoformat()},1,1" for day in days]
    upload(deployment, "incoming/eve/days.csv", flow_csv(*rows))
    upload(deployment, "incoming/paris/day.csv", GOOD)
    with daemon(deployment, tmp_path) as processes:
        eventually(lambda: is_at_rest(deployment) and stored_days(deployment))
        peaks = [running.peak() for running in processes]
    counted = [day for day in days if 1970 <= day.year <= 2099]
    assert stored_statistics(deployment) == {
        ("10.0.0.1", "10.0.0.2"): Sums(*[len(counted)] * 5),
        ("10.0.0.3", "10.0.0.4"): ONE_DAY,
    }
    assert max(peaks) < MEMORY
