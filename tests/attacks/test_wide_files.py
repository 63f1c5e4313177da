"""A file of as many pairs as rows, as a device leaves that scans: it takes no more memory than others."""

import gzip
from pathlib import Path

from models.deployment import Deployment
from perf.data.scan import write_scan
from tests.helpers.daemons import daemon
from tests.helpers.deployed import client, upload
from tests.helpers.waiting import eventually

PAIRS = 1_000_000
MEMORY = 200 << 10  # kB that a process of the daemon may take


def test_a_million_pairs_are_bounded(deployment: Deployment, tmp_path: Path) -> None:
    """A few megabytes, gzipped, that took 800 MB: all of it is read before anything is written."""
    write_scan(tmp_path / "scan.csv", PAIRS)
    upload(deployment, "incoming/eve/scan.csv.gz", gzip.compress((tmp_path / "scan.csv").read_bytes()))
    with daemon(deployment, tmp_path, "summarize") as (summarize,):
        eventually(lambda: client("dynamodb").scan(TableName=deployment.daily_totals, Limit=1)["Items"])
        peak = summarize.peak()
    assert peak < MEMORY
