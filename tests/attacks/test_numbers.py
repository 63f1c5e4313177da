"""Numbers and days that are far from ordinary: they cost their branch, and nobody else."""

import re
import zlib
from datetime import date, timedelta
from pathlib import Path

import pytest

from models.deployment import Deployment
from models.storage.changes import Sums
from models.storage.pair_statistics import PairStatisticsStore
from models.storage.statistics_item import is_set_aside
from tests.dynamodb_local import DynamoDBLocal
from tests.helpers.daemons import daemon
from tests.helpers.deployed import client, is_at_rest, messages_left, stored_days, stored_statistics, upload
from tests.helpers.flow_files import FIVE_COLUMNS, flow_csv
from tests.helpers.waiting import eventually

MEMORY = 200 << 10  # kB that a process of the daemon may take
GOOD = flow_csv("10.0.0.3,10.0.0.4,07/12/2022 10:00:00 AM,1000,3")
ONE_DAY = Sums(1, 1000, 1000**2, 3, 3**2)


def overflowing(rows: int = 10_500_000) -> bytes:
    """A megabyte, gzipped: one pair and day, whose duration has a square of 39 digits, none at its end 0."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    some = b"10.0.0.1,10.0.0.2,07/12/2022,1000000000000,1\n" * 10_000
    packed = [packer.compress(f"{FIVE_COLUMNS}\n".encode())]
    packed += [packer.compress(some) for _ in range(rows // 10_000)]
    packed.append(packer.compress(b"10.0.0.1,10.0.0.2,07/12/2022,777777777777,1\n"))
    return b"".join(packed) + packer.flush()


def test_a_pair_beyond_38_digits_stops_nobody(
    deployment: Deployment, dynamodb_local: DynamoDBLocal | None, tmp_path: Path
) -> None:
    """It is counted and flagged; what comes after it, on whatever shard, is consolidated."""
    if dynamodb_local is None:
        pytest.skip("the embedded engine rounds to 38 digits")
    upload(deployment, "incoming/eve/day.csv.gz", overflowing())
    statistics = PairStatisticsStore.of(deployment, client("dynamodb"))
    with daemon(deployment, tmp_path):
        eventually(lambda: is_set_aside(statistics.get("10.0.0.1>10.0.0.2")))
        upload(deployment, "incoming/paris/day.csv", GOOD)
        eventually(lambda: stored_statistics(deployment).get(("10.0.0.3", "10.0.0.4")) == ONE_DAY)
        eventually(lambda: not messages_left(deployment))


def test_a_pair_of_endless_days_is_bounded(deployment: Deployment, tmp_path: Path) -> None:
    """Days of three centuries: those that can be are counted, in little memory, by both stages."""
    first = date(1700, 1, 1)
    days = [first + timedelta(number) for number in range(110_000)]
    rows = [f"10.0.0.1,10.0.0.2,{day.isoformat()},1,1" for day in days]
    upload(deployment, "incoming/eve/days.csv", flow_csv(*rows))
    upload(deployment, "incoming/paris/day.csv", GOOD)
    with daemon(deployment, tmp_path) as processes:
        eventually(lambda: is_at_rest(deployment) and stored_days(deployment))
        peaks = [peak_of(running.process.pid) for running in processes]
    counted = [day for day in days if 1970 <= day.year <= 2099]
    assert stored_statistics(deployment) == {
        ("10.0.0.1", "10.0.0.2"): Sums(*[len(counted)] * 5),
        ("10.0.0.3", "10.0.0.4"): ONE_DAY,
    }
    assert max(peaks) < MEMORY


def peak_of(process: int) -> int:
    """The most memory in kB that a process has had."""
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(peak)
