"""The library proves the unit of durations as Python does, wherever it does not leave that to Python."""

import io
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import FileRejected
from models.flow_csv import reader, verdict
from models.flow_csv.flow_file import each_part, read_flow_file
from models.flow_csv.parts import Pass, Unit
from models.flow_csv.quarantine import Quarantine
from models.flow_csv.reader import Reader
from models.flow_csv.row_counters.native_row_counter import library
from models.flow_csv.row_counters.row_counter import PythonRowCounter
from models.flow_csv.units import UnitRows
from models.traffic import PairDay, Totals, by_day
from tests.helpers.project import ROOT

pytestmark = pytest.mark.skipif(library() is None, reason="there is no library for this machine")

HEADER = "src_ip,dst_ip,timestamp,flow_duration,flow_pkts_s,tot_fwd_pkts,tot_bwd_pkts,label"
REAL = ROOT.parent / "shared/field/python-seconds-iot-testbed.csv.gz"

PARTS = "0", "00", "1", "9", "5", ".", ".0", "e", "E", "+", "-", "E+08", "E+02", "000", "E-1", " ", "9" * 18
CELLS = '"', '""', ",", " ", "5", '",', ',"', "\t", "x", "nan", "inf", "timestamp", "\0"
LIMITS = (
    *("1000000000000", "1000000000000.00000001", "999999999999.5", "999999.9999995", "1000000", "1000001"),
    *("1000000.0000001", "0.0000005", "0.0000015", "0.00000050000000001", "0.5", "1.5", "2.5", "2.50000001"),
    *("1e-7", "1E-999", "1e999", "0e999", "-0.0", "-1", "0.00E+05", "1.20E+02", "1.20E+03", "1.20e+03"),
    *("123456789012345678", "1234567890123456789", "0.1234567890123456785", "0." + "0" * 30 + "1", "1" * 40),
    *("1" + "0" * 400 + "e-400", "0." + "0" * 400 + "1e401", "1" + "0" * 30 + "1e-31", "0" * 900 + ".0" * 9),
)
ZEROS = "0" * 30
TAILS = ZEROS, ZEROS + "1", "5" + ZEROS, "5" + ZEROS + "1", "4" + "9" * 30, "9" * 30, "0" * 17, "0" * 17 + "1"
TIES = (
    "0.0000005",
    "0.0000015",
    "1.5",
    "2.5",
    "999999.9999995",
    "1000000.",
    "1000000000000.",
    "999999999999.5",
)
EXACT = tuple(map(Decimal, ("1", "2", "4", "5", "8", "10", "0.5", "0.25", "64", "1000", "0.0002")))
THOUSANDTH = Decimal("0.001")


def spelled(number: Decimal, chance: random.Random) -> str:
    """A number in one of its forms."""
    form: str = chance.choice(("f", "f", "f", "f", "E", "e"))
    text = chance.choice(("",) * 20 + ("0", "-")) + format(number, form)
    if form == "f" and "." in text:
        text += chance.choice(("", "", "0", "000"))
        text += chance.choice(TAILS) if chance.random() < 0.1 else ""
    if chance.random() < 0.02:
        text = text.replace("-", "-" + ZEROS) if "-" in text else ZEROS + text
    return chance.choice(("{}", "{}", "{}", "{}", '"{}"', " {}", "{}\t", '" {} "')).format(text)


def near_a_limit(chance: random.Random) -> tuple[str, str, str, str]:
    """Duration, rate and packets of a row that proves a unit, or nearly: at a thousandth, and beside it."""
    forward, backward = chance.randrange(1, 1000), Decimal(chance.randrange(1000))
    if chance.random() < 0.1:
        backward += chance.choice((Decimal("0.5"), -backward - 1, 10**17, 10**20, Decimal("1e-20")))
    rate = chance.choice(EXACT) * 10 ** chance.randrange(4)
    duration = (forward + backward) / rate
    duration *= 1 + THOUSANDTH * chance.choice((-1, 0, 1)) * chance.choice((1, 1, Decimal("0.5"), 2))
    if chance.random() < 0.5:  # by the least that is written
        duration += duration * chance.choice((1, -1)) * Decimal(10) ** -chance.randrange(4, 17)
    if chance.random() < 0.5:
        duration = Decimal(repr(float(duration)))
    if chance.random() < 0.3 and duration:
        rate = Decimal(repr(float(forward + backward) / float(duration)))
    duration *= chance.choice((1, 1_000_000, 1000))
    written = spelled(duration, chance)
    if chance.random() < 0.1:  # as spreadsheets do
        written = format(duration, ".2E")
        rate = (forward + backward) / Decimal(written) * chance.choice((1, 1_000_000)) if duration else rate
    return written, spelled(rate, chance), spelled(Decimal(forward), chance), spelled(backward, chance)


def anything(chance: random.Random) -> tuple[str, str, str, str]:
    """The same of a row that has something else in one of the fields."""
    fields = [*near_a_limit(chance)]
    place = chance.choice((0, 0, 0, 1, 2, 3))
    some = (
        lambda: chance.choice(LIMITS),
        lambda: chance.choice(TIES) + chance.choice(TAILS),
        lambda: "".join(chance.choices(PARTS, k=chance.randrange(5))),
        lambda: fields[place] + "".join(chance.choices(CELLS, k=chance.randrange(1, 4))),
        lambda: '"' + "0" * 127 + '5"""',
    )
    fields[place] = chance.choices(some, weights=(8, 4, 8, 4, 1))[0]()
    return fields[0], fields[1], fields[2], fields[3]


def some_rows(seed: int, number: int) -> Iterator[str]:
    """Rows of the tool, each of a pair of its own."""
    chance = random.Random(seed)
    for host in range(number):
        kind = chance.choice((near_a_limit, anything))
        duration, rate, forward, backward = kind(chance)
        day = chance.choice(("2022-12-07 15:10:02",) * 50 + ("12/31/2022", "31/12/2022", "x", ' "'))
        address = chance.choice(("10.1.{}.{}",) * 50 + ("10.{}.{}", "::{:x}:{:x}", " 10.1.{}.{} "))
        to = address.format(host >> 8, host & 255)
        label = chance.choice(("",) * 20 + ("x,y", '"x,y"', 'x"', '"x'))
        yield f"10.0.0.1,{to},{day},{duration},{rate},{forward},{backward},{label}"


def taken(data: bytes, unit: Unit) -> tuple[object, ...]:
    """All that a reading in a unit leaves."""
    quarantine = io.BytesIO()
    read = Reader(Quarantine(quarantine), Pass(unit=unit))
    read.take(data, True)
    try:
        totals: object = by_day(next(read.end()))
    except FileRejected as rejection:
        totals = rejection.found
    assert read.units
    proofs = read.units.proofs
    found = proofs.seconds, proofs.microseconds, bool(proofs.has_duration), bool(proofs.is_rounded)
    return totals, found, read.notes, sorted(read.evidence.days), quarantine.getvalue()


def in_python(read: Callable[[], object]) -> object:
    """The same, as on machines without a library."""
    with patch.object(reader, "new_row_counter", PythonRowCounter):
        return read()


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("unit", Unit)
def test_rows_are_decided_as_python_decides(unit: Unit, seed: int) -> None:
    """Whatever is in them: the same totals of each row, the same proofs, reasons, line numbers and notes."""
    data = "\n".join([HEADER, *some_rows(seed, 1_000)]).encode()
    native = taken(data, unit)
    assert native == in_python(lambda: taken(data, unit))
    assert isinstance(native[0], dict)
    assert len(native[0]) > 250


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 1 << 32), st.integers(1, 4), st.sampled_from(Unit))
def test_a_few_rows_prove_what_python_sees(seed: int, number: int, unit: Unit) -> None:
    """Among few rows, what one of them proves is not hidden by others."""
    data = "\n".join([HEADER, *some_rows(seed, number)]).encode()
    assert taken(data, unit) == in_python(lambda: taken(data, unit))


@pytest.mark.parametrize("size", [1_000, 100_000, 140_000])  # bytes; fields of the last are left to Python
@pytest.mark.parametrize("unit", Unit)
def test_very_many_digits_are_decided_as_python_decides(unit: Unit, size: int) -> None:
    """Wherever they stand, and whichever counts."""
    zeros = "0" * size
    numbers = [
        *(
            f"{zeros}1.5",
            f"1.5{zeros}",
            f"1.5{zeros}1",
            f"2.5{zeros}1",
            f"0.{zeros}1",
            f"1{zeros}",
            "9" * size,
        ),
        *(
            f"1000000.{zeros}",
            f"1000000.{zeros}1",
            f"1{zeros}e-999",
            f"0.{zeros}1e999",
            f"-{zeros}1",
            f"-{zeros}",
        ),
    ]
    rows = [
        row
        for number in numbers
        for row in (
            f"{number},1,3,2",
            f"5,{number},3,2",
            f"5,1,{number},2",
            f"5,1,3,{number}",
            f"5{zeros},1,3,2",
        )
    ]
    rows = [f"10.0.0.1,10.0.1.{host},2022-12-07,{row}," for host, row in enumerate(rows)]
    data = "\n".join([HEADER, *rows]).encode()
    assert taken(data, unit) == in_python(lambda: taken(data, unit))


def totals_and_verdict(data: bytes, limit: int) -> tuple[object, ...]:
    """What becomes of a file in both units, in as many parts as it takes."""
    quarantine = io.BytesIO()
    try:
        flows = read_flow_file(io.BytesIO(data), quarantine, limit)
    except FileRejected as rejection:
        return (str(rejection),)
    totals: dict[PairDay, Totals] = {}
    for part in each_part(flows, lambda: io.BytesIO(data), limit):
        totals |= by_day(part)
    return totals, flows._replace(first=[], more=(), parts=()), quarantine.getvalue()


@pytest.mark.parametrize("limit", [500, 100_000])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("power", [0, 6])
def test_files_are_judged_as_python_judges(power: int, end: str, limit: int) -> None:
    """Either unit in the majority, headers and blank lines between, in one part or several."""
    rows = [*some_rows(7, 1_500)]
    rows += [
        f"10.0.0.2,10.2.0.{n % 250},2022-12-07,{n % 7 + 1}e{power},{5 / (n % 7 + 1)},3,2,"
        for n in range(3_000)
    ]
    random.Random(power).shuffle(rows)
    rows[100:100] = ["", ",,,,,,,", HEADER, "x" * 2_000]
    data = end.join([HEADER, *rows]).encode()
    native = totals_and_verdict(data, limit)
    assert native == in_python(lambda: totals_and_verdict(data, limit))
    assert len(native) == 3


@pytest.mark.parametrize("at", [0, 1_000])
def test_too_many_contrary_rows_are_told_as_by_python(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both readings end at the same line, with the same words: there are as many of either unit."""
    monkeypatch.setattr(verdict, "SPARE", 700_000)
    rows = [f"10.0.0.1,10.0.0.2,2022-12-07,1e{power},5,3,2," for power in (0, 6)] * 1_000
    rows.insert(at, "10.0.0.1,10.0.0.2,31/31/2022,1,5,3,2,")
    data = "\n".join([HEADER, *rows]).encode()
    native = totals_and_verdict(data, 100_000)
    assert native == in_python(lambda: totals_and_verdict(data, 100_000))
    assert "lines are neither rows that can be counted nor the header" in str(native)


CLEAR = (
    "10.0.0.1,10.0.0.2,2022-12-07,{0},{1},3,2,",
    '"10.0.0.1","10.0.0.2","2022-12-07","{0}","{1}","3","2","x,y"',
    " 10.0.0.1,10.0.0.2 ,2022-12-07 1:02,\t{0},{1},003,2.0,",
    "::1,fe80::1%eth0,07/12/2022 1:02,{0},{1},3e0,2,",
    f"fe80::1%{'a' * 56},fe80::2%{'b' * 56},07/12/2022 1:02,{{0}},{{1}},3,2,",
    f"10.0.0.1,10.0.0.2,2022-12-07,{{0}},{{1}},3,{'0' * 100}2.{'0' * 100},",
    "10.0.0.1,10.0.0.2,2022-12-07,{0},inf,3,2,",
    "10.0.0.1,10.0.0.2,2022-12-07,{0},,3,,",
    "10.0.0.1,10.0.0.2,2022-12-07,{0},0.0,3,2,",
    "10.0.0.1,10.0.0.2,2022-12-07,{0},{1},3,2.00E+03,",
    *(
        f"10.0.0.1,10.0.0.2,2022-12-07,{{0}},{{1}},3,{value},"
        for value in ("-1", "2.5", "1e13", "9" * 40, "2x")
    ),
    f"10.0.0.1,10.0.0.2,2022-12-07,{{0}},9{'1234567890' * 5},3,2,",
    "10.0.0.1,10.0.0.2,2022-12-07,0.0,0,3,2,",
    "10.0.0.1,10.0.0.2,2022-12-07,-0,-1,3,2,",
)


@pytest.mark.parametrize(
    "text",
    [
        *("1341.25", "0.00134125", "0.00013027190000000003", "1", "12.50", "1.3e-05"),
        *(
            "1341.25" + "0" * 5_000,
            "1341.25" + "0" * 5_000 + "1",
            "0" * 5_000 + "1.5",
            "1." + "7" * 30 + "E-05",
        ),
    ],
)
@pytest.mark.parametrize("unit", Unit)
def test_clear_rows_cost_no_look_by_python(unit: Unit, text: str) -> None:
    """As the tool writes them, as spreadsheets do, and proving nothing; those of the other unit, too."""
    rates = [f"{5 / float(text) * 1_000_000 / each.value!r}" for each in Unit for _ in range(2)]
    rows = [row.format(text, rate) for row in CLEAR for rate in (*rates, "1e-3", "1e30")]
    data = "\n".join([HEADER, *rows]).encode()
    with patch.object(UnitRows, "amounts", side_effect=AssertionError):
        native = taken(data, unit)
    assert native == in_python(lambda: taken(data, unit))
    assert str(native[4]).count("in another unit than most rows prove") == 2 * 6


@pytest.mark.skipif(not REAL.exists(), reason="needs the file of a real capture")
def test_a_real_file_is_the_same() -> None:
    """Of the tool itself, in seconds."""
    data = REAL.read_bytes()
    native = totals_and_verdict(data, 100_000)
    assert native == in_python(lambda: totals_and_verdict(data, 100_000))
    assert len(native) == 3
