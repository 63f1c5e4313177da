"""`flowtally export` on a deployment: what is chosen, how it is written, and what is said of nothing."""

import csv
import io
import json
import subprocess
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pandas
import pytest

from clients.queries.counted import Results
from models.deployment import Deployment
from models.moments import Moments
from models.traffic import PairDay, Totals
from tests.clients.exporting.stored_pairs import DAYS, PAIRS
from tests.clients.insight.stored import store
from tests.helpers.deployed import client, stored_days
from tests.helpers.program import Run, done
from tests.helpers.project import ROOT
from tests.helpers.terminal import on_terminal


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a CSV table."""
    return list(csv.DictReader(io.StringIO(text)))


def pairs_in(text: str) -> set[str]:
    """The pairs in a CSV table."""
    return {f"{row['Src IP']}>{row['Dst IP']}" for row in rows_of(text)}


def test_the_command_line_says_what_is_chosen(counted: Deployment, run: Run) -> None:
    """SRC and DST, alone or together, with --both; rows of days or of pairs."""
    for arguments, pairs in (
        (("10.0.0.1", "10.1.0.1", "--both"), {"10.0.0.1>10.1.0.1", "10.1.0.1>10.0.0.1"}),
        (("192.168.0.0/16", "--rows", "pairs"), {"10.0.0.2>192.168.0.1"}),
        (("--rows", "pairs"), set(PAIRS)),
    ):
        assert pairs_in(done(run("export", *arguments))) == pairs


def test_a_range_of_days(counted: Deployment, run: Run) -> None:
    """Both ends belong to it, and what is said over the days is over those of the range."""
    arguments = ("--from", "2022-12-13", "--to", "2022-12-31")
    table = rows_of(done(run("export", *arguments)))
    assert [row["Day"] for row in table] == ["2022-12-13", "2022-12-14"] * 2
    assert {(row["Days"], row["Avg Fwd Pkts"]) for row in table} == {("2", "13.5")}
    pairs = rows_of(done(run("export", "--rows", "pairs", *arguments)))
    assert [(row["Days"], row["Total Fwd Pkts"]) for row in pairs] == [("2", "27")] * 2


def frame_of(path: Path) -> list[tuple[Any, ...]]:
    """The rows of a file as pandas (Excel) or DuckDB (all else) read them."""
    if path.suffix == ".xlsx":
        return [tuple(row) for row in pandas.read_excel(path).itertuples(index=False)]
    read: Any = {".parquet": duckdb.read_parquet, ".json": duckdb.read_json, ".jsonl": duckdb.read_json}
    rows = read.get(path.suffix, duckdb.read_csv)(str(path)).fetchall()
    if path.suffix == ".json":
        ((_, days),) = rows
        return [tuple(day.values()) for day in days]
    return list(rows)


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "json", "jsonl", "parquet", "xlsx"])
def test_every_form_has_the_numbers_of_the_tables(
    counted: Deployment, run: Run, tmp_path: Path, suffix: str
) -> None:
    """Opened by another program, it has each day with its totals, and average and deviation of its pair."""
    said = done(run("export", "-o", f"all.{suffix}", "--sample"))
    assert said.startswith(f"all.{suffix}: 24 days of all pairs; reading cost")
    rows = frame_of(tmp_path / f"all.{suffix}")
    read = {
        PairDay(row[0], row[1], str(row[2])[:10]): Totals(int(row[4]), int(row[5]), int(row[3]))
        for row in rows
    }
    assert read == stored_days(counted)
    for _, group in groupby(rows, key=lambda row: row[:2]):
        own = list(group)
        durations = Moments.of([int(row[4]) for row in own])
        deviation = durations.deviation(sample=True)
        for row in own:
            assert (row[6], row[7]) == (durations.count, durations.mean)
            assert pandas.isna(row[8]) if deviation is None else row[8] == deviation


def test_pairs_have_the_numbers_of_the_statistics(counted: Deployment, run: Run, tmp_path: Path) -> None:
    """Sums, average and deviation are those that the second stage keeps."""
    done(run("export", "--rows", "pairs", "-o", "pairs.parquet"))
    read = {row[:2]: row[2:] for row in duckdb.read_parquet(str(tmp_path / "pairs.parquet")).fetchall()}
    kept = {
        (pair.source, pair.destination): (
            *(pair.days, pair.duration_sum, pair.packets_sum),
            *(pair.duration.mean, pair.duration.deviation(), pair.packets.mean, pair.packets.deviation()),
        )
        for pair in Results(client("dynamodb"), counted).all_pairs()
    }
    assert read == kept


def test_a_german_spreadsheet_reads_the_averages(counted: Deployment, run: Run, tmp_path: Path) -> None:
    """Decimal commas and semicolons, as pandas reads them when it is told."""
    done(run("export", "10.0.0.1", "10.1.0.1", "--locale", "de_DE", "-o", "pair.csv"))
    frame = pandas.read_csv(tmp_path / "pair.csv", sep=";", decimal=",")
    assert set(frame["Avg Fwd Pkts"]) == {9.5}
    assert "9,5" in (tmp_path / "pair.csv").read_text()


def test_standard_output_takes_every_form(counted: Deployment, tmp_path: Path) -> None:
    """A pipe gets the bytes that a file would; a terminal is spared those it cannot show."""
    for form in ("csv.gz", "json", "parquet", "xlsx"):
        piped = subprocess.run(
            [sys.executable, "-m", "clients", "export", "10.0.0.1", "10.1.0.1", "--format", form],
            capture_output=True,
            check=True,
            cwd=ROOT,
        )
        path = tmp_path / f"piped.{form}"
        path.write_bytes(piped.stdout)
        assert len(frame_of(path)) == len(DAYS)
        assert piped.stderr == b""
    screen = on_terminal("export", "--format", "parquet", directory=tmp_path)
    assert (screen.status, "parquet is not for a terminal" in screen.text) == (2, True)
    shown = on_terminal("export", "10.0.0.2", directory=tmp_path)
    assert (shown.status, len(rows_of(shown.text.lstrip()))) == (0, len(DAYS))


def test_errors_come_as_a_document_with_json(counted: Deployment, run: Run) -> None:
    """And nothing but it stands on standard output."""
    failed = run("export", "10.9.9.9", "--json")
    assert (failed.returncode, json.loads(failed.stdout)["error"]["code"]) == (1, "not_found")
    document = json.loads(done(run("export", "10.0.0.2", "--json")))
    assert (document["deviation"], len(document["days"])) == ("population", len(DAYS))


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("10.0.0.0/8", "10.9.0.2"), 1, "no pair has flows"),
        (("10.0.0.1", "10.0.0.300"), 2, "10.0.0.300: neither an address nor a network"),
        (("10.0.0.1", "--both"), 2, "--both is for SRC and DST"),
        (("--from", "2023-01-02", "--to", "2023-01-01"), 2, "--from is after --to"),
        (("-o", "x.ods"), 2, "no form has the suffix .ods"),
        (("--json", "--format", "csv"), 2, "either --json or --format"),
        (("--locale", "de", "-o", "x.xlsx"), 2, "It is for CSV"),
        (("-o", "none/x.csv"), 1, "none/x.csv: cannot be written"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_told(
    counted: Deployment, run: Run, tmp_path: Path, arguments: tuple[str, ...], status: int, said: str
) -> None:
    """With the status of its kind, no row, and no file."""
    failed = run("export", *arguments)
    assert (failed.returncode, "10.0.0.1," in failed.stdout) == (status, False)
    assert said in " ".join(failed.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_counted_yet(deployment: Deployment, run: Run) -> None:
    """An empty deployment says what to do."""
    for rows in ("days", "pairs"):
        failed = run("export", "--rows", rows)
        assert (failed.returncode, "Send files with" in failed.stderr) == (1, True)


def test_items_that_cannot_be_read_are_named(counted: Deployment, run: Run) -> None:
    """The others are exported; a pair that was set aside is left out of the pairs, and named."""
    key = {"k": {"S": "10.0.0.8>10.0.0.9"}, "t": {"S": "2022-12-05"}}
    client("dynamodb").put_item(TableName=counted.daily_totals, Item={**key, "d3": {"N": "5"}})
    exported = run("export")
    assert pairs_in(done(exported)) == set(PAIRS)
    assert "1 item of the daily totals cannot be read" in exported.stderr
    assert "10.0.0.8>10.0.0.9 2022-12-05" in " ".join(exported.stderr.split())
    client("dynamodb").update_item(
        TableName=counted.pair_statistics,
        Key={"src": {"S": "10.0.0.1"}, "dst": {"S": "10.1.0.1"}},
        UpdateExpression="SET x = :why",
        ExpressionAttributeValues={":why": {"S": "spoilt"}},
    )
    exported = run("export", "--rows", "pairs")
    assert pairs_in(done(exported)) == set(PAIRS) - {"10.0.0.1>10.1.0.1"}
    assert "the statistics of 1 pair were set aside" in " ".join(exported.stderr.split())


def test_a_pair_whose_statistics_are_to_come_is_not_unknown(deployment: Deployment, run: Run) -> None:
    """Its days are exported; as a pair it is said to follow."""
    store(deployment, PAIRS)
    assert len(rows_of(done(run("export", "10.0.0.1", "10.1.0.1")))) == len(DAYS)
    failed = run("export", "10.0.0.1", "10.1.0.1", "--rows", "pairs")
    assert (failed.returncode, "the statistics follow within seconds" in failed.stderr) == (1, True)
