"""What the workers would reject is told before it is sent, in their words."""

import gzip
import json
from pathlib import Path

import pytest

from clients.uploading.local_files import flow_files
from clients.uploading.outcome import Outcome, Upload
from clients.uploading.uploader import CONNECTIONS, Progress, Uploader
from handlers.assembly import summarizer_for
from models.deployment import Deployment
from models.flow_csv.byte_stream import BLOCK
from models.s3_events import notification_of
from models.storage.file_records import FilesTable
from models.storage.schema import File
from tests.helpers.deployed import client, keys
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run

ROW = "10.0.0.1,10.0.0.2,{}/12/2022 10:00:00 AM,{},3"
GOOD = flow_csv(ROW.format(7, 1000))
LARGE = flow_csv(*(ROW.format(7, 1000 + n) for n in range(3000)))
BAD_ROWS = flow_csv(*("10.0.0.1,10.0.0.2,yesterday,1,1" for _ in range(2500)))
PYTHON_COLUMNS = "src_ip,dst_ip,timestamp,flow_duration,tot_fwd_pkts,tot_bwd_pkts,flow_pkts_s"
REJECTED = {
    "empty.csv": b"",
    "columns.csv": flow_csv("1,2,3", header="Src IP,Dst IP,Label"),
    "semicolons.csv": LARGE.replace(b",", b";"),
    "book.csv": b"PK\x03\x04" + bytes(range(256)) * 1000,
    "dates.csv": flow_csv("10.0.0.1,10.0.0.2,11/13/2019,1,1"),
    "data-20191112.csv": flow_csv("10.0.0.1,10.0.0.2,11/12/2019,1,1"),
    "rows.csv": BAD_ROWS[:500],
    "unit.csv": flow_csv("10.0.0.1,10.0.0.2,2022-12-07,5,1,1,0", header=PYTHON_COLUMNS),
    "lacking.csv": flow_csv("10.0.0.1,10.0.0.2,2022-12-07,5,1", header=PYTHON_COLUMNS[:-25]),
    "torn.csv.gz": gzip.compress(GOOD)[:-9],
    "torn-large.csv.gz": gzip.compress(LARGE)[:-9],
    "columns-and-torn.csv.gz": gzip.compress(LARGE.replace(b"Src", b"SRC_"))[:-9],
    "more.csv.gz": gzip.compress(GOOD) + b"more",
    "twice.csv.gz": gzip.compress(gzip.compress(GOOD)),
    "again.csv": flow_csv(ROW.format(7, 1), "Dst IP,Src IP,Timestamp,Flow Duration,Tot Fwd Pkts"),
}
IN_DOUBT = {
    "late.csv": BAD_ROWS + GOOD,
    "month-first.csv": flow_csv(*["10.0.0.1,10.0.0.2,11/13/2019,1,1"] * 2500, ROW.format(13, 1)),
    "blank.csv": b"\n" * BLOCK + GOOD,
}


def sent(deployment: Deployment, path: Path, body: bytes, *, is_forced: bool = False) -> Upload:
    """What became of a file of Paris."""
    path.write_bytes(body)
    s3, files = client("s3", connections=CONNECTIONS), FilesTable(client("dynamodb"), deployment.files)
    uploader = Uploader(s3, deployment.bucket, "paris", files, is_forced=is_forced)
    (upload,) = uploader.send(flow_files([path]), Progress())
    assert path.read_bytes() == body
    return upload


def judged(deployment: Deployment, upload: Upload) -> File:
    """What the worker says of a file that was sent."""
    summarizer_for(deployment).process(notification_of(deployment.bucket, f"incoming/paris/{upload.key}"), 1)
    record = FilesTable(client("dynamodb"), deployment.files).get("paris", upload.key)
    assert record
    return record


def test_what_would_be_rejected_is_held_back_with_the_reason_of_the_worker(
    deployment: Deployment, tmp_path: Path
) -> None:
    """Nothing is sent, whatever is wrong; with --force it is, and what the worker says is what was told."""
    for name, body in REJECTED.items():
        held = sent(deployment, tmp_path / name, body)
        assert (held.outcome, keys(deployment, "incoming/")) == (Outcome.HELD, []), name
        forced = sent(deployment, tmp_path / name, body, is_forced=True)
        record = judged(deployment, forced)
        assert record.state == "rejected"
        assert held.reason == f"it would be rejected: {record.reason} `--force` sends it as it is"
        assert forced.remarks == (f"it will be rejected: {record.reason}",)


def test_what_the_rest_may_speak_against_is_sent_with_a_warning(
    deployment: Deployment, tmp_path: Path
) -> None:
    """A large file is judged by its beginning alone; the worker, who sees all of it, counts these."""
    for name, body in IN_DOUBT.items():
        upload = sent(deployment, tmp_path / name, body)
        assert upload.outcome is Outcome.SENT, name
        (remark,) = upload.remarks
        assert remark.startswith("by its beginning it will be rejected: "), name
        assert judged(deployment, upload).state == "counted", name


@pytest.mark.parametrize("body", [GOOD, LARGE, flow_csv(), b"x" * 2 * BLOCK + b"," + LARGE])
def test_nothing_is_said_of_what_cannot_be_told(deployment: Deployment, tmp_path: Path, body: bytes) -> None:
    """Files that count, a header alone, and a first line that does not end in the first block."""
    upload = sent(deployment, tmp_path / "day.csv", body)
    assert (upload.outcome, upload.remarks) == (Outcome.SENT, ())


def test_the_command_holds_back_what_would_be_rejected(
    run: Run, deployment: Deployment, tmp_path: Path
) -> None:
    """With status 1 and the reason, the others sent; so says --dry-run. --force sends it, with a warning."""
    (tmp_path / "bad.csv").write_bytes(flow_csv("1,2,3", header="Src IP,Dst IP,Label"))
    (tmp_path / "good.csv").write_bytes(GOOD)
    would = run("upload", "bad.csv", "good.csv", "--dry-run", "--json")
    outcomes = [file["outcome"] for file in json.loads(would.stdout)["files"]]
    assert (would.returncode, outcomes) == (1, ["held back", "would be sent"])
    held = run("upload", "bad.csv", "good.csv")
    assert held.returncode == 1
    assert "held back       bad.csv  it would be rejected: the columns Timestamp," in held.stdout
    assert "1 file sent, 98 B; 1 held back" in held.stdout
    (key,) = keys(deployment, "incoming/")
    assert "/good-" in key
    forced = run("upload", "bad.csv", "--force")
    assert forced.returncode == 0
    assert "Warning: bad.csv: it will be rejected: the columns Timestamp," in forced.stderr
