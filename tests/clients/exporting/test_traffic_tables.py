"""What stands in the rows of days and pairs: exact sums, and all digits of the figures."""

import csv
import io
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.exporting.csv_table import write_csv
from clients.exporting.table import Table
from clients.exporting.traffic_tables import (
    days_table,
    moments_of_histories,
    moments_of_statistics,
    pairs_table,
)
from models.history import History
from models.storage.schema import PairStatistics
from models.traffic import Totals

SRC, DST = "10.0.0.1", "10.0.0.2"
PAIR = f"{SRC}>{DST}"
AMOUNTS = st.integers(min_value=0, max_value=10**15)


def history(*amounts: tuple[int, int]) -> History:
    """Days of December 2022 with these durations and packets, and as many flows as the day says."""
    return History.of(
        {f"2022-12-{n:02}": Totals(duration, packets, n) for n, (duration, packets) in enumerate(amounts, 1)}
    )


def as_read(table: Table) -> list[dict[str, str]]:
    """The table as another program reads it from CSV."""
    file = io.BytesIO()
    write_csv(file, table)
    return list(csv.DictReader(io.StringIO(file.getvalue().decode())))


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=31), st.booleans())
def test_figures_are_the_nearest_doubles(amounts: list[tuple[int, int]], sample: bool) -> None:
    """Averages and deviations are the doubles nearest to exact arithmetic over the rows' totals."""
    rows = as_read(days_table([(PAIR, history(*amounts))], sample=sample))
    (pair,) = as_read(pairs_table(moments_of_histories([(PAIR, history(*amounts))]), sample=sample))
    for unit, name in (("Flow Duration (us", "Total Flow Duration (us)"), ("Fwd Pkts", "Total Fwd Pkts")):
        values = [Fraction(row[name]) for row in rows]
        mean = sum(values, Fraction()) / len(values)
        divisor = len(values) - sample
        variance = sum(((value - mean) ** 2 for value in values), Fraction()) / divisor if divisor else None
        for row in (*rows, pair):
            (average,) = (cell for column, cell in row.items() if column.startswith(f"Avg {unit}"))
            (deviation,) = (cell for column, cell in row.items() if column.startswith(f"Std {unit}"))
            assert float(average) == float(mean)
            if variance is None:
                assert deviation == ""
                continue
            with localcontext(prec=60):
                root = (Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt()
            assert float(deviation) == float(root)


def test_one_row_for_each_day_with_its_exact_totals() -> None:
    """Integers as they are stored, beyond what a double holds."""
    rows = as_read(days_table([(PAIR, history((10**15 + 1, 3), (2**53 + 1, 4)))]))
    assert [row["Day"] for row in rows] == ["2022-12-01", "2022-12-02"]
    assert [row["Total Flow Duration (us)"] for row in rows] == ["1000000000000001", "9007199254740993"]
    assert [(row["Flows"], row["Total Fwd Pkts"], row["Days"]) for row in rows] == [
        ("1", "3", "2"),
        ("2", "4", "2"),
    ]
    assert {(row["Src IP"], row["Dst IP"]) for row in rows} == {(SRC, DST)}


def statistics(destination: str, days: int) -> PairStatistics:
    """Of a pair with 1000 and 3001 µs, 3 and 4 packets."""
    return PairStatistics(
        source=SRC,
        destination=destination,
        days=days,
        duration_sum=4001,
        duration_squares=10_006_001,
        packets_sum=7,
        packets_squares=25,
    )


def test_a_row_for_each_pair_with_sums_over_its_days() -> None:
    """From days and from statistics it is the same; what was set aside, or has no day left, is no row."""
    days = history((1000, 3), (3001, 4))
    kept, spoilt, empty = statistics(DST, 2), statistics("10.0.0.9", 2), statistics("10.0.0.8", 0)
    spoilt.set_aside = "why"
    set_aside: list[str] = []
    rows = as_read(pairs_table(moments_of_statistics([kept, spoilt, empty], set_aside)))
    assert rows == as_read(pairs_table(moments_of_histories([(PAIR, days)])))
    assert set_aside == [f"{SRC}>10.0.0.9"]
    assert rows == [
        {
            "Src IP": SRC,
            "Dst IP": DST,
            "Days": "2",
            "Total Flow Duration (us)": "4001",
            "Total Fwd Pkts": "7",
            "Avg Flow Duration (us)": "2000.5",
            "Std Flow Duration (us; population)": "1000.5",
            "Avg Fwd Pkts": "3.5",
            "Std Fwd Pkts (population)": "0.5",
        }
    ]


@pytest.mark.parametrize(("sample", "kind", "end"), [(False, "population", ""), (True, "sample", "_sample")])
def test_the_header_says_which_deviation_it_is(sample: bool, kind: str, end: str) -> None:
    """Both columns of deviations name their kind, to people and to programs."""
    for table in (days_table([], sample=sample), pairs_table([], sample=sample)):
        deviations = [column for column in table.columns if column.heading.startswith("Std")]
        assert [column.heading for column in deviations] == [
            f"Std Flow Duration (us; {kind})",
            f"Std Fwd Pkts ({kind})",
        ]
        assert [column.name for column in deviations] == [f"duration_std_us{end}", f"packets_std{end}"]
        assert table.deviation == kind
