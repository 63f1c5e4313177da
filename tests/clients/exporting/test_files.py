"""Tables in files: opened by other programs they hold what was written, and a file is whole or not there."""

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas
import pytest

from clients.exporting.csv_table import safe_cell
from clients.exporting.excel_table import write_excel
from clients.exporting.files import FORMS, form_for, with_numbers, write_table
from clients.exporting.locales import COMMAS, POINTS, number_format
from clients.exporting.parquet_table import write_parquet
from clients.exporting.table import Cell, Column, Table
from models.errors import FlowtallyError, UsageError

COLUMNS = (
    Column("source", "Src IP", "text"),
    Column("day", "Day", "day"),
    Column("packets_total", "Total Fwd Pkts", "integer"),
    Column("packets_avg", "Avg Fwd Pkts", "number"),
)
ROWS: list[list[Cell]] = [
    ["10.0.0.1", "2022-12-07", 12, 1234.5],
    ["=paris/10.0.0.1", "1970-01-01", 0, None],
    ["fe80::1", "2099-12-31", 999_999_999_999_999, 0.1 + 0.2],
    ["x\u202ey", "2022-12-08", 7, 1e22],
]
HUGE = 2**53 + 1


def table(rows: Any = ROWS) -> Table:
    """A table of all kinds of columns."""
    return Table("days", COLUMNS, rows, "population")


def test_pandas_and_duckdb_read_csv(tmp_path: Path) -> None:
    """Dates, integers and doubles are told as such, and no digit is lost; compressed or not."""
    for name in ("a.csv", "a.csv.gz"):
        path = str(tmp_path / name)
        write_table(path, table(), form_for(path, None).write)
        frame = pandas.read_csv(path, parse_dates=["Day"])
        assert frame["Total Fwd Pkts"].tolist() == [row[2] for row in ROWS]
        assert frame["Avg Fwd Pkts"].dropna().tolist() == [1234.5, 0.1 + 0.2, 1e22]
        assert frame["Day"].dt.date.tolist()[0] == date(2022, 12, 7)
        relation = duckdb.read_csv(path)
        assert list(map(str, relation.types)) == ["VARCHAR", "DATE", "BIGINT", "DOUBLE"]
        assert [row[2:] for row in relation.fetchall()] == [tuple(row[2:]) for row in ROWS]


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    """Neither time nor name stands in a compressed file."""
    for name in ("a.csv.gz", "b.csv.gz"):
        write_table(str(tmp_path / name), table(), FORMS["csv.gz"].write)
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


def test_decimal_commas_are_read_where_they_are_expected(tmp_path: Path) -> None:
    """With semicolons between the cells; pandas and DuckDB read the same numbers, told of the comma."""
    path = str(tmp_path / "a.csv")
    write_table(path, table(), with_numbers(FORMS["csv"], COMMAS).write)
    assert (tmp_path / "a.csv").read_text().splitlines()[1] == "10.0.0.1;2022-12-07;12;1234,5"
    frame = pandas.read_csv(path, sep=";", decimal=",")
    assert frame["Avg Fwd Pkts"].dropna().tolist() == [1234.5, 0.1 + 0.2, 1e22]
    relation = duckdb.read_csv(path, sep=";", decimal=",")
    assert [row[3] for row in relation.fetchall()] == [row[3] for row in ROWS]
    for name in ("json", "jsonl", "parquet", "xlsx"):
        with pytest.raises(UsageError, match="It is for CSV"):
            with_numbers(FORMS[name], COMMAS)


@pytest.mark.parametrize(
    ("locale", "numbers"),
    [
        ("de", COMMAS),
        ("de_AT.UTF-8", COMMAS),
        ("fr-FR", COMMAS),
        ("PT_br", COMMAS),
        ("de-CH", POINTS),
        ("es_MX", POINTS),
        ("en_GB", POINTS),
        ("C", POINTS),
    ],
)
def test_locales_are_known_by_language_and_territory(locale: str, numbers: object) -> None:
    """German writes commas, but not in Switzerland; Spanish, but not in Mexico."""
    assert number_format(locale) == numbers


@pytest.mark.parametrize("locale", ["klingon", "", "xx_DE"])
def test_an_unknown_locale_is_refused(locale: str) -> None:
    """It is no guess: numbers would be read wrong."""
    with pytest.raises(UsageError, match="not a language whose numbers are known"):
        number_format(locale)


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_no_text_is_taken_for_a_formula(begin: str, tmp_path: Path) -> None:
    """In CSV it gets an apostrophe, in Excel it is a cell of text; numbers stay numbers."""
    text = f"{begin}1+1"
    assert str(safe_cell(text)).startswith("'")
    assert safe_cell(-1) == -1
    path = tmp_path / "a.xlsx"
    write_table(str(path), table([[text, "2022-12-07", -1, -1.5]]), write_excel)
    frame = pandas.read_excel(path)
    assert frame["Src IP"].tolist() != [2]
    assert "1+1" in frame["Src IP"].tolist()[0]
    assert frame["Total Fwd Pkts"].tolist() == [-1]


@pytest.mark.parametrize("separator", [",", ";"])
def test_no_part_of_a_text_is_taken_for_a_formula(separator: str) -> None:
    """Where a spreadsheet of another language takes what stands in a text for the end of a cell, too."""
    assert safe_cell(f"day{separator}=1+1.csv") == f"day{separator}'=1+1.csv"
    assert safe_cell("rows 1, 2; -3 of 2022-12-07") == "rows 1, 2; -3 of 2022-12-07"


def test_what_acts_on_a_terminal_is_spelled_out() -> None:
    """Whoever puts a name into a table does not move what others see."""
    assert safe_cell("a\x1b[2Jb\u202ec") == "a\\x1b[2Jb\\u202ec"


def test_json_is_one_document_or_a_line_for_each_row(tmp_path: Path) -> None:
    """Both hold exact values by the names of the columns, integers of any length too."""
    rows: list[list[Any]] = [*ROWS, ["10.0.0.1", "2022-12-09", 10**30, 1.0]]
    for name in ("a.json", "a.jsonl"):
        path = str(tmp_path / name)
        write_table(path, table(rows), form_for(path, None).write)
    document = json.loads((tmp_path / "a.json").read_text())
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    names = [column.name for column in COLUMNS]
    assert document == {
        "deviation": "population",
        "days": [dict(zip(names, row, strict=True)) for row in rows],
    }
    assert [json.loads(line) for line in lines] == document["days"]
    assert not any("\u202e" in line for line in lines)
    write_table(str(tmp_path / "b.jsonl"), table(), FORMS["jsonl"].write)
    relation = duckdb.read_json(str(tmp_path / "b.jsonl"))
    assert [row[2:] for row in relation.fetchall()] == [tuple(row[2:]) for row in ROWS]


def test_parquet_has_types_and_every_digit(tmp_path: Path) -> None:
    """DuckDB and pandas read dates, integers of 64 bits and doubles, over several groups of rows."""
    path = str(tmp_path / "a.parquet")
    rows: list[list[Any]] = [*ROWS, ["10.0.0.1", "2022-12-09", HUGE, 1.0]]
    write_table(path, table(rows), lambda file, it: write_parquet(file, it, rows_of_a_group=2))
    relation = duckdb.read_parquet(path)
    assert relation.columns == [column.name for column in COLUMNS]
    assert list(map(str, relation.types)) == ["VARCHAR", "DATE", "BIGINT", "DOUBLE"]
    assert [(row[0], str(row[1]), *row[2:]) for row in relation.fetchall()] == [tuple(row) for row in rows]
    groups = f"select count(distinct row_group_id) from parquet_metadata('{path}')"
    assert duckdb.connect().execute(groups).fetchall() == [(3,)]
    assert pandas.read_parquet(path)["packets_total"].tolist() == [row[2] for row in rows]


def test_an_integer_beyond_64_bits_is_refused_by_parquet(tmp_path: Path) -> None:
    """Instead of another number there is an error, and no file."""
    path = tmp_path / "a.parquet"
    with pytest.raises(FlowtallyError, match=r"64 bits .* \(1000000000000000000000\).*CSV or JSON"):
        write_table(str(path), table([["a", "2022-12-07", 10**21, None]]), write_parquet)
    assert list(tmp_path.iterdir()) == []


def test_excel_goes_on_on_another_sheet(tmp_path: Path) -> None:
    """Each has a header, so many rows, numbers, dates, and what Excel would round as text."""
    path = tmp_path / "a.xlsx"
    rows: list[list[Any]] = [*ROWS, ["10.0.0.1", "2022-12-09", HUGE, 1.0]]
    write_table(str(path), table(rows), lambda file, it: write_excel(file, it, rows_of_a_sheet=3))
    sheets = pandas.read_excel(path, sheet_name=None)
    assert {name: len(frame) for name, frame in sheets.items()} == {"days": 2, "days 2": 2, "days 3": 1}
    frame = pandas.concat(sheets.values(), ignore_index=True)
    assert list(frame.columns) == [column.heading for column in COLUMNS]
    assert list(map(str, frame["Total Fwd Pkts"])) == list(map(str, (12, 0, 999_999_999_999_999, 7, HUGE)))
    assert frame["Avg Fwd Pkts"].dropna().tolist() == [1234.5, 0.1 + 0.2, 1e22, 1.0]
    assert [str(day.date()) for day in frame["Day"]] == [row[1] for row in rows]
    assert frame["Src IP"].tolist()[1] == "=paris/10.0.0.1"


@pytest.mark.parametrize(
    ("library", "form", "extra"), [("pyarrow", "parquet", "parquet"), ("xlsxwriter", "xlsx", "excel")]
)
def test_a_library_that_is_not_installed_is_named(
    library: str, form: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the line that installs it; no file is begun."""
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UsageError, match=rf"not installed.*flowtally\[{extra}\]"):
        write_table(str(tmp_path / "a"), table(), FORMS[form].write)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_an_interrupted_export_leaves_the_old_file(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is replaced when all is written, or not at all; no draft is left, nor what lay elsewhere."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    target = tmp_path / "pair"
    target.write_text("old")

    def rows() -> Iterator[list[Cell]]:
        yield from ROWS
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_table(str(target), table(rows()), FORMS[form].write)
    assert target.read_text() == "old"
    write_table(str(target), table(), FORMS[form].write)
    assert target.read_bytes() != b"old"
    assert sorted(tmp_path.iterdir()) == [target, tmp_path / "temporary"]
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_link_stays_a_link_and_modes_stay(tmp_path: Path) -> None:
    """What a link points to is replaced, not the link; the file's permissions are kept."""
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_table(str(link), table([]))
    assert link.is_symlink()
    assert real.read_text() == "Src IP,Day,Total Fwd Pkts,Avg Fwd Pkts\n"
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_target_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The error names the file asked for, not a draft."""
    with pytest.raises(FlowtallyError) as error:
        write_table(str(tmp_path / "none" / "pair.csv"), table())
    assert error.value.where == str(tmp_path / "none" / "pair.csv")


@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_is_told(form: str) -> None:
    """In each form the system's own words reach the user, and no traceback."""
    with pytest.raises(FlowtallyError, match=r"/dev/full: cannot be written \(No space left on device\)"):
        write_table("/dev/full", table(), FORMS[form].write)


def test_standard_output_gets_the_same_bytes(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """`-` writes what a file would get."""
    write_table("-", table())
    write_table(str(tmp_path / "file"), table())
    assert capfdbinary.readouterr().out == (tmp_path / "file").read_bytes()


@pytest.mark.parametrize(
    ("target", "form"),
    [
        ("-", "csv"),
        ("a", "csv"),
        ("/dev/null", "csv"),
        ("A.CSV", "csv"),
        ("a.b.csv.gz", "csv.gz"),
        ("a.json", "json"),
        ("a.ndjson", "jsonl"),
        ("a.parquet", "parquet"),
        ("a.xlsx", "xlsx"),
    ],
)
def test_the_suffix_says_the_form(target: str, form: str) -> None:
    """In capitals too; without one it is CSV."""
    assert form_for(target, None).name == form


@pytest.mark.parametrize("target", ["a.xls", "a.gz", "a.txt"])
def test_an_unknown_suffix_is_refused(target: str) -> None:
    """Those that are known are named; who names a form may call the file as he likes."""
    with pytest.raises(UsageError, match=rf"no form has the suffix \.{target[2:]}.*\.parquet.*--format"):
        form_for(target, None)
    assert form_for(target, "csv").name == "csv"


def test_csv_is_what_the_csv_module_reads() -> None:
    """A comma, a quotation mark or a line end in a text keeps its cell together."""
    file = io.BytesIO()
    FORMS["csv.gz"].write(file, table([['a,"b"', "2022-12-07", 1, 2.0]]))
    text = gzip.decompress(file.getvalue()).decode()
    assert list(csv.reader(io.StringIO(text)))[1] == ['a,"b"', "2022-12-07", "1", "2.0"]
