"""The quarantine as it is kept: gzipped, and never far larger than what was uploaded."""

import gzip
import io
from collections.abc import Callable
from random import Random

import pytest

from handlers.assembly import summarizer_for
from handlers.summarizing import quarantined_rows
from handlers.summarizing.quarantined_rows import QuarantinedRows
from models.deployment import Deployment
from models.errors import FileRejected
from models.flow_csv.flow_file import FlowFile, read_flow_file
from tests.handlers.summarizing.test_stage import GOOD, KEY, file_record, message
from tests.helpers.deployed import keys, stored_days, upload
from tests.helpers.flow_files import flow_csv

BOMBS = [
    gzip.compress(flow_csv(GOOD, *[",,,,1"] * rows)) for rows in (2_500, 700)
]  # packed at once or at the end


@pytest.fixture(autouse=True)
def nothing_to_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that small files show what holds for large ones."""
    monkeypatch.setattr(quarantined_rows, "_SPARE", 1000)


def kept(upload: bytes) -> tuple[FlowFile, bytes]:
    """The file, and what is kept of its quarantine."""
    rows = QuarantinedRows(io.BytesIO(), len(upload))
    flows = read_flow_file(io.BytesIO(upload), rows)
    rows.end()
    return flows, rows.packed().read()


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_bad_rows_of_a_real_kind_are_kept_whole(packed: Callable[[bytes], bytes]) -> None:
    """Rows that are all different, and but for one all bad: none is left out, gzipped or not."""
    random = Random(7)
    bad = [
        f"10.0.{random.randrange(256)}.7,10.0.0.2,07/12/2022,-{random.randrange(9**9)},3"
        for _ in range(2_500)
    ]
    file, stored = kept(packed(flow_csv(GOOD, *bad)))
    _, *rows = gzip.decompress(stored).decode().splitlines()
    assert file.quarantined == len(rows) == len(bad)
    assert all(row.startswith(f"{whole},") for row, whole in zip(rows, bad, strict=True))


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_outgrows_its_upload_is_rejected(bomb: bytes) -> None:
    """A few bytes that unfold into thousands of rows with numbers and reasons of their own."""
    with pytest.raises(FileRejected, match="take more than 4 times what was uploaded"):
        kept(bomb)


@pytest.mark.parametrize("bomb", BOMBS)
def test_nothing_of_it_is_kept_but_the_upload(bomb: bytes, deployment: Deployment) -> None:
    """It is in rejected/, as small as it came; none of its rows counts."""
    upload(deployment, KEY, bomb)
    summarizer_for(deployment).process(message(deployment, KEY), 1)
    (stored,) = keys(deployment)
    assert stored.startswith("rejected/")
    assert stored_days(deployment) == {}
    assert file_record(deployment, "paris", KEY.rsplit("/", 1)[1]).state == "rejected"
