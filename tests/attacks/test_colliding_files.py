"""Two contents that are alike where files are told apart by a digest that anybody can compute."""

from hashlib import sha256
from pathlib import Path

from models.deployment import Deployment
from models.storage.changes import Sums
from models.traffic import PairDay, Totals
from tests.helpers.daemons import daemon
from tests.helpers.deployed import is_at_rest, stored_days, stored_statistics, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import done, flowtally_program
from tests.helpers.waiting import eventually

# The first 8 bytes of SHA-256 are the same, which took 10^10 tries, a quarter of an hour on two processors.
BEGINNING = (
    b"Label,Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts,Flow ID\n"
    b"xxxxxxxxxxxxxxxx,10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1000,"
)
SMALL = BEGINNING + b"1,zzzzzzzzzzz3095e9f7e4755e9c\n"
LARGE = BEGINNING + b"999999999999,e89fb1df109e8dbb\n"
OTHERS = flow_csv("10.0.0.1,10.0.0.2,07/12/2022 11:00:00 AM,1000,700000")

PAIR = "10.0.0.1", "10.0.0.2"
DAY = PairDay(*PAIR, "2022-12-07")


def test_a_file_made_to_pass_for_another_takes_out_only_its_own(
    deployment: Deployment, tmp_path: Path
) -> None:
    """Both are counted, beside another branch's; once the second is retracted, all the others are there."""
    assert SMALL != LARGE
    assert sha256(SMALL).digest()[:8] == sha256(LARGE).digest()[:8]
    (tmp_path / "large.csv").write_bytes(LARGE)
    upload(deployment, "incoming/paris/day.csv", OTHERS)
    with daemon(deployment, tmp_path):
        for name, content in (("small", SMALL), ("large", LARGE)):
            upload(deployment, f"incoming/eve/{name}.csv", content)
            eventually(lambda: is_at_rest(deployment))
        assert stored_days(deployment) == {DAY: Totals(3000, 700_001 + 999_999_999_999, 3)}
        done(flowtally_program("retract", "large.csv", "--branch", "eve", "--yes", directory=tmp_path))
        eventually(lambda: is_at_rest(deployment))
    assert stored_days(deployment) == {DAY: Totals(2000, 700_001, 2)}
    assert stored_statistics(deployment) == {PAIR: Sums(1, 2000, 2000**2, 700_001, 700_001**2)}
