"""The benchmarks measure what they say: the same work by all, and figures that add up."""

import socket
import sys
from datetime import date
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from models.deployment import Deployment
from perf.benchmarks import coldstart as bench_coldstart
from perf.benchmarks import summarize as bench_summarize
from perf.benchmarks import writes as bench_writes
from perf.benchmarks.contenders import CONTENDERS, installed
from perf.benchmarks.summarize import measure
from perf.data.generate import generate
from perf.measuring.process_cost import Cost, cost_of
from perf.measuring.recording_proxy import RecordingProxy


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    """A small generated day."""
    (file,) = generate(tmp_path, first=date(2022, 12, 7), days=1, megabytes=0.2, pairs=50)
    return file


def test_every_way_to_total_a_file_gives_the_same(flows: Path) -> None:
    """Reader, libraries and awk agree on pair-days and sums; each costs something."""
    costs = measure(installed(), flows, 1)
    assert set(costs) >= set(CONTENDERS) - {"mawk"}
    assert len({cost.output.strip() for cost in costs.values()}) == 1
    assert all(cost.cpu > 0 and cost.wall > 0 and cost.peak > 1_000_000 for cost in costs.values())


def test_a_way_with_other_sums_is_no_result(flows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A contender that does less work than the others is not compared with them."""
    answers = iter(["1 2 3", "1 2 4"])
    monkeypatch.setattr(bench_summarize, "cost_of", lambda command: Cost(1.0, 1.0, 1, next(answers)))
    with pytest.raises(SystemExit, match="sums differ"):
        measure(["flowtally", "polars"], flows, 1)


def test_ways_take_turns(flows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order changes from run to run; the least time and the most memory count."""
    order: list[str] = []

    def cost(command: list[str]) -> Cost:
        order.append(command[-2])
        return Cost(10.0 - len(order), 20.0 - len(order), len(order), "1 2 3")

    monkeypatch.setattr(bench_summarize, "cost_of", cost)
    costs = measure(["a", "b", "c"], flows, 2)
    assert order == ["a", "b", "c", "b", "c", "a"]
    assert costs["a"] == Cost(4.0, 14.0, 6, "1 2 3")


def test_the_cost_of_a_command_is_that_of_its_process() -> None:
    """CPU seconds of all it does, wall seconds also of its sleep, memory that it touched."""
    code = "import time; x = b'1' * 50_000_000; time.sleep(0.3); sum(range(3_000_000)); print('done')"
    cost = cost_of([sys.executable, "-c", code])
    assert cost.output == "done\n"
    assert cost.wall >= 0.3
    assert cost.cpu > 0
    assert cost.peak > 50_000_000


def test_the_cost_of_a_command_is_not_that_of_who_asks() -> None:
    """Memory that this process holds is not counted as the command's; a command that fails is an error."""
    held = bytearray(b"1" * 60_000_000)
    assert cost_of(["true"]).peak < 30_000_000 < len(held)
    with pytest.raises(CalledProcessError):
        cost_of(["false"])


def test_a_cold_start_ends_with_an_answer() -> None:
    """The real package, with the settings that a function gets, answers; so does what it is compared with."""
    seconds = bench_coldstart.measure("consolidate", 1)
    assert seconds["ours"] > 0
    assert seconds["boto3"] > 0


def test_growth_is_taken_beyond_the_start() -> None:
    """A second of start and two for 2 GB are half a second a GB; ratios include the start."""
    starts = {name: Cost(1.0, 1.0, 1, "") for name in CONTENDERS}
    costs = {2_000_000_000: {name: Cost(2.0, 2.0, 10_000_000, "") for name in CONTENDERS}}
    costs[2_000_000_000]["polars"] = Cost(4.0, 4.0, 1, "")
    rows = {row[0]: list(row[1:]) for row in bench_summarize._aims(costs, starts).rows}
    assert rows["of those of polars"] == ["1.2 ×", "1.00 ×", "0.50 ×"]
    assert rows["CPU seconds a GB, beyond the start"] == ["even", "", "0.50"]
    assert rows["peak memory"] == ["64 MB", "0 MB", "10 MB"]


def test_a_new_pair_day_takes_a_write_unit_and_a_pair_and_batch_a_write(deployment: Deployment) -> None:
    """By the engine's consumed capacity: 1.0 exactly, and for consolidation at most 1."""
    runs = bench_writes._first_stage(deployment.daily_totals, 5)
    assert [run.writes for run in runs] == [5, 5, 5]
    units = bench_writes._write_units(deployment.daily_totals, 20)
    assert units.units == units.writes == 60
    second = bench_writes._consolidation_cost(deployment)
    assert second.records == 60 + 3 * 5 * 6  # three ways in six rounds
    assert second.metered.units == second.metered.writes <= second.pair_batches < second.records


def test_the_wire_notes_calls_and_closes_what_the_engine_closes() -> None:
    """A client behind it learns that its idle connection is gone, as it would without it."""
    with socket.create_server(("127.0.0.1", 0)) as engine:
        with RecordingProxy(f"http://127.0.0.1:{engine.getsockname()[1]}") as wire:
            client = socket.create_connection(("127.0.0.1", int(wire.url.rpartition(":")[2])), timeout=30)
            connection, _ = engine.accept()
            with client, connection:
                client.sendall(b"POST / HTTP/1.1\r\nx-amz-target: DynamoDB_20120810.UpdateItem\r\n\r\n")
                assert connection.recv(1000).startswith(b"POST")
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                assert client.recv(1000) == b"HTTP/1.1 200 OK\r\n\r\n"
                connection.shutdown(socket.SHUT_RDWR)
                assert client.recv(1000) == b""
        assert [call.operation for call in wire.answered("UpdateItem", 0.0)] == ["UpdateItem"]
