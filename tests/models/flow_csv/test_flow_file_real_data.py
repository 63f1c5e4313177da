"""Real CICFlowMeter files: the same totals, to the integer, as DuckDB computes with SQL of its own."""

import gzip
import io
from pathlib import Path

import duckdb
import pytest

from models.errors import FileRejected
from models.flow_csv.flow_file import FlowFile, read_flow_file
from models.flow_csv.notes import Note
from models.flow_csv.units import Unit
from tests.helpers.project import REAL_DATA, needs_real_data

pytestmark = [needs_real_data, pytest.mark.usefixtures("way")]

V4 = ("src ip", "dst ip", "timestamp", "flow duration", "tot fwd pkts")
V4_LONG = ("src ip", "dst ip", "timestamp", "flow duration", "total fwd packet")
V3 = ("source ip", "destination ip", "timestamp", "flow duration", "total fwd packets")
DOTTED = ("source.ip", "destination.ip", "timestamp", "flow.duration", "tot.fwd.packets")

NAMES = {
    "formats/dotted-names": DOTTED,
    "formats/iscx-padded-names-duplicate-column": V3,
    "formats/negative-durations": V4_LONG,
    "formats/v3-85-fields-under-84-headers": V3,
    "formats/v3-long-names-crlf-nan-infinity": V3,
    "formats/v4-long-names-cloud-host": V4_LONG,
}
WITHOUT_HEADER = "formats/no-header-iot-mqtt-1970"
NO_FLOWS = "columns Timestamp, Flow Duration and Tot Fwd Pkts are missing"
REJECTED = {
    "formats/no-ip-columns-must-be-rejected.csv.gz": "columns Src IP and Dst IP are missing",
    "formats/python-snake-case.csv.gz": "is in doubt: there is no header line",
    "variot-totals/data-20221007-summary.csv": NO_FLOWS,
    "variot-totals/data-20221207-consolidated-int32.csv": NO_FLOWS,
}
BY_THE_PYTHON_TOOL = {
    REAL_DATA / "formats/python-snake-case-blank-lines.csv.gz": Unit.MICROSECONDS,
    REAL_DATA.parent / "field/python-seconds-iot-testbed.csv.gz": Unit.SECONDS,
}
ACCEPTED = [
    path.relative_to(REAL_DATA).as_posix().removesuffix(".csv.gz")
    for path in sorted(REAL_DATA.glob("*/*.csv.gz"))
    if path.relative_to(REAL_DATA).as_posix() not in REJECTED and path not in BY_THE_PYTHON_TOOL
]

LINES = """
create temp table lines as
select row_number() over () as number, string_split(rtrim(line, chr(13)), ',') as fields
from read_csv($path, columns = {'line': 'VARCHAR'}, delim = chr(1), quote = '', escape = '', header = false,
              auto_detect = false, strict_mode = false, encoding = 'latin-1', compression = 'gzip')
where trim(line, ' ' || chr(13)) <> ''
"""
ROWS = """
create temp table flows as
with header as (select list_transform(fields, lambda name: lower(trim(name))) as names
                from lines where number = 1),
     rows as (select fields from lines, header where lower(trim(fields[2])) not in ($source)),
     usual as (select mode(len(fields)) as width from rows),
     texts as (select fields[coalesce(list_position(names, $source), 2)] as source,
                      fields[coalesce(list_position(names, $destination), 4)] as destination,
                      fields[coalesce(list_position(names, $timestamp), 7)] as timestamp,
                      fields[coalesce(list_position(names, $duration), 8)] as duration,
                      fields[coalesce(list_position(names, $packets), 9)] as packets,
                      len(fields) = width as is_whole
               from rows, header, usual)
select source, destination, is_whole,
       try_strptime(string_split(timestamp, ' ')[1], '%d/%m/%Y')::date as day,
       try_cast(duration as decimal(38, 4)) as duration,
       try_cast(packets as decimal(38, 4)) as packets
from texts
"""
GOOD = """is_whole and day is not null and duration between 0 and 1e12 and packets between 0 and 1e12
          and duration = floor(duration) and packets = floor(packets)"""
SUMS = f"""select source, destination, day::varchar, sum(duration)::hugeint, sum(packets)::hugeint, count(*)
           from flows where {GOOD} group by all"""
COUNTS = f"select count(*), count(*) filter (not coalesce({GOOD}, false)) from flows"


PYTHON_ROWS = """
create temp table python_rows as
with header as (select fields as names from lines where number = 1),
     texts as (select list_position(names, 'src_ip') as s, list_position(names, 'dst_ip') as d,
                      list_position(names, 'timestamp') as t, list_position(names, 'flow_duration') as n,
                      list_position(names, 'flow_pkts_s') as r, list_position(names, 'tot_fwd_pkts') as f,
                      list_position(names, 'tot_bwd_pkts') as b, fields
               from lines, header where number > 1)
select trim(fields[s], chr(10)) as source, fields[d] as destination, fields[t][:10]::date as day,
       fields[n]::decimal(38, 14) as duration, fields[f]::bigint as packets,
       (fields[f]::bigint + fields[b]::bigint) / nullif(fields[r]::double, 0) as seconds
from texts
"""
PROOFS = """select count(*) filter (abs(duration - seconds) <= seconds / 1000),
                   count(*) filter (abs(duration / 1000000 - seconds) <= seconds / 1000), count(*)
            from python_rows where duration > 0"""
PYTHON_SUMS = """select source, destination, day::varchar, sum(round(duration * $scale))::hugeint,
                        sum(packets)::hugeint, count(*) from python_rows group by all"""


def read(path: Path) -> FlowFile:
    """Reads a file under its name; the quarantine is not looked at."""
    with path.open("rb") as stream:
        return read_flow_file(stream, io.BytesIO(), name=path.name)


@pytest.mark.parametrize("name", ACCEPTED)
def test_totals_are_those_of_duckdb(name: str) -> None:
    """Every sum, every pair and day, the rows and the bad rows; DuckDB reads lines and dates its own way."""
    path = REAL_DATA / f"{name}.csv.gz"
    columns = dict(
        zip(("source", "destination", "timestamp", "duration", "packets"), NAMES.get(name, V4), strict=True)
    )
    with duckdb.connect() as database:
        database.execute(LINES, {"path": str(path)})
        database.execute(ROWS, columns)
        sums = database.execute(SUMS).fetchall()
        [(rows, bad)] = database.execute(COUNTS).fetchall()
    flows = read(path)
    assert {(*key, *totals) for key, totals in flows.totals.items()} == set(sums)
    assert len(flows.totals) == len(sums)
    assert (flows.rows, flows.quarantined) == (rows, bad)
    assert sum(totals.flows for totals in flows.totals.values()) == rows - bad


@pytest.mark.parametrize(("path", "unit"), BY_THE_PYTHON_TOOL.items())
def test_totals_of_the_python_tool_are_those_of_duckdb(path: Path, unit: Unit) -> None:
    """In the unit that most of its rows prove by SQL, too; all of its rows agree."""
    with duckdb.connect() as database:
        database.execute(LINES, {"path": str(path)})
        database.execute(PYTHON_ROWS)
        [(seconds, microseconds, _)] = database.execute(PROOFS).fetchall()
        sums = database.execute(PYTHON_SUMS, {"scale": unit.value}).fetchall()
    assert (seconds > 0, microseconds > 0) == (unit is Unit.SECONDS, unit is Unit.MICROSECONDS)
    flows = read(path)
    assert flows.unit is unit
    assert {(*key, *totals) for key, totals in flows.totals.items()} == set(sums)
    assert flows.quarantined == 0


@pytest.mark.parametrize(("name", "reason"), REJECTED.items())
def test_files_without_what_is_needed_are_rejected(name: str, reason: str) -> None:
    """The reason says what this very file lacks."""
    with pytest.raises(FileRejected, match=reason):
        read(REAL_DATA / name)


def test_the_known_quirks_are_among_the_files() -> None:
    """Facts known of these files by other means: rows, negative durations, sums beyond 32 bits, no header."""
    durations = read(REAL_DATA / "formats/negative-durations.csv.gz")
    assert (durations.rows, durations.quarantined) == (254, 5)
    twelve_hours = read(REAL_DATA / "formats/v4-12-hour-without-ampm.csv.gz")
    assert sum(totals.duration >= 2**31 for totals in twelve_hours.totals.values()) == 9
    wider = read(REAL_DATA / "formats/v3-85-fields-under-84-headers.csv.gz")
    assert sum(totals.duration >= 2**31 for totals in wider.totals.values()) == 59
    headless = read(REAL_DATA / f"{WITHOUT_HEADER}.csv.gz")
    assert headless.notes == (Note.NO_HEADER, Note.CLOCK_NOT_SET)
    assert {key.day[:4] for key in headless.totals} == {"1970"}
    assert read(REAL_DATA / "lab/patator_nokia_Flow.csv.gz").rows == 0


def test_gzip_makes_no_difference_to_a_real_file() -> None:
    """Gzipped or not, a file has one digest and one content."""
    packed = (REAL_DATA / "campus/2019-11-13_Flow.csv.gz").read_bytes()
    assert read_flow_file(io.BytesIO(packed), io.BytesIO()) == read_flow_file(
        io.BytesIO(gzip.decompress(packed)), io.BytesIO()
    )
