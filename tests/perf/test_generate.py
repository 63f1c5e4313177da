"""The data generator: same bytes everywhere, the shape of real files, and a story worth a demonstration."""

import gzip
import hashlib
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from models.errors import UsageError
from perf.data import generate as generator
from perf.data.cicflowmeter import COLUMNS, java_double
from perf.data.generate import generate, generate_day, main
from perf.data.routes import SUSPECTS
from tests.helpers.project import REAL_DATA, needs_real_data

CAMPUS = REAL_DATA / "campus"
DAY = date(2022, 10, 1)
SOURCE, DESTINATION, TIMESTAMP, DURATION, FORWARD = 1, 3, 6, 7, 8
small = partial(generate, first=DAY, days=1, megabytes=0.1, pairs=30)


def rows_of(day: date, **arguments: int) -> list[list[str]]:
    """The fields of every row of a day, without the header."""
    return [line.split(",") for line in b"".join(generate_day(day, **arguments)).decode().splitlines()[1:]]


def pairs_in(rows: list[list[str]]) -> set[tuple[str, str]]:
    return {(row[SOURCE], row[DESTINATION]) for row in rows}


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    """The default day."""
    return rows_of(DAY)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with a generated file of 2 MB as the table `flows`."""
    [path] = generate(tmp_path_factory.mktemp("day"), first=DAY, days=1, megabytes=2)
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE flows AS FROM read_csv(?, header=true, strict_mode=true, sample_size=-1,"
            " timestampformat='%d/%m/%Y %I:%M:%S %p')",
            [str(path)],
        )
        yield connection


def test_same_bytes_everywhere() -> None:
    """The same arguments give the same bytes, here and wherever this file was tested before."""
    content = b"".join(generate_day(date(2022, 10, 6), seed=7, rows=300, pairs=60))
    digest = "2d8d89263e8736f78910f6be83ca7f63228932c2068ab9793650a691d0fa202e"
    assert hashlib.sha256(content).hexdigest() == digest


def test_arguments_matter() -> None:
    """Another seed or another day gives other rows."""
    contents = [(DAY, 0), (DAY, 1), (date(2022, 10, 2), 0)]
    digests = {b"".join(generate_day(day, seed=seed, rows=50, pairs=20)) for day, seed in contents}
    assert len(digests) == len(contents)


@needs_real_data
def test_columns_are_cicflowmeters() -> None:
    """The header is, byte for byte, the one that CICFlowMeter 4 wrote on a real network."""
    with gzip.open(CAMPUS / "2019-11-11_Flow.csv.gz", "rb") as real:
        assert next(generate_day(DAY)) == next(real)


def test_every_row_is_whole(rows: list[list[str]]) -> None:
    """Each row has 84 fields, none of them empty, NaN or infinite, and the last is the label."""
    assert {len(row) for row in rows} == {84}
    assert {"", "nan", "inf", "NaN", "Infinity"}.isdisjoint(field for row in rows for field in row)
    assert {row[-1] for row in rows} == {"No Label"}


@pytest.mark.parametrize(("pairs", "count"), [(12, 12), (60, 600), (620, 620), (620, 17_000), (3_000, 9_000)])
def test_number_of_pairs(pairs: int, count: int) -> None:
    """As many rows as asked for hold as many pairs as asked for, within 5 %, however few the rows."""
    rows = rows_of(DAY, rows=count, pairs=pairs)
    assert len(rows) == count
    assert len(pairs_in(rows)) == pytest.approx(pairs, rel=0.05)


@pytest.mark.parametrize(("megabytes", "pairs"), [(0.05, 20), (0.4, 620), (10, 620), (2, 2_000)])
def test_size(tmp_path: Path, megabytes: float, pairs: int) -> None:
    """A file is as large as asked for, within 10 %; so is one of a day with a flood."""
    for path in generate(tmp_path, first=date(2022, 10, 5), days=2, megabytes=megabytes, pairs=pairs):
        assert path.stat().st_size == pytest.approx(megabytes * 1e6, rel=0.1)


def test_many_rows_take_no_more_memory_than_few() -> None:
    """What a day holds in memory does not grow with its rows."""

    def peak(rows: int) -> int:
        tracemalloc.start()
        try:
            for _ in generate_day(DAY, rows=rows, pairs=60):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few = peak(2_000)
    assert peak(16_000) < 1.1 * few


def test_durations_have_a_heavy_tail(rows: list[list[str]]) -> None:
    """Flows last 0 (lone packets) to 120 s, often under 1 ms or over 100 s; few have most packets."""
    durations = sorted(int(row[DURATION]) for row in rows)
    assert durations[0] == 0
    assert {(row[FORWARD], row[FORWARD + 1]) for row in rows if row[DURATION] == "0"} == {("1", "0")}
    assert durations[-1] <= 120_000_000
    assert durations[len(rows) // 10] < 1_000
    assert durations[len(rows) * 9 // 10] > 100_000_000
    packets = sorted(int(row[FORWARD]) for row in rows)
    assert sum(packets[-len(rows) // 10 :]) > sum(packets) / 2


def test_a_file_spans_two_midnights(rows: list[list[str]]) -> None:
    """A file begins in the day before and ends in the day after; most rows are of its own day."""
    days = Counter(row[TIMESTAMP][:10] for row in rows)
    assert list(days) == ["30/09/2022", "01/10/2022", "02/10/2022"]
    assert days["01/10/2022"] > 0.9 * len(rows)
    assert all(len(row[TIMESTAMP]) == len("01/10/2022 09:00:00 AM") for row in rows)


def test_local_traffic_is_there(rows: list[list[str]]) -> None:
    """ARP seen as IP, DHCP, multicast and broadcast occur in the form that CICFlowMeter gives them."""
    assert "8.0.6.4-8.6.0.1-0-0-0,8.6.0.1,0,8.0.6.4,0,0" in {",".join(row[:6]) for row in rows}
    assert ("0.0.0.0", "255.255.255.255") in pairs_in(rows)
    assert {"224.0.0.251", "239.255.255.250", "255.255.255.255", "192.168.20.255"} <= {row[3] for row in rows}


def test_both_directions_occur(rows: list[list[str]]) -> None:
    """Some pairs are seen from both ends, some from one, and one flow's ID is the same from either."""
    pairs = pairs_in(rows)
    both = {pair for pair in pairs if pair[::-1] in pairs}
    assert 0.3 < len(both) / len(pairs) < 0.9
    devices = {address for pair in pairs for address in pair if address.startswith("192.168.20.")}
    assert len(devices) == 15 + len(["the router", "the broadcast address"])


def test_duckdb_reads_it(table: duckdb.DuckDBPyConnection) -> None:
    """DuckDB reads a file strictly: a timestamp, four columns of text, and numbers in all others."""
    types = dict(table.execute("SELECT column_name, column_type FROM (DESCRIBE flows)").fetchall())
    assert ",".join(types) == COLUMNS
    assert types.pop("Timestamp") == "TIMESTAMP"
    texts = {name for name, kind in types.items() if kind not in {"BIGINT", "DOUBLE"}}
    assert texts == {"Flow ID", "Src IP", "Dst IP", "Label"}


def test_derived_columns_agree(table: duckdb.DuckDBPyConnection) -> None:
    """Rates follow from counts and duration, means lie between extremes, and totals of directions add up."""
    [wrong] = table.execute("""
        SELECT count(*) FROM flows WHERE NOT (
            abs("Flow Pkts/s" * "Flow Duration" / 1e6 / ("Tot Fwd Pkts" + "Tot Bwd Pkts") - 1) < 1e-9
            OR "Flow Duration" = 0)
        OR NOT "Fwd Pkt Len Mean" BETWEEN "Fwd Pkt Len Min" AND "Fwd Pkt Len Max"
        OR abs("Fwd Pkt Len Mean" * "Tot Fwd Pkts" - "TotLen Fwd Pkts") > 1e-6 * "TotLen Fwd Pkts"
        OR NOT "Flow IAT Mean" BETWEEN "Flow IAT Min" AND "Flow IAT Max"
        OR "Fwd IAT Tot" > "Flow Duration" OR "Idle Max" > "Flow Duration" OR "Pkt Len Max" > 1448
    """).fetchone()  # type: ignore[misc]
    assert wrong == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (0.001, "0.001"),
        (0.00012, "1.2E-4"),
        (9999999.5, "9999999.5"),
        (1e7, "1.0E7"),
        (10129192.0, "1.0129192E7"),
        (1.9478645616632417e7, "1.9478645616632417E7"),
        (1.5734623303642602e15, "1.5734623303642602E15"),
    ],
)
def test_numbers_are_written_as_java_does(value: float, text: str) -> None:
    """From ten million on and below a thousandth, numbers have Java's exponent; they read back exactly."""
    assert java_double(value) == text
    assert float(text) == value


def test_the_story() -> None:
    """Over a month, the camera's upload has most packets, and each suspect's flood stands out by far."""
    days = range(1, 31)
    packets = {day: Counter[tuple[str, str]]() for day in days}
    for day in days:
        for row in rows_of(date(2022, 10, day), rows=2_000, pairs=60):
            packets[day][row[SOURCE], row[DESTINATION]] += int(row[FORWARD])
    total = sum((packets[day] for day in days), Counter[tuple[str, str]]())
    assert total.most_common(1)[0][0] == ("192.168.20.42", "216.58.204.99")
    for suspect, flood in zip(SUSPECTS, (6, 20), strict=True):
        series = {day: packets[day][suspect.source, suspect.destination] for day in days}
        assert max(series, key=lambda day: series[day]) == flood
        assert series[flood] > 20 * (sum(series.values()) - series[flood]) / 29


def test_growing_and_moving_pairs() -> None:
    """After a month, a few pairs have far more flows, a few addresses are others, and the rest is steady."""
    early, late = (rows_of(date(2022, month, 1), rows=30_000, pairs=100) for month in (10, 11))
    before, after = (Counter((row[SOURCE], row[DESTINATION]) for row in rows) for rows in (early, late))
    lasting = before.keys() & after.keys()
    growing = [pair for pair in lasting if after[pair] > 1.5 * before[pair]]
    steady = [pair for pair in lasting if 0.5 * before[pair] < after[pair] < 1.5 * before[pair]]
    assert 0.03 < len(growing) / len(before) < 0.15
    assert 0.1 < len(before.keys() - after.keys()) / len(before) < 0.3
    assert len(steady) > 0.6 * len(before)


def test_compressed_files_hold_the_same(tmp_path: Path) -> None:
    """`--gzip` changes the wrapping only, without the time of writing."""
    [plain] = small(tmp_path)
    [packed] = small(tmp_path, compress=True)
    content = packed.read_bytes()
    assert packed.name == "data-20221001.csv.gz"
    assert gzip.decompress(content) == plain.read_bytes()
    assert content[4:8] == bytes(4), "the time of writing"


def test_files_appear_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies in a file leaves the file that was there before, and no part of its own."""
    [path] = small(tmp_path)
    before = path.read_bytes()

    def full_disk(*_: object) -> Iterator[bytes]:
        yield b"half a file"
        raise OSError("No space left on device")

    monkeypatch.setattr(generator, "_chunks", full_disk)
    with pytest.raises(OSError, match="No space"):
        small(tmp_path)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before


def test_command(tmp_path: Path) -> None:
    """The command writes the days asked for and prints a line for each."""
    asked = "--days 2 --first 2022-12-31 --megabytes 0.1 --pairs 20"
    result = CliRunner().invoke(main, [str(tmp_path / "new"), *asked.split()])
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [f"{path}  0.1 MB" for path in sorted((tmp_path / "new").iterdir())]
    assert [path.name for path in sorted((tmp_path / "new").iterdir())] == [
        "data-20221231.csv",
        "data-20230101.csv",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--days", "0"], "0 days asked for. Ask for at least one."),
        (["--days", "99999999"], "leave the calendar"),
        (["--first", "0001-01-01"], "leave the calendar"),
        (["--first", "1.10.2022"], "'1.10.2022' does not match the format"),
        (["--megabytes", "0.01"], "0.01 megabytes for 620 pairs. Ask for at least 0.3"),
        (["--megabytes", "nan"], "nan megabytes"),
        (["--megabytes", "inf"], "inf megabytes"),
        (["--megabytes", "-1"], "-1.0 megabytes"),
        (["--pairs", "3"], "3 pairs asked for. Ask for at least 12"),
        (["--seed", "x"], "'x' is not a valid integer"),
    ],
)
def test_bad_arguments(tmp_path: Path, arguments: list[str], message: str) -> None:
    """A bad argument gives one message that says what was found, exit status 2, and no file."""
    result = CliRunner().invoke(main, [str(tmp_path), *arguments])
    assert result.exit_code == 2
    assert result.output.count("Error") == 1
    assert message in result.output
    assert not list(tmp_path.iterdir())


def test_directory_that_cannot_be(tmp_path: Path) -> None:
    """Where no directory can be made, the command says so in one line."""
    (tmp_path / "file").touch()
    result = CliRunner().invoke(main, [str(tmp_path / "file" / "below")])
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "Not a directory" in result.output


def test_rows_for_fewer_than_the_pairs() -> None:
    """A day with fewer rows than pairs is refused before the first line."""
    with pytest.raises(UsageError, match=r"10 rows for 20 pairs\. Ask for more rows or fewer pairs\."):
        generate_day(DAY, rows=10, pairs=20)
