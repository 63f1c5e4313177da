"""Addresses with quotes around them, in which commas, quotes and any number of blanks may stand."""

import pytest

from tests.helpers.flow_files import lines, read

pytestmark = pytest.mark.usefixtures("way")

PLAIN = b"Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts"


@pytest.mark.parametrize(
    ("known", "other"),
    [
        (b'"::1%a,b",::2,1/1/2022,1,1', b'::1%a,"b,::2",1/1/2022,5,5'),
        (b'10.0.0.1,"fe80::1%a,b",1/1/2022,1,1', b'10.0.0.1,fe80::1%a,"b,1/1/2022",5,5'),
    ],
)
def test_a_comma_in_a_zone_does_not_make_two_rows_the_same(known: bytes, other: bytes) -> None:
    """Neither what stands before it nor what comes behind it is taken for a field that was met before."""
    flows, quarantine = read(lines(known, known, other, header=PLAIN))
    assert (flows.rows, flows.quarantined) == (3, 1)
    assert other in quarantine


@pytest.mark.parametrize("begin", [b"1.1.1.1", b"::1%a"])
@pytest.mark.parametrize("end", [b'""', b'x""', b"x"])
@pytest.mark.parametrize("blanks", [100, 120, 121, 122, 127, 128, 300])
def test_what_stands_behind_many_blanks_belongs_to_an_address(begin: bytes, end: bytes, blanks: int) -> None:
    """However far behind, quotes in it or not; it is none then."""
    spoilt = b'"%b%b%b%b"' % (begin, b'""' if end == b"x" else b"", b" " * blanks, end)
    flows, _ = read(lines(b"::2,::3,13/12/2022,1,1", spoilt + b",::2,13/12/2022,1,1", header=PLAIN))
    assert (flows.rows, flows.quarantined) == (2, 1)
