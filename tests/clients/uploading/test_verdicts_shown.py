"""`flowtally upload --wait`: what it says of files that were counted, wholly or in part."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from models.deployment import Deployment
from models.flow_csv.notes import Note
from models.storage.schema import File
from tests.helpers.daemons import daemon
from tests.helpers.deployed import client, keys
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run
from tests.helpers.waiting import eventually

ROWS = (
    "10.0.0.1,10.0.0.2,08/12/2022,3500,5",
    "10.0.0.3,10.0.0.2,08/12/2022,-1,5",
    "10.0.0.1,10.0.0.2,01/01/1970,1,1",
)


def test_upload_tells_why_rows_are_in_quarantine(run: Run, deployment: Deployment, tmp_path: Path) -> None:
    """With --wait, the commonest reason with its first line, and what was assumed, below the file."""
    (tmp_path / "day.csv").write_bytes(flow_csv(*ROWS))
    with daemon(deployment, tmp_path):
        done = run("upload", "day.csv", "--wait")
    assert done.returncode == 0
    verdict, reason, note, consolidated = done.stdout.splitlines()[-4:]
    assert re.match(r"counted +day\.csv  3 rows, 1 of them in quarantine, 1970-01-01 – 2022-12-08$", verdict)
    assert re.match(r" +Flow Duration is negative \(line 3\): leave the row out", reason)
    assert note.strip() == f"note: {Note.CLOCK_NOT_SET.text}"
    assert consolidated.split() == ["consolidated", "day.csv", "1", "pair"]


def test_a_partly_counted_file_is_an_exit_status(run: Run, deployment: Deployment, tmp_path: Path) -> None:
    """With --wait, its reason is shown, spelled out where it could act on a terminal."""
    (tmp_path / "day.csv").write_bytes(flow_csv(*ROWS))
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(run, "upload", "day.csv", "--branch", "paris", "--wait")
        eventually(lambda: sending.done() or keys(deployment, "incoming/"))
        (key,) = keys(deployment, "incoming/paris/")
        file = File(
            branch="paris", key=key.rpartition("/")[2], state="partly counted", arrived_at=1, attempts=1
        )
        file.reason = "1 items are full\x1b[2J"
        client("dynamodb").put_item(TableName=deployment.files, Item=file.serialize())
        done = sending.result()
    assert done.returncode == 1
    assert re.search(r"^partly counted +day\.csv  1 items are full\\x1b\[2J$", done.stdout, re.MULTILINE)
