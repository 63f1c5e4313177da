"""The library that counts rows: made from its source, and exact where numbers outgrow 64 bits."""

import ctypes
import io
import random
from pathlib import Path

import pytest

from models.errors import FileRejected
from models.flow_csv import reader, verdict
from models.flow_csv.flow_file import FlowFile, each_part, read_flow_file
from models.flow_csv.headers.columns import Columns
from models.flow_csv.parts import Pass
from models.flow_csv.row_counters import native_row_counter
from models.flow_csv.row_counters.build_native import MACHINES, compile_library
from models.flow_csv.row_counters.native_row_counter import NativeRowCounter, library, library_path
from models.flow_csv.row_counters.row_counter import PythonRowCounter, RowCounter
from models.flow_csv.values import MAX_VALUE
from models.traffic import PairDay, Totals, by_day
from tests.helpers.flow_files import CarefulRowCounter, lines, row

COLUMNS = Columns(0, 1, 2, 3, 4)
DAY = PairDay("10.0.0.1", "10.0.0.2", "2022-12-07")
SPELLING = (b"10.0.0.1", b"10.0.0.2", b"07/12/2022 ")


@pytest.fixture(params=["library", "python"])
def rows(request: pytest.FixtureRequest) -> RowCounter:
    """Each way to count."""
    if request.param == "python":
        return PythonRowCounter(COLUMNS, 5, Pass())
    loaded = library()
    if loaded is None:
        pytest.skip("there is no library for this machine")
    return NativeRowCounter(loaded, COLUMNS, 5, Pass())


@pytest.mark.parametrize("machine", MACHINES)
def test_the_libraries_are_what_their_source_gives(machine: str) -> None:
    """Compiled again, anywhere, each is the same to the byte: nothing else is in them."""
    assert compile_library(machine) == Path(library_path(machine)).read_bytes()


def test_sums_outgrow_64_bits(rows: RowCounter) -> None:
    """Rows on top of the greatest sum that 64 bits hold add up exactly."""
    most = (1 << 64) - 1
    rows.add(SPELLING, DAY, most, most)
    text = b"10.0.0.1,10.0.0.2,07/12/2022 1,%d,2\n" % MAX_VALUE * 3
    assert rows.count_known(text, 0) == (len(text), 3)
    assert list(map(by_day, rows.portions())) == [{DAY: Totals(most + 3 * MAX_VALUE, most + 6, 4)}]


@pytest.mark.parametrize(
    "line",
    [
        b"10.0.0.1,10.0.0.2,07/12/2022 1,1000000000001,3",
        b"10.0.0.1,10.0.0.2,07/12/2022 1,18446744073709551617,3",  # 1 beyond 64 bits
        b"10.0.0.1,10.0.0.2,07/12/2022 1,,3",
        b"10.0.0.1,10.0.0.2,07/12/2022 1,1.20E+08,3",
        b"10.0.0.1,10.0.0.2,07/12/2022 1,1.5,3",
        b"10.0.0.1,10.0.0.2,07/12/2022 1,3",
        b"10.0.0.1,10.0.0.2,07/12/2022 1,3,3,3",
        b"10.0.0.11,0.0.0.256,07/12/2022 1,3,3",
        b"10.0.0.1,10.0.0.2,07/12/2022PM,3,3",
        b"10.0.0.1,10.0.0.2,07/12/2022 1,3,3\0",
        b'10.0.0.1,10.0.0.2,07/12/2022 1,3,"3',
        b"1" * 200 + b",10.0.0.2,07/12/2022 1,3,3",
    ],
)
def test_counting_stops_at_a_doubt(rows: RowCounter, line: bytes) -> None:
    """At a line that is not clearly right, which is left as it is; those around it count."""
    good = b"10.0.0.1,10.0.0.2,07/12/2022 1,5,2"
    rows.add(SPELLING, DAY, 1, 1)
    text = b"\n".join([good, line, good, line, good]) + b"\n"
    first = len(good) + 1
    second = first + len(line) + 1 + len(good) + 1
    assert rows.count_known(text, 0) == (first, 1)
    assert rows.count_known(text, first) == (first, 0)
    assert rows.count_known(text, first + len(line) + 1) == (second, 1)
    assert rows.count_known(text, second + len(line) + 1) == (len(text), 1)
    assert list(map(by_day, rows.portions())) == [{DAY: Totals(16, 7, 4)}]


def test_a_header_that_is_known_is_passed_over() -> None:
    """The one that was given last, and no other line; it is no row."""
    loaded = library()
    if loaded is None:
        pytest.skip("there is no library for this machine")
    rows = NativeRowCounter(loaded, COLUMNS, 5, Pass())
    text = b'a,b,c,d,e\n10.0.0.1,10.0.0.2,07/12/2022 1,5,2\n"a","b","c","d","e"\na,b,c,d,f'
    assert rows.count_known(text, 0) == (0, 0)
    rows.pass_over(b"a,b,c,d,e")
    rows.pass_over(b'"a","b","c","d","e"')
    assert rows.count_known(text, 0) == (0, 0)
    rows.pass_over(b"a,b,c,d,e")
    assert rows.count_known(text, 0) == (second := text.index(b'"'), 2)
    rows.pass_over(b'"a","b","c","d","e"')
    assert rows.count_known(text, second) == (text.rindex(b"a"), 1)
    assert list(map(by_day, rows.portions())) == [{DAY: Totals(5, 2, 1)}]


NUMBERS = "0", "00", "1", "9", "5", ".", ".0", "e", "E", "+", "-", "E+08", "000", "E-1", " ", "999999999999"
CELLS = '"', '""', ",", " ", "5", '",', ',"', "\t", "x", "07/12/2022 ", "\0"


def odd_rows(seed: int) -> list[str]:
    """Rows of a pair and day that is known, with everything in a number, or around a field, that may be."""
    chance = random.Random(seed)

    def some(parts: tuple[str, ...]) -> str:
        return "".join(chance.choices(parts, k=chance.randrange(5)))

    rows = []
    for _ in range(4_000):
        fields = ["10.0.0.1", "10.0.0.2", "07/12/2022 1", "5", "2", ""]
        fields[chance.choice((3, 4))] = some(NUMBERS)
        rows.append(",".join(fields))
        fields = ["10.0.0.1", "10.0.0.2", "07/12/2022 1", "5", "2", ""]
        place = chance.randrange(len(fields))
        fields[place] = chance.choice((f'"{fields[place]}"', fields[place], "")) + some(CELLS)
        rows.append(",".join([some(CELLS) * (chance.random() < 0.2) + fields[0], *fields[1:]]))
    return rows


HEXTETS = (
    "0",
    "1",
    "ffff",
    "00a0",
    "FE80",
    "12345",
    "",
    "g",
    "10.0.0.1",
    "1.2.3",
    "01.2.3.4",
    "255.255.255.255",
)
ZONES = "", "", "", "%", "%eth0", "%a%b", "%a/b", "% ", "%é", "%" + "x" * 60
OCTETS = "0", "1", "9", "10", "99", "100", "199", "249", "255", "256", "01", "1000", "", " 1", "²"
NUMBERS_OF_DATES = "1", "2", "02", "12", "9", "0", "13", "28", "29", "30", "31", "32", "001", ""
YEARS = "1969", "1970", "1972", "2000", "2022", "2023", "2096", "2099", "2100", "22", "02022"


def one_of(chance: random.Random, parts: tuple[str, ...], right: int) -> str:
    """Mostly one of those at the beginning, which are right."""
    return chance.choice(parts if chance.random() < 0.15 else parts[:right])


def some_address(chance: random.Random) -> str:
    """One of IPv4 or IPv6, right or wrong."""
    if chance.random() < 0.4:
        return ".".join(one_of(chance, OCTETS, 9) for _ in range(chance.choice((4,) * 20 + (3, 5))))
    groups = [one_of(chance, HEXTETS, 5) for _ in range(chance.choice((8, 8, 7, 6, 3, 1, 9)))]
    if chance.random() < 0.3:
        groups[-1] = one_of(chance, HEXTETS[8:], 1)
    text = ":".join(groups)
    if chance.random() < 0.6:
        text = text.replace(":" + groups[len(groups) // 2], ":", 1)
    if chance.random() < 0.2:
        text = "::" + chance.choice(("", "ffff:", "1:")) + groups[-1]
    return text + chance.choice(ZONES)


def some_day(chance: random.Random) -> str:
    """A timestamp, right or wrong."""
    separator = chance.choice("//--.")
    parts = [one_of(chance, NUMBERS_OF_DATES, 7), one_of(chance, NUMBERS_OF_DATES, 5), chance.choice(YEARS)]
    if chance.random() < 0.4:
        parts.reverse()
    text: str = parts[0] + separator + parts[1] + chance.choice((*(separator * 30), "/")) + parts[2]
    return text + chance.choice(("", " ", "T1", " 1:2", "x", "1", "\t", " PM"))


def addresses_and_days(seed: int) -> list[str]:
    """Rows with addresses and dates of every form."""
    chance = random.Random(seed)
    rows = []
    for _ in range(3_000):
        fields = [some_address(chance), "10.0.0.1", some_day(chance), "5", "2", ""]
        if chance.random() < 0.5:
            fields = ["10.0.0.7", some_address(chance), "07/12/2022", "5", "2", ""]
        if chance.random() < 0.3:
            place = chance.randrange(3)
            fields[place] = '"' + fields[place] + chance.choice(("", " ", '""', ' ""x')) + '"'
        rows.append(",".join(fields))
    return rows


@pytest.fixture
def any_odd_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may have as many as it likes."""
    monkeypatch.setattr(verdict, "SPARE", 1 << 40)


@pytest.mark.usefixtures("any_odd_lines")
@pytest.mark.parametrize("limit", [500, 100_000])
@pytest.mark.parametrize("seed", [1, 2])
def test_new_pairs_and_days_are_those_that_python_sees(
    limit: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever an address or a date looks like, the library reads it as Python does, or leaves it to it."""
    header = "Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts,Label"
    rows = addresses_and_days(seed)
    data = "\n".join([header, "10.0.0.1,10.0.0.2,07/12/2022 1,5,2,", *rows, *rows[:99]]).encode()

    def read() -> tuple[dict[PairDay, Totals], FlowFile, bytes]:
        quarantine = io.BytesIO()
        flows = read_flow_file(io.BytesIO(data), quarantine, limit)
        totals: dict[PairDay, Totals] = {}
        for part in each_part(flows, lambda: io.BytesIO(data), limit):
            totals |= by_day(part)
        return totals, flows._replace(first=[], more=(), parts=()), quarantine.getvalue()

    native = read()
    assert len(native[0]) > 500
    monkeypatch.setattr(reader, "new_row_counter", CarefulRowCounter)
    assert native == read()


@pytest.mark.parametrize("days", ["12/31/2022 1|11/12/2022|11/12/2022", "1/2/2022|11/12/2022 x"])
def test_dates_of_new_pairs_speak_of_their_order(days: str) -> None:
    """Those that only the library has seen count as evidence like those that Python has seen."""
    rows = (f"10.0.0.{n},10.0.0.2,{day},5,2" for n, day in enumerate(days.split("|")))
    data = "\n".join(["Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts", *rows]).encode()
    with pytest.raises(FileRejected, match="month first"):
        read_flow_file(io.BytesIO(data), io.BytesIO(), name="flows-20221112.csv")
    more = data + b"\n10.0.9.1,10.0.0.2,31/12/2022,5,2\n10.0.9.1,10.0.0.2,2022-11-12,5,2"
    flows = read_flow_file(io.BytesIO(more), io.BytesIO(), name="flows-20221112.csv")
    assert {"2022-12-31", "2022-11-12", "2022-12-11"} <= {*flows.days}


@pytest.mark.usefixtures("any_odd_lines")
@pytest.mark.parametrize("limit", [1, 100])
def test_a_second_look_sees_what_python_sees(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is in a row, and in every pass: the same totals, the same quarantine, for the same reasons."""
    header = "Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts,Label"
    other = [row.replace("10.0.0.2", "10.0.0.3") for row in odd_rows(2)]
    data = "\n".join([header, "10.0.0.1,10.0.0.2,07/12/2022 1,5,2,", *odd_rows(1), *other]).encode()

    def read() -> tuple[object, ...]:
        quarantine = io.BytesIO()
        flows = read_flow_file(io.BytesIO(data), quarantine, limit)
        totals: dict[PairDay, Totals] = {}
        for part in each_part(flows, lambda: io.BytesIO(data), limit):
            totals |= by_day(part)
        return totals, flows.rows, flows.quarantined, quarantine.getvalue()

    native = read()
    monkeypatch.setattr(reader, "new_row_counter", CarefulRowCounter)
    assert native == read()


def test_many_spellings_of_many_days_are_kept_apart(rows: RowCounter) -> None:
    """Beyond what is remembered, too: each row is counted for its own day, or given back."""
    for turn in range(2):
        for number in range(40_000):
            source = b"10.%d.%d.%d" % (number >> 16, number >> 8 & 255, number & 255)
            spelling = (source, *SPELLING[1:])
            line = b",".join([*spelling, b"1", b"2"]) + b"\n"
            if rows.count_known(line, 0) != (len(line), 1) or not turn:
                rows.add(spelling, DAY._replace(source=source.decode()), 1, 2)
    (days,) = rows.portions()
    assert len(days) == 40_000
    assert {day[3:] for day in days} <= {Totals(2, 4, 2), Totals(3, 6, 3)}


@pytest.mark.parametrize("form", ["10.0.0.{}", "10.0.{}.7", "10.{}.0.7", "fe80::{:x}", "fe80:{:x}::1"])
@pytest.mark.parametrize("secret", [0, 2, 1 << 8, 1 << 40, 1 << 56, 1 << 63, 0x0123_4567_89AB_CD00])
def test_pairs_part_evenly_whatever_the_secret(
    secret: int, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """250 neighbours in four parts or a few more, by any factor of the hash once it is made odd."""
    used = (ctypes.c_uint64 * 2)(secret, secret | 1)
    monkeypatch.setattr(native_row_counter, "SECRET", used)
    data = lines(*(row(destination=form.format(number)) for number in range(250)))
    flows = read_flow_file(io.BytesIO(data), io.BytesIO(), 100)
    parts = [len(part) for part in each_part(flows, lambda: io.BytesIO(data), 100)]
    assert sum(parts) == 250
    assert len(parts) <= 8


def test_the_factor_of_the_hash_is_odd() -> None:
    """An even one would lose what its words differ in."""
    assert native_row_counter.SECRET[1] % 2
