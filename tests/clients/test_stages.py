"""`flowtally status`, `--check` and `watch`: what runs both stages, and how far they are behind."""

import json
import re
import time
from collections import Counter
from pathlib import Path

import pytest

from clients.queries.compute import Compute
from clients.queries.file_report import FileReport, RecentFiles
from clients.queries.lag import Lag, sampled_lag
from clients.queries.problems import Limits, problems_of
from clients.queries.stages import stages_of
from clients.queries.stored import ObjectUse, Status, Waiting, read_status
from clients.terminal.account import Account
from cloudformation.deploy import deploy_leases
from models.deployment import Deployment
from models.errors import NotComputable
from models.storage.pair_statistics import PairStatisticsStore
from models.traffic import PairWeek, join_pair, split_pair
from tests.clients.conftest import Calls
from tests.clients.test_status import process
from tests.helpers.daemons import DaemonProcess
from tests.helpers.deployed import client
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run, done
from tests.helpers.spoilt_items import take_a_number_out
from tests.helpers.terminal import in_terminal
from tests.helpers.waiting import eventually

NOW = 1_670_000_000
PAIRS = [join_pair(f"10.0.0.{n}", "10.0.1.1") for n in range(4)]
ROWS = [f"10.0.0.{n},10.0.1.1,07/12/2022,1000,3" for n in range(4)]
UP_TO_DATE = Lag(0, None, 0, 7, is_all=True)


def status_with(compute: Compute, lag: Lag | None = UP_TO_DATE, *, incoming: list[float] = []) -> Status:  # noqa: B006
    """The status of a deployment of which nothing else is known."""
    none = RecentFiles([], 0)
    files = FileReport(Counter(), 0, none, none, none, [], [])
    objects = [ObjectUse("incoming/", [], 0, incoming)]
    return Status([], objects, Waiting(0, 0), Waiting(0, 0), files, lag, compute)


def rebuild(deployment: Deployment, *pairs: str) -> None:
    """Brings the statistics of pairs in line, as the second stage does."""
    for pair in pairs:
        PairStatisticsStore.of(deployment, client("dynamodb")).rebuild(pair)


@pytest.mark.parametrize(
    ("compute", "counting", "consolidating"),
    [
        (Compute(True, []), "Lambda", "Lambda"),
        (Compute(False, [NOW - 4]), "VM", "VM, seen 4 s ago"),
        (Compute(False, [NOW - 4, NOW - 9, NOW - 7200]), "2 VMs", "2 VMs, seen 4 s ago"),
        (Compute(False, [NOW - 720]), "VM, not seen for 12 min", "VM, not seen for 12 min"),
        (Compute(True, [NOW + 3]), "Lambda and VM", "Lambda and VM, seen 0 s ago"),
        (Compute(False, [0]), "VM", "VM"),  # of a version that does not say
        (Compute(False, []), "nothing seen", "nothing seen"),
        (Compute(), "not permitted to see", "not permitted to see"),
        (Compute(False), "not permitted to see", "not permitted to see"),
        (Compute(True), "Lambda", "Lambda"),
    ],
)
def test_what_runs_the_stages_is_told(compute: Compute, counting: str, consolidating: str) -> None:
    """Lambda where it is deployed, VMs by their signs of life; and no guess where nothing can be seen."""
    stages = stages_of(status_with(compute), NOW)
    assert [stage.runs_on for stage in stages] == [counting, consolidating]


@pytest.mark.parametrize(
    ("lag", "told"),
    [
        (None, "not permitted to see"),
        (UP_TO_DATE, "up to date"),
        (Lag(0, None, 0, 100, is_all=False), "up to date (100 recent changes looked at)"),
        (Lag(3, NOW - 720, 0, 7, is_all=True), "3 pairs behind, for up to 12 min"),
        (Lag(1, NOW + 2, 2, 7, is_all=True), "1 pair behind, for up to 0 s; 2 pairs set aside"),
    ],
)
def test_how_far_consolidation_is_behind_is_told(lag: Lag | None, told: str) -> None:
    """Exactly where all was looked at, else as what it is."""
    assert stages_of(status_with(Compute(), lag), NOW)[1].lag == told
    repairing = stages_of(status_with(Compute(False, [], is_repair_due=True), lag), NOW)[1]
    assert repairing.lag == (f"{told}; a repair is due" if lag else told)


def test_how_far_counting_is_behind_is_told() -> None:
    """By the files in incoming/."""
    stages = stages_of(status_with(Compute(), incoming=[NOW - 90.0, NOW - 5]), NOW)
    assert (stages[0].lag, stages[0].behind, stages[0].seconds) == (
        "2 files on the way, for up to 1.50 min",
        2,
        90,
    )


def test_statistics_that_are_behind_for_long_need_somebody() -> None:
    """Beyond the limit, with what may be the cause; pairs that are set aside always do."""
    late = Lag(3, NOW - 901, 1, 7, is_all=True)
    found = problems_of(status_with(Compute(False, []), late), Limits(), NOW)
    assert [(problem.kind, problem.what) for problem in found] == [
        ("behind", "3 pairs behind the daily totals, for up to 15.0 min: nothing is seen that consolidates"),
        ("set_aside", "1 pair set aside: `flowtally verify --all` tells why"),
    ]
    (behind, _) = problems_of(status_with(Compute(False, [NOW]), late), Limits(), NOW)
    assert behind.what == "3 pairs behind the daily totals, for up to 15.0 min"
    (behind,) = problems_of(status_with(Compute(), late._replace(set_aside=0, is_all=False)), Limits(), NOW)
    assert behind.what.startswith("at least 3 pairs behind")
    fine = Lag(3, NOW - 900, 0, 7, is_all=True)
    assert problems_of(status_with(Compute(), fine), Limits(), NOW) == []
    assert problems_of(status_with(Compute(), None), Limits(), NOW) == []


def test_pairs_are_behind_until_their_statistics_are_brought_in_line(deployment: Deployment) -> None:
    """By the scans of both tables and by the sample alike; of one that is set aside there are none."""
    account, dynamodb = Account("flowtally"), client("dynamodb")
    begun = int(time.time())
    process(deployment, "incoming/paris/a.csv", flow_csv(*ROWS))
    rebuild(deployment, *PAIRS[:2])
    process(deployment, "incoming/paris/b.csv", flow_csv(*(row.replace("1000", "5") for row in ROWS[1:3])))
    take_a_number_out(dynamodb, deployment.daily_totals, PairWeek(*split_pair(PAIRS[3]), "2022-12-05"))
    with pytest.raises(NotComputable):
        rebuild(deployment, PAIRS[3])
    for with_traffic in (True, False):
        lag = read_status(account, with_traffic=with_traffic).lag
        assert lag
        assert lag._replace(since=None) == Lag(2, None, 1, 4, is_all=True)  # one changed again, one is new
        assert lag.since
        assert begun <= lag.since <= time.time()
    rebuild(deployment, *PAIRS[1:3])
    for with_traffic in (True, False):
        lag = read_status(account, with_traffic=with_traffic).lag
        assert lag == Lag(0, None, 1, 4, is_all=True)
    assert sampled_lag(dynamodb, deployment) == lag


def test_a_check_costs_the_same_whatever_is_stored(simple_deployment: Deployment, calls: Calls) -> None:
    """One page of the daily totals, and the statistics of a hundred pairs by one call."""
    for number in range(120):
        key = {"k": {"S": f"10.0.0.{number}>10.0.1.1"}, "t": {"S": "2022-12-05"}}
        numbers = {"r": {"N": "1"}, "u": {"N": str(NOW + number)}}
        client("dynamodb").put_item(TableName=simple_deployment.daily_totals, Item={**key, **numbers})
    calls.clear()
    assert sampled_lag(client("dynamodb"), simple_deployment) == Lag(100, NOW + 20, 0, 100, is_all=False)
    assert [operation for operation, _ in calls] == ["DescribeTable", "Scan", "BatchGetItem"]


def test_status_tells_what_consolidates_and_how_far_it_is(
    run: Run, deployment: Deployment, tmp_path: Path
) -> None:
    """With a daemon at work, after it ended, and to a monitor."""
    process(deployment, "incoming/paris/a.csv", flow_csv(*ROWS))
    leases = deploy_leases(client("cloudformation"), "flowtally")
    checked = run("status", "--check", "--behind-after", "0s", "--since", "2023-01-01")
    assert checked.returncode == 3
    assert "4 pairs behind the daily totals" in checked.stdout
    assert "nothing is seen that consolidates" in checked.stdout
    consolidating = DaemonProcess("consolidate", deployment, tmp_path, FLOWTALLY_LEASES=leases)
    try:
        eventually(lambda: "up to date" in stages_shown(run)[1])
        counting, seen = stages_shown(run)
        assert re.match(r"counting +VM +up to date$", counting)
        assert re.match(r"consolidating +VM, seen \d+ s ago +up to date$", seen)
        document = json.loads(done(run("status", "--json")))["stages"][1]
        seconds = document.pop("seen_seconds")
        assert 0 <= seconds <= 60
        assert document == {
            "stage": "consolidate",
            "lambda": False,
            "vms": 1,
            "behind": 0,
            "behind_seconds": 0,
            "looked_at": 4,
            "is_all": True,
            "set_aside": 0,
            "is_repair_due": False,
        }
        with in_terminal(["watch", "--every", "1s"], tmp_path) as terminal:
            terminal.wait_for(r"consolidating +VM, seen \d+ s ago +up to date")
            terminal.interrupt()
            assert terminal.finish().status == 0
        assert consolidating.stop() == 0
    finally:
        consolidating.process.kill()
    assert re.match(r"consolidating +nothing seen +up to date$", stages_shown(run)[1])


def stages_shown(run: Run) -> list[str]:
    """The lines of both stages."""
    lines = done(run("status")).splitlines()
    return [line for line in lines if line.startswith(("counting", "consolidating"))]
