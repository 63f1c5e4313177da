"""Files of which earlier states are counted: their rows, what these are counted as, and who sends them."""

from clients.commands.upload import _taking_out
from clients.terminal.account import Account
from clients.uploading.uploader import Uploader
from handlers.assembly import summarizer_for
from models.deployment import Deployment
from models.s3_events import notification_of
from models.storage.file_records import FilesTable
from models.traffic import PairDay, Totals
from tests.helpers.deployed import client, keys, stored_days
from tests.helpers.flow_files import flow_csv


def content(rows: int, first: int = 0) -> bytes:
    """So many rows of pairs and days, the same ones from the same number on."""
    return flow_csv(
        *(f"10.0.0.{n % 5},10.0.1.1,{1 + n % 20:02}/12/2022,{1000 + n},3" for n in range(first, first + rows))
    )


def expected(rows: int) -> dict[PairDay, Totals]:
    """What these rows are counted as."""
    days: dict[PairDay, Totals] = {}
    for n in range(rows):
        key = PairDay(f"10.0.0.{n % 5}", "10.0.1.1", f"2022-12-{1 + n % 20:02}")
        before = days.get(key, Totals())
        days[key] = Totals(before.duration + 1000 + n, before.packets + 3, before.flows + 1)
    return days


def with_flows(deployment: Deployment) -> dict[PairDay, Totals]:
    """The stored days that have any flows left."""
    return {day: totals for day, totals in stored_days(deployment).items() if totals.flows}


def count_all(deployment: Deployment) -> None:
    """Does what a worker does with all that waits."""
    for key in keys(deployment, "incoming/"):
        summarizer_for(deployment).process(notification_of(deployment.bucket, key), 1)


def replacing(deployment: Deployment) -> Uploader:
    """Sends files of Paris with --replace."""
    files = FilesTable(client("dynamodb"), deployment.files)
    taking_out = _taking_out(Account("flowtally"), "paris", files)
    return Uploader(client("s3"), deployment.bucket, "paris", files, take_out=taking_out)
