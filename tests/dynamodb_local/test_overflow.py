"""A pair whose sums no table holds, on the engine that refuses them as AWS does."""

import gzip
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

from models.deployment import Deployment
from models.storage.statistics_item import is_set_aside
from perf.data.generate import generate_day
from perf.data.oracle import daily_totals_by_duckdb, statistics_of
from tests.helpers.daemons import daemon
from tests.helpers.deployed import client, keys, stored_statistics, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import flowtally_program
from tests.helpers.waiting import eventually

PAIR = "10.9.9.1", "10.9.9.2"
ROW = "10.9.9.1,10.9.9.2,07/12/2022 10:00:00 AM,{},1"
DURATION, ROWS = 10**12, 10_500_000  # together 1.05 × 10^19 µs: the square of that has 39 digits
ROWS_AT_ONCE = 100_000


def overflowing() -> bytes:
    """A file may unfold to a hundred times its length, so the rows differ a little."""
    chance = Random(1)

    def blocks() -> Iterator[bytes]:
        yield flow_csv(ROW.format(777777777777))
        rows = (ROW.format(DURATION - chance.randrange(1000)) + "\n" for _ in range(ROWS_AT_ONCE))
        many = "".join(rows).encode()
        for _ in range(ROWS // ROWS_AT_ONCE):
            yield many

    return gzip.compress(b"".join(blocks()))


def test_a_sum_that_no_table_holds_stops_nobody(deployment: Deployment, tmp_path: Path) -> None:
    """All other pairs get their statistics; the pair is flagged, and `verify` names it, with status 1."""
    file = tmp_path / "data-20221207.csv"
    file.write_bytes(b"".join(generate_day(date(2022, 12, 7), seed=1, rows=3000, pairs=300)))
    expected = statistics_of(daily_totals_by_duckdb(file))
    with daemon(deployment, tmp_path):
        upload(deployment, "incoming/eve/flood.csv.gz", overflowing())
        eventually(lambda: not keys(deployment, "incoming/"))
        upload(deployment, "incoming/paris/data.csv", file.read_bytes())
        eventually(lambda: stored_statistics(deployment).items() >= expected.items())
        eventually(lambda: is_flagged(deployment))
    assert not keys(deployment)
    said = flowtally_program("verify", "--all", "--repair", directory=tmp_path)
    assert said.returncode == 1
    assert ">".join(PAIR) in said.stderr


def is_flagged(deployment: Deployment) -> bool:
    key = {"src": {"S": PAIR[0]}, "dst": {"S": PAIR[1]}}
    answer = client("dynamodb").get_item(TableName=deployment.pair_statistics, Key=key)
    return is_set_aside(answer.get("Item", {}))
