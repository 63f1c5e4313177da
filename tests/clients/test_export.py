"""Export: one table that any tool reads, with exact sums and all digits of the statistics."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.exporting.csv_table import header, rows, write_csv
from clients.queries.counted import Results, canonical
from models.deployment import Deployment
from models.errors import FlowtallyError
from models.storage.daily_totals import DailyTotalsStore
from models.storage.pair_statistics import PairStatisticsStore
from models.storage.schema import PairStatistics
from models.traffic import DailyTotal, PairDay, Totals
from tests.helpers.deployed import add_day, client

SRC, DST = "10.0.0.1", "10.0.0.2"
AMOUNTS = st.integers(min_value=0, max_value=10**15)


def day(number: int, duration: int, packets: int) -> DailyTotal:
    """The totals of a day of December 2022."""
    return DailyTotal(
        pair=f"{SRC}>{DST}", day=f"2022-12-{number:02}", duration=duration, packets=packets, flows=number
    )


def statistics_of(days: list[DailyTotal]) -> PairStatistics:
    """What consolidation makes of these days."""
    return PairStatistics(
        source=SRC,
        destination=DST,
        days=len(days),
        duration_sum=sum(it.duration for it in days),
        duration_squares=sum(it.duration**2 for it in days),
        packets_sum=sum(it.packets for it in days),
        packets_squares=sum(it.packets**2 for it in days),
    )


def exported(days: list[DailyTotal], *, sample: bool) -> list[dict[str, str]]:
    """The table as another program reads it."""
    lines = rows(SRC, DST, days, statistics_of(days), sample=sample)
    text = io.StringIO()
    csv.writer(text).writerows([header(sample=sample), *lines])
    return list(csv.DictReader(io.StringIO(text.getvalue())))


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=31), st.booleans())
def test_figures_are_the_nearest_doubles(amounts: list[tuple[int, int]], sample: bool) -> None:
    """Averages and deviations are the doubles nearest to exact arithmetic over the rows' totals."""
    days = [day(n, *amount) for n, amount in enumerate(amounts, 1)]
    for row in exported(days, sample=sample):
        for unit, name in (("Flow Duration (us", "Total Flow Duration (us)"), ("Fwd Pkts", "Total Fwd Pkts")):
            values = [Fraction(line[name]) for line in exported(days, sample=sample)]
            mean = sum(values, Fraction()) / len(values)
            (average,) = (cell for column, cell in row.items() if column.startswith(f"Avg {unit}"))
            (deviation,) = (cell for column, cell in row.items() if column.startswith(f"Std {unit}"))
            assert float(average) == float(mean)
            divisor = len(values) - sample
            if not divisor:
                assert deviation == ""
                continue
            variance = sum(((value - mean) ** 2 for value in values), Fraction()) / divisor
            with localcontext(prec=60):
                root = (Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt()
            assert float(deviation) == float(root)


def test_one_row_for_each_day_with_its_exact_totals() -> None:
    """Integers as they are stored, beyond what a double holds."""
    days = [day(1, 10**15 + 1, 3), day(2, 2**53 + 1, 4)]
    table = exported(days, sample=False)
    assert [row["Day"] for row in table] == ["2022-12-01", "2022-12-02"]
    assert [row["Total Flow Duration (us)"] for row in table] == ["1000000000000001", "9007199254740993"]
    assert [(row["Flows"], row["Total Fwd Pkts"], row["Days"]) for row in table] == [
        ("1", "3", "2"),
        ("2", "4", "2"),
    ]
    assert {(row["Src IP"], row["Dst IP"]) for row in table} == {(SRC, DST)}


@pytest.mark.parametrize(("sample", "kind"), [(False, "population"), (True, "sample")])
def test_header_says_which_deviation_it_is(sample: bool, kind: str) -> None:
    """Both columns of deviations name their kind."""
    assert [name for name in header(sample=sample) if name.startswith("Std")] == [
        f"Std Flow Duration (us; {kind})",
        f"Std Fwd Pkts ({kind})",
    ]


def test_databases_read_the_table_with_its_types(tmp_path: Path) -> None:
    """DuckDB infers dates, integers and doubles from the file as it is."""
    days = [day(1, 1000, 3), day(2, 3001, 4)]
    target = tmp_path / "pair.csv"
    write_csv(str(target), header(sample=True), rows(SRC, DST, days, statistics_of(days), sample=True))
    relation = duckdb.read_csv(str(target))
    types = dict(zip(relation.columns, map(str, relation.types), strict=True))
    assert types["Day"] == "DATE"
    assert types["Total Flow Duration (us)"] == types["Flows"] == types["Days"] == "BIGINT"
    assert types["Avg Flow Duration (us)"] == types["Std Fwd Pkts (sample)"] == "DOUBLE"


def test_statistics_that_are_not_there_yet_are_empty_cells() -> None:
    """The days are exported all the same."""
    (row,) = rows(SRC, DST, [day(1, 5, 6)], None, sample=False)
    assert row == [SRC, DST, "2022-12-01", 1, 5, 6, "", "", "", "", ""]


def test_an_interrupted_export_leaves_the_old_file(tmp_path: Path) -> None:
    """The file is replaced when all is written, or not at all; no draft is left."""
    target = tmp_path / "pair.csv"
    target.write_text("old")

    def lines() -> Iterator[list[object]]:
        yield ["new"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_csv(str(target), ["name"], lines())
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
    write_csv(str(target), ["name"], [["new"]])
    assert target.read_text() == "name\nnew\n"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_stays_a_link_and_modes_stay(tmp_path: Path) -> None:
    """What a link points to is replaced, not the link; the file's permissions are kept."""
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_csv(str(link), ["name"], [])
    assert link.is_symlink()
    assert real.read_text() == "name\n"
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_target_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The error names the file asked for, not a draft."""
    with pytest.raises(FlowtallyError) as error:
        write_csv(str(tmp_path / "none" / "pair.csv"), ["name"], [])
    assert error.value.where == str(tmp_path / "none" / "pair.csv")


def test_standard_output_gets_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`-` writes what a file would get."""
    lines = [["x", 1], ["y", 2]]
    write_csv("-", ["a", "b"], lines)
    write_csv(str(tmp_path / "file"), ["a", "b"], lines)
    assert capsys.readouterr().out == (tmp_path / "file").read_text() == "a,b\nx,1\ny,2\n"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("FE80:0::1", "fe80::1"),
        (" 10.0.0.1 ", "10.0.0.1"),
        ("paris/FE80::1", "paris/fe80::1"),
        ("::FFFF:1.2.3.4", "::ffff:1.2.3.4"),
        ("nonsense", "nonsense"),
    ],
)
def test_addresses_may_be_written_in_any_form(written: str, stored: str) -> None:
    """An address is looked up as it is stored."""
    assert canonical(written) == stored


def test_an_unknown_pair_suggests_near_ones(simple_deployment: Deployment) -> None:
    """The other direction if it has flows, else some peers of the source, else where to look."""
    dynamodb = client("dynamodb")
    daily = DailyTotalsStore(dynamodb, simple_deployment.daily_totals)
    statistics = PairStatisticsStore(dynamodb, simple_deployment.pair_statistics, daily)
    for number in range(8):
        add_day(daily, PairDay(SRC, f"10.0.1.{number}", "2022-12-01"), Totals(1, 1, 1), b"x" * 8, 1)
        statistics.rebuild(f"{SRC}>10.0.1.{number}")
    results = Results(dynamodb, simple_deployment)
    assert "The other direction has: 10.0.0.1 10.0.1.3" in str(results.unknown("10.0.1.3", SRC))
    assert "to 10.0.1.0, 10.0.1.1, 10.0.1.2, 10.0.1.3, 10.0.1.4 and others" in str(
        results.unknown(SRC, "10.9.9.9")
    )
    assert "flowtally top" in str(results.unknown("10.9.9.9", "10.9.9.8"))
