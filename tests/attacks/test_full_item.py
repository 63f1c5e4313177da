"""A pair and week that somebody has filled with tiny files, so that it takes no more."""

from pathlib import Path

from models.deployment import Deployment
from models.storage.file_records import FilesTable
from models.traffic import PairWeek
from tests.helpers.daemons import daemon
from tests.helpers.deployed import client, is_at_rest, keys, stored_days, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.spoilt_items import fill_week
from tests.helpers.waiting import eventually

FILES = 51_193  # with which an item has the very size that it may have
FULL = PairWeek("10.0.0.1", "10.0.0.2", "2022-12-05")
COMMON = "10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1000,3"
OTHERS = [f"10.0.0.1,10.0.1.{number},07/12/2022 10:00:00 AM,1000,3" for number in range(50)]


def test_a_full_item_keeps_nothing_else_from_being_counted(deployment: Deployment, tmp_path: Path) -> None:
    """All other pairs of a file with that row count, of both branches; each file waits in rejected/."""
    fill_week(client("dynamodb"), deployment.daily_totals, FULL, FILES)
    for branch in ("paris", "rome"):
        upload(
            deployment,
            f"incoming/{branch}/day.csv",
            flow_csv(COMMON, *OTHERS, f"10.0.0.1,{branch_host(branch)}"),
        )
    with daemon(deployment, tmp_path):
        eventually(lambda: is_at_rest(deployment) and len(keys(deployment, "rejected/")) == 2)
    counted = {day.destination: totals.flows for day, totals in stored_days(deployment).items()}
    assert counted.pop("10.0.0.2") == FILES
    assert counted == {f"10.0.1.{number}": 2 for number in range(50)} | {"10.0.2.1": 1, "10.0.2.2": 1}
    for record in FilesTable(client("dynamodb"), deployment.files).all():
        assert record.state == "partly counted"
        assert "10.0.0.1 > 10.0.0.2 in the week of 2022-12-05" in str(record.reason)


def branch_host(branch: str) -> str:
    """The rest of a row that only one of the branches has."""
    return f"10.0.2.{1 if branch == 'paris' else 2},07/12/2022 10:00:00 AM,1000,3"
