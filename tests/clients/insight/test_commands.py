"""`flowtally anomalies` and `flowtally report` on a deployment."""

import csv
import io
import json
from pathlib import Path

import pytest

from clients.commands.anomalies import thresholds_with
from clients.insight.findings import THRESHOLDS
from clients.queries.scan import TableScan, histories
from models.deployment import Deployment
from models.errors import UsageError
from models.flow_csv.notes import Note
from models.storage.schema import File
from models.traffic import Totals
from tests.clients.insight.stored import store
from tests.clients.insight.test_detector import history
from tests.clients.test_output import described, fits
from tests.helpers.deployed import client
from tests.helpers.program import Run

BURST = history(lambda n: 6 if n == 30 else 1)
STEADY = history(lambda _: 1)
PAIRS = {"10.0.0.1>10.0.0.2": BURST, **{f"10.1.0.{host}>10.2.0.{host}": STEADY for host in range(12)}}


@pytest.fixture
def counted(deployment: Deployment) -> Deployment:
    """A deployment in whose totals there is one burst."""
    store(deployment, PAIRS)
    return deployment


def test_a_scan_gives_every_pair_once_with_all_its_days(counted: Deployment) -> None:
    """Whatever the segments, each pair comes once, with exactly the days that are stored."""
    for segments in (1, 3):
        scan = TableScan(client("dynamodb", connections=segments), counted.daily_totals, segments)
        read = list(histories(scan))
        assert len(read) == len(PAIRS)
        assert dict(read) == PAIRS


def test_huge_numbers_are_read_exactly(deployment: Deployment) -> None:
    """A total of 38 digits comes as it is stored, and a day whose files were all taken out does not come."""
    huge = Totals(10**38 - 1, 10**37, 1)
    store(
        deployment, {"10.0.0.1>10.0.0.2": {"2022-12-07": huge}, "10.0.0.3>10.0.0.2": {"2022-12-07": Totals()}}
    )
    read = dict(histories(TableScan(client("dynamodb", connections=2), deployment.daily_totals)))
    assert dict(read) == {"10.0.0.1>10.0.0.2": {"2022-12-07": huge}}


BROKEN: dict[str, dict[str, dict[str, str]]] = {
    "10.0.0.8>10.0.0.9": {},
    "10.0.0.9>10.0.0.8": {"d3": {"N": "5"}, "n3": {"N": "1"}},
    "10.0.0.9>10.0.0.7": {"d1": {"N": "5"}, "p1": {"N": "5"}, "n1": {"N": "1"}, "p2": {"N": "1"}},
    "10.0.0.9>10.0.0.6": {"d3": {"N": "1.5"}, "p3": {"N": "5"}, "n3": {"N": "1"}},
    "10.0.0.9>10.0.0.4": {"d3": {"N": "-5"}, "p3": {"N": "5"}, "n3": {"N": "1"}},
    "10.0.0.9>10.0.0.5": {"d3": {"S": "5"}, "p3": {"N": "5"}, "n3": {"N": "1"}},
    "10.0.0.9": {"d3": {"N": "5"}, "p3": {"N": "5"}, "n3": {"N": "1"}},
}


def test_broken_items_are_named_and_stop_nobody(counted: Deployment, run: Run, tmp_path: Path) -> None:
    """An item with no, few or broken numbers, or of no pair, is left out and named; others are shown."""
    for pair, numbers in BROKEN.items():
        key = {"k": {"S": pair}, "t": {"S": "2022-12-05"}}
        client("dynamodb").put_item(TableName=counted.daily_totals, Item={**key, **numbers})
    for arguments in (["top", "--json"], ["anomalies", "--json"]):
        done = run(*arguments)
        assert "7 items of the daily totals cannot be read" in done.stderr
        assert set(json.loads(done.stdout)["unreadable"]) == {f"{pair} 2022-12-05" for pair in BROKEN}
    assert run("report", "-o", "report.html").returncode == 0
    assert "cannot be read" in (tmp_path / "report.html").read_text("utf-8")
    assert len(json.loads(run("top", "--json").stdout)["pairs"]) == len(PAIRS)


def test_anomalies_are_told_to_people_and_monitors(counted: Deployment, run: Run) -> None:
    """A sentence, and status 3; what lies before --since is left out, with status 0."""
    done = run("anomalies")
    assert done.returncode == 3
    assert "10.0.0.1 → 10.0.0.2" in done.stdout.replace("\n", " ")
    assert "1 finding in 13 pairs; reading cost" in done.stdout
    later = run("anomalies", "--since", "2022-12-01")
    assert (later.returncode, later.stdout.split(";")[0]) == (0, "0 findings in 13 pairs")


def test_anomalies_are_told_to_programs(counted: Deployment, run: Run) -> None:
    """JSON has the figures and the sentence of each finding, as the help says."""
    document = json.loads(run("anomalies", "--json").stdout)
    assert fits(document, described("anomalies")), document
    (finding,) = document["findings"]
    assert (finding["kind"], finding["severity"], finding["day"]) == ("burst", "high", "2022-11-02")
    assert finding["sentence"].startswith(
        "On 2022-11-02 10.0.0.1 → 10.0.0.2 had 5.71 times the usual flow duration"
    )
    assert document["found"] == 1
    (row,) = csv.DictReader(io.StringIO(run("anomalies", "--csv").stdout))
    assert row == {name: str(value) for name, value in finding.items()} | {"pairs": finding["pairs"][0]}


def test_thresholds_can_be_changed(counted: Deployment, run: Run) -> None:
    """A burst that a stricter threshold does not see is no finding; a wrong name or value is told."""
    assert run("anomalies", "--threshold", "burst_ratio=10").returncode == 0
    assert thresholds_with(["silent_days=12"]).silent_days == 12
    assert thresholds_with([]) is THRESHOLDS
    for wrong, said in (("burst=1", "no threshold 'burst'"), ("silent_days=many", "'many' is no value")):
        with pytest.raises(UsageError, match=said):
            thresholds_with([wrong])


def test_a_report_is_written(counted: Deployment, run: Run, tmp_path: Path) -> None:
    """The page tells the finding, and where it was written is said."""
    done = run("report", "-o", "sub/report.html", "--title", "Branches & <more>")
    assert done.returncode == 0, done.stderr
    assert "report.html: 1 finding in 13 pairs" in done.stdout
    page = (tmp_path / "sub" / "report.html").read_text("utf-8")
    assert "<h1>Traffic report: Branches &amp; &lt;more&gt;</h1>" in page
    assert "had 5.71 times the usual flow duration" in page


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("command", [("report", "-o", "report.html")])
def test_nothing_is_counted_yet(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    """Without any totals there is nothing to report, and no file."""
    done = run(*command)
    assert done.returncode == 1
    assert "nothing is counted yet" in done.stderr
    assert not (tmp_path / "report.html").exists()


def test_the_report_says_in_words_what_was_assumed(counted: Deployment, run: Run, tmp_path: Path) -> None:
    """A note of several files is a sentence with their number; a name cannot act on who reads it."""
    for name in ("a.csv", "b.csv"):
        file = File(branch="paris\u202e", key=name, state="counted", arrived_at=1, attempts=1)
        file.notes, file.first_day, file.last_day = {Note.NO_HEADER}, "2022-01-01", "2022-01-01"
        client("dynamodb").put_item(TableName=counted.files, Item=file.serialize())
    file = File(branch="rome", key="c.csv", state="counted", arrived_at=1, attempts=1)
    file.first_day = file.last_day = "2022-12-01"
    client("dynamodb").put_item(TableName=counted.files, Item=file.serialize())
    assert run("report", "-o", "report.html").returncode == 0
    page = (tmp_path / "report.html").read_text("utf-8")
    assert f"Note on 2 files: {Note.NO_HEADER.text}." in page
    assert "paris\\u202e has sent nothing about days after 2022-01-01" in page
    assert "\u202e" not in page
