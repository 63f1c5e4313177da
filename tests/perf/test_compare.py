"""The comparison of Lambda with the VM, end to end on small files."""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from clients.local_aws.engine import EmbeddedEngine
from clients.local_aws.lambda_service.service import LambdaService
from clients.local_aws.local_lambda import deploy_lambda
from clients.terminal.account import Account
from models.deployment import Deployment
from models.errors import FlowtallyError, UsageError
from models.storage.aws_clients import client
from models.storage.changes import WeekState
from models.storage.daily_totals import DailyTotalsStore
from models.traffic import PairDay, PairWeek, Totals
from perf.comparison import compare, runs
from perf.comparison.compare import keep
from perf.comparison.deployed import Deployed
from perf.comparison.plots import digest_of
from perf.comparison.report_tables import tables
from perf.comparison.runs import Stored, load_runs, measure, read_tables, save_runs
from perf.comparison.targets import Used
from perf.comparison.watcher import FileTimes, Watcher
from perf.comparison.workload import summary_csv, workload
from perf.figures import FOLDER
from perf.measuring.process_cost import cpu_of
from tests.helpers.flow_files import flow_csv
from tests.perf.made_runs import a_run

FILES = {
    "monday.csv": flow_csv(
        "10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1000,3",
        "10.0.0.1,10.0.0.2,08/12/2022 00:00:01 AM,2000,5",
        "10.0.0.3,10.0.0.2,07/12/2022 11:00:00 AM,4000,7",
    ),
    "tuesday.csv": flow_csv("10.0.0.1,10.0.0.2,08/12/2022 10:00:00 AM,500,1"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two flow files that share a day: three pair-days in the first, one in the second, three in all."""
    made = tmp_path / "flows"
    made.mkdir()
    for name, content in FILES.items():
        (made / name).write_bytes(content)
    return made


def is_complete(file: FileTimes) -> bool:
    """Whether a file was summarized, and then consolidated."""
    return (
        file.summarized is not None
        and file.consolidated is not None
        and 0 <= file.summarized <= file.consolidated
    )


def test_lambda_and_vm_give_the_tables_of_the_oracle(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command runs both in both ways on engines of their own, and leaves all kinds of results."""
    output = tmp_path / "results"
    arguments = ["compare", str(folder), "--dataset", "tiny", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", arguments)
    compare.main()

    kept = load_runs(output / "compare_tiny.json")
    assert {run.key for run in kept} == {(way, c) for way in compare.WAYS for c in compare.COMPUTES}
    for run in kept:
        assert {file.name: file.rows for file in run.files} == {"monday.csv": 3, "tuesday.csv": 1}
        assert all(map(is_complete, run.files))
        assert run.tables["DailyTotals"].items == 2  # a week of each pair
        assert run.pair_days == 3
        assert run.tables["DailyTotals"].write_units == 3  # one for each pair and week of each file
        assert run.tables["PairStatistics"].items == 2
        assert run.objects == 0
        assert run.used.cpu
        assert run.used.calls
        assert run.used.peak_memory
        assert min(run.used.cpu.values()) > 0
        assert min(run.used.peak_memory.values()) > 10_000_000
        assert run.used.calls["GET"] == run.used.calls["DELETE"] == 2  # each file is fetched once
        assert (run.used.cold_starts >= 2) == (run.compute == "lambda")
    rows = list(csv.DictReader((output / "compare_tiny.csv").read_text().splitlines()))
    assert len(rows) == 8
    report = (output / "compare_tiny.md").read_text()
    for link in re.findall(r"\((\S+\.svg)\)", report):
        assert digest_of(output / "compare_tiny.json") in (output / link).read_text()
    assert "Break-even" in report
    assert {path.stem for path in output.glob("compare_tiny_*.json")} == {
        f"compare_tiny_{kind}" for kind in ("times", "work", "calls", "files", "per_gb", "months")
    }


def test_tables_that_are_not_the_oracles_are_refused(
    deployment: Deployment, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run whose tables lack something is an error that shows it, and no result."""
    monkeypatch.setattr(runs, "_PAUSE", 0.0)
    target = SimpleNamespace(client=client, deployment=deployment)
    with pytest.raises(FlowtallyError, match=r"3 entries are not the oracle's, such as .*10\.0\.0\.1"):
        runs._checked(target, workload("tiny", [folder]))


def test_a_later_run_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    """Runs come together in a file; one of the same kind is replaced, one of other files dropped."""
    first = a_run(object_bytes=1)
    keep(tmp_path, first)
    keep(tmp_path, a_run(compute="vm"))
    path = keep(tmp_path, a_run(object_bytes=2))
    assert [(run.compute, run.object_bytes) for run in load_runs(path)] == [("vm", 0), ("lambda", 2)]
    other_files = a_run(way="burst", files=[FileTimes("c.csv", 1, 1, 1, 0.0, 1.0, 1.0)])
    assert load_runs(keep(tmp_path, other_files)) == [other_files]


@pytest.mark.parametrize(
    ("week", "revision", "updated_at", "is_there"),
    [
        ("2022-12-05", 2, 200, True),
        ("2022-12-05", 1, 100, True),  # and a change since
        ("2022-12-05", 3, 300, False),
        ("2022-11-28", 1, 150, True),  # forgotten
        ("2022-12-12", 1, 151, False),  # news, though others are forgotten
    ],
)
def test_a_week_is_consolidated_by_its_mark_or_the_horizon(
    deployment: Deployment, week: str, revision: int, updated_at: int, is_there: bool
) -> None:
    """A state is in the statistics if its mark or a later one is, or if it changed before the horizon."""
    item = {"src": {"S": "10.0.0.1"}, "dst": {"S": "10.0.0.2"}, "h": {"N": "150"}}
    marked = {"20221205": {"N": str(WeekState(revision=2, updated_at=200).mark)}}
    client("dynamodb").put_item(TableName=deployment.pair_statistics, Item=item | marked)
    watcher = Watcher(client, deployment, check=lambda: None)
    state = WeekState(revision=revision, updated_at=updated_at)
    assert watcher._reached({PairWeek("10.0.0.1", "10.0.0.2", week): state}) is is_there


def test_processor_time_is_finely_measured_and_of_all_threads() -> None:
    """What another process ran is what it says itself, though most of it ran in a thread that has ended."""
    program = """if True:
        import sys, threading, time
        def work():
            while time.process_time() < 0.1: pass
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        print(time.process_time(), flush=True)
        sys.stdin.read()"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        told = float(process.stdout.readline())
        assert told <= cpu_of(process.pid) < told + 0.05


def test_stored_bytes_are_those_that_dynamodb_bills(deployment: Deployment) -> None:
    """Names and values by AWS's rule and 100 bytes of overhead an item, added up by hand."""
    client("dynamodb").put_item(
        TableName=deployment.daily_totals,
        Item={
            "k": {"S": "10.0.0.1>10.0.0.2"},  # 1 + 17
            "t": {"S": "2022-12-05"},  # 1 + 10
            "d3": {"N": "1234567"},  # 2 + 5
            "p3": {"N": "12"},  # 2 + 2
            "n3": {"N": "1"},  # 2 + 2
            "r": {"N": "3"},  # 1 + 2
            "u": {"N": "1700000001"},  # 1 + 6
            "s": {"BS": [b"12345678", b"abcdefgh"]},  # 1 + 16
        },
    )
    stored = read_tables(SimpleNamespace(client=client, deployment=deployment)).stored
    assert stored["DailyTotals"] == Stored(1, 18 + 11 + 7 + 4 + 4 + 3 + 7 + 17 + 100, 3, 3)
    assert stored["PairStatistics"] == stored["Files"] == Stored(0, 0, 0, 0)


def test_writes_of_large_items_take_more_than_a_unit(deployment: Deployment) -> None:
    """A week of 150 files has 1,200 bytes for them alone, so each of its writes counts for two."""
    week = PairWeek("10.0.0.1", "10.0.0.2", "2022-12-05")
    store = DailyTotalsStore(client("dynamodb"), deployment.daily_totals)
    for number in range(150):
        store.add_once(week, {3: Totals(1, 1, 1)}, number.to_bytes(8, "big"), 1)
    stored = read_tables(SimpleNamespace(client=client, deployment=deployment)).stored
    assert (stored["DailyTotals"].writes, stored["DailyTotals"].write_units) == (150, 300)


def test_a_workload_knows_what_must_come_out(folder: Path) -> None:
    """By DuckDB's account, shared days added up; the last pairs and weeks written are sentinels."""
    data = workload("tiny", [folder])
    shared = PairDay("10.0.0.1", "10.0.0.2", "2022-12-08")
    assert data.days[shared] == Totals(2500, 6, 2)
    assert len(data.days) == 3
    assert data.content_bytes == sum(map(len, FILES.values()))
    assert [file.rows for file in data.files] == [3, 1]
    assert PairWeek(shared.source, shared.destination, "2022-12-05") in data.files[0].sentinels
    expected = "Src IP,Dst IP,Date,Total Flow Duration,Total Fwd Pkts\n10.0.0.1,10.0.0.2,2022-12-08,2500,6\n"
    assert summary_csv({shared: data.days[shared]}) == expected


def test_runs_come_back_from_files_as_they_were(tmp_path: Path) -> None:
    """JSON keeps all of a run; the CSV file has a row for each file."""
    path = tmp_path / "compare_made.json"
    save_runs(path, [a_run()])
    assert load_runs(path) == [a_run()]
    assert len(path.with_suffix(".csv").read_text().splitlines()) == 3


def test_runs_of_another_version_are_not_compared(tmp_path: Path) -> None:
    """What kept other values about a run is no run to set beside one of now; it is measured anew."""
    path = tmp_path / "compare_made.json"
    save_runs(path, [a_run()])
    path.write_text(path.read_text().replace('"writes"', '"calls_that_write"'))
    assert load_runs(path) == []


@pytest.fixture
def service(engine: EmbeddedEngine, deployment: Deployment) -> Iterator[LambdaService]:
    """The functions deployed and at work."""
    deploy_lambda(engine, "flowtally")
    with LambdaService(engine.client, engine.environment()) as running:
        yield running


def test_a_deployed_stack_is_measured_by_its_services(
    service: LambdaService, deployment: Deployment, folder: Path
) -> None:
    """Times from outside; durations, memory, cold starts from REPORT lines, write units from CloudWatch."""
    target = Deployed(Account("flowtally"), "lambda", settle=0.0)
    logs, cloudwatch = client("logs"), client("cloudwatch")
    for stage, line in {
        "summarize": "REPORT RequestId: 1 Duration: 102.2 ms Billed Duration: 1103 ms Memory Size: 512 MB "
        "Max Memory Used: 90 MB Init Duration: 1000.5 ms\n",
        "consolidate": "REPORT RequestId: 2 Duration: 20.1 ms Billed Duration: 21 ms Memory Size: 512 MB "
        "Max Memory Used: 70 MB\n",
    }.items():
        group = f"/aws/lambda/flowtally-{stage}"
        logs.create_log_stream(logGroupName=group, logStreamName="s")
        event = {"timestamp": int((target._began + 1) * 1000), "message": line}
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])
    for table, units in ((deployment.daily_totals, 4.0), (deployment.pair_statistics, 2.0)):
        cloudwatch.put_metric_data(
            Namespace="AWS/DynamoDB",
            MetricData=[
                {
                    "MetricName": "ConsumedWriteCapacityUnits",
                    "Dimensions": [{"Name": "TableName", "Value": table}],
                    "Value": units,
                }
            ],
        )
    run = measure(target, "lambda", "trickle", workload("tiny", [folder]))
    assert all(map(is_complete, run.files))
    assert run.place == "AWS, us-east-1"
    assert run.used == Used(
        peak_memory={"summarize": 90 << 20, "consolidate": 70 << 20},
        invocations=2,
        cold_starts=1,
        init_seconds=1.0005,
        busy_seconds=1.124,
        write_units={"DailyTotals": 4, "PairStatistics": 2, "Files": 0},
    )
    assert run.tables["PairStatistics"].write_units == 2
    json.dumps(tables([run], "x"), default=vars)


def test_a_deployed_stack_must_have_one_compute_and_be_empty(
    engine: EmbeddedEngine, deployment: Deployment
) -> None:
    """Otherwise nothing could be compared, so the message says what to do."""
    with pytest.raises(UsageError, match="compute is not lambda alone"):
        Deployed(Account("flowtally"), "lambda")
    deploy_lambda(engine, "flowtally")
    with pytest.raises(UsageError, match="compute is not vm alone"):
        Deployed(Account("flowtally"), "vm")
    client("dynamodb").put_item(
        TableName=deployment.daily_totals, Item={"k": {"S": "a>b"}, "t": {"S": "2022-12-07"}}
    )
    with pytest.raises(UsageError, match="not empty"):
        Deployed(Account("flowtally"), "lambda")


@pytest.mark.parametrize("source", sorted(FOLDER.glob("compare_*_times.svg")), ids=lambda path: path.stem)
def test_plots_are_made_from_the_results_beside_them(source: Path) -> None:
    """Each plot names the digest of the runs that it shows, which are those in the docs."""
    results = source.with_name(source.name.replace("_times.svg", ".json"))
    for kind in ("times", "storage", "months"):
        plot = source.with_name(f"{results.stem}_{kind}.svg")
        assert digest_of(results) in plot.read_text()
