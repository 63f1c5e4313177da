"""What the library reads by itself: other spellings, long addresses, quotes and NULs wherever they stand."""

from ctypes import CDLL

import pytest

from models.flow_csv.headers.columns import Columns
from models.flow_csv.parts import Pass
from models.flow_csv.row_counters.native_row_counter import NativeRowCounter, library
from models.traffic import PairDay, Totals, by_day

COLUMNS = Columns(0, 1, 2, 3, 4)
DAY = PairDay("10.0.0.1", "10.0.0.2", "2022-12-07")
SPELLING = (b"10.0.0.1", b"10.0.0.2", b"07/12/2022 ")


@pytest.fixture
def loaded() -> CDLL:
    """The library."""
    found = library()
    if found is None:
        pytest.skip("there is no library for this machine")
    return found


def test_the_longest_addresses_are_read(loaded: CDLL) -> None:
    """With zones, the same and others: none costs a look by Python."""
    rows = NativeRowCounter(loaded, COLUMNS, 5, Pass())
    address = b"2001:db8:1111:2222:3333:4444:5555:6666%"
    zones = [b"%025d" % number for number in (1, 1, 1, 2, 2)]
    text = b"".join(b"%b%b,%b%b,07/12/2022 1,5,2\n" % (address, zone, address, zone[::-1]) for zone in zones)
    assert len(address) + len(zones[0]) == 64
    assert rows.count_known(text, 0) == (len(text), 5)
    meant = address[:-1].decode()
    assert list(map(by_day, rows.portions())) == [{PairDay(meant, meant, "2022-12-07"): Totals(25, 10, 5)}]


def test_quotes_and_nuls_are_seen_wherever_they_stand(loaded: CDLL) -> None:
    """Behind thousands of bytes without any, in the first row and the last, at the end of a line, twice."""
    good, quoted = b"10.0.0.1,10.0.0.2,07/12/2022 1,5,2\n", b'10.0.0.1,10.0.0.2,07/12/2022 1,5,"2"\n'
    for before in (0, 1, 57, 58, 59, 60, 61, 200, 4000):
        rows = NativeRowCounter(loaded, COLUMNS, 5, Pass())
        known = good * before + quoted * 2 + good * before + quoted
        text = known + good[:-1] + b"\0\n" + good
        lines_before = 2 * before + 3
        assert rows.count_known(text, 0) == (len(known), lines_before)
        assert list(map(by_day, rows.portions())) == [
            {DAY: Totals(5 * lines_before, 2 * lines_before, lines_before)}
        ]


@pytest.mark.parametrize(
    "line",
    [
        b"10.0.0.1,10.0.0.2,07/12/2022 1,5.0,2e0",
        b" 10.0.0.1 ,10.0.0.2,\t07/12/2022 1, 5,2 ",
        b'"10.0.0.1",10.0.0.2,"07/12/2022 1","5","2"',
        b'10.0.0.1,10.0.0.2,"07/12/2022 ""1""",5,2',
        b"10.0.0.1,10.0.0.2,07/12/2022 1,0005.000,200E-2",
        b"10.0.0.1,10.0.0.2,07/12/2022 1,5.00E+00,0.02E+02",
    ],
)
def test_a_second_look_takes_other_spellings(loaded: CDLL, line: bytes) -> None:
    """Blanks, quotes, points and exponents cost no look by Python; neither do blank lines."""
    rows = NativeRowCounter(loaded, COLUMNS, 5, Pass())
    rows.add(SPELLING, DAY, 1, 1)
    text = b"\n".join([b"", line, b" ,,,, ,,", line, b"\t"])
    assert rows.count_known(text, 0) == (len(text), 5)
    assert list(map(by_day, rows.portions())) == [{DAY: Totals(11, 5, 3)}]
