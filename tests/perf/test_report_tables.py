"""What the report of the comparison makes of runs: its arithmetic."""

import pytest

from perf.comparison.report_tables import storage, tables
from perf.comparison.run_costs import without_waiting, work_of
from perf.comparison.runs import Run, percentile
from perf.comparison.targets import Used
from tests.perf.made_runs import a_run


def cells(name: str, made: list[Run]) -> dict[str, list[str]]:
    """A table by the names of its rows."""
    (figures,) = [figures for figures in tables(made, "x") if figures.name == name]
    return {row[0]: list(row[1:]) for row in figures.rows}


def test_percentiles_are_values_that_were_measured() -> None:
    """The nearest rank: of 20 values the 95th percentile is the 19th, of few it is the worst."""
    assert percentile(range(20, 0, -1), 0.95) == 19
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([1.0, 2.0], 0.5) == 1.0
    assert percentile([1.0, 2.0, 3.0], 0.95) == 3.0
    assert percentile([5.0], 0.95) == 5.0


def test_throughput_and_cpu_are_of_the_whole_run() -> None:
    """40,000 rows and 20 MB in 8 s with 4 CPU seconds; the first upload begins it."""
    work = cells("compare_made_work", [a_run()])
    assert work["first upload to last consolidation"] == ["8 s"]
    assert work["files a second"] == ["0.25"]
    assert work["rows a second"] == ["5,000"]
    assert work["MB a second"] == ["2.50"]
    assert work["CPU seconds a GB: summarize"] == ["50"]
    assert work["CPU seconds a GB: together"] == ["200"]
    assert work["peak memory: consolidate"] == ["–"]  # nobody told
    assert work["cold starts, of invocations"] == ["2 of 20"]


def test_calls_and_write_units_are_shown_per_file_and_pair_day() -> None:
    """1,000 pair-days in two files took 990 writes to count, ten of them of two units; 800 to consolidate.

    60 more were asked for: refused, each for a unit.
    """
    calls = cells("compare_made_calls", [a_run()])
    assert calls["S3 calls a file"] == ["2.0"]
    assert calls["DynamoDB calls a file"] == ["951.0"]
    assert calls["streams calls a file"] == ["6.0"]
    assert calls["write units a file"] == ["931"]
    assert calls["for each pair-day of a file: to summarize it"] == ["1.000"]
    assert calls["to consolidate it"] == ["0.800"]
    assert calls["refused by a condition, or of a lease"] == ["0.060"]


def test_what_a_file_takes_on_lambda_is_estimated_from_cpu_and_waiting() -> None:
    """Of 6 s in functions 4 were CPU, which take 1769/512 times as long at 512 MB; on AWS it is as billed."""
    vm = a_run(compute="vm", used=Used({"summarize": 1.0, "consolidate": 1.0}))
    assert vm.write_units == 1802  # nobody counted calls
    work = work_of([a_run(), vm])
    assert work
    assert work["lambda"].lambda_seconds == pytest.approx((2 + 4 * 1769 / 512) / 2)
    assert without_waiting(work)["lambda"].lambda_seconds == pytest.approx(4 * 1769 / 512 / 2)
    assert work["lambda"].lambda_requests == 10
    assert work["lambda"].pair_days == 450  # stored; two files share some
    assert work["lambda"].write_units == 931
    assert work["vm"].cpu_seconds == 1.0
    on_aws = a_run(used=Used(invocations=20, busy_seconds=12.0))
    work = work_of([on_aws, vm])
    assert work
    assert work["lambda"].lambda_seconds == 6.0
    assert work_of([a_run()]) is None


def test_the_storage_report_sets_what_stays_against_what_was() -> None:
    """Bytes per pair-day and shares of the raw content are divided by the right things."""
    rows = {row[0]: row[1:] for row in storage(a_run()).rows}
    assert rows["table DailyTotals"] == ["900", "0.16 MB", "180.0", "0.81 %"]
    assert rows["**all tables**"] == ["1,402", "0.26 MB", "291.6", "1.31 %"]
    assert rows["raw files, uncompressed"] == ["2", "20.00 MB", "22,222.2", "100.00 %"]
    assert rows["CSV files of totals, one a file and one of all"][0] == "3"
    assert rows["objects left in S3"] == ["0", "0.00 MB", "0.0", "0.00 %"]
