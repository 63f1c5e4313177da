"""Files of the Python cicflowmeter: counted in the unit of durations that their rows prove, or rejected."""

from decimal import ROUND_HALF_EVEN, Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import FileRejected
from models.flow_csv.flow_file import each_part, read_flow_file
from models.flow_csv.notes import Note
from models.flow_csv.parts import Unit
from models.traffic import PairDay, Totals, by_day
from tests.helpers.flow_files import KEY, lines, read, reasons

pytestmark = pytest.mark.usefixtures("way")

PYTHON_HEADER = b"src_ip,dst_ip,timestamp,flow_duration,flow_pkts_s,tot_fwd_pkts,tot_bwd_pkts"
MICRO = Decimal("0.000001")
ZEROS = "0" * 40


def flow(duration: object, rate: object, forward: int = 5, backward: object = 4, host: int = 2) -> bytes:
    """A row of the tool."""
    return f"10.0.0.1,10.0.0.{host},2022-12-07 15:10:02,{duration},{rate},{forward},{backward}".encode()


def file(*rows: bytes) -> bytes:
    """A file of the tool."""
    return lines(*rows, header=PYTHON_HEADER)


SECONDS_ROW = flow("0.001341", "6711.4093959731545")
MICRO_ROW = flow("1341.25", "6709.226")
SILENT_ROW = flow("7", "0")


def test_durations_in_seconds_count_in_microseconds() -> None:
    """Whole ones need no rounding. (F15)"""
    flows, quarantine = read(file(SECONDS_ROW, SECONDS_ROW))
    assert flows.totals == {KEY: Totals(2682, 10, 2)}
    assert (flows.notes, flows.unit, quarantine) == ((Note.UNIT_SECONDS,), Unit.SECONDS, b"")


def test_durations_in_microseconds_are_rounded_half_to_even() -> None:
    """To whole ones, the unit that is stored; the note says so."""
    rows = [flow(text, 9_000_000 / float(text)) for text in ("1000.5", "1001.5", "1001.51")]
    flows, _ = read(file(*rows))
    assert flows.totals == {KEY: Totals(1000 + 1002 + 1002, 15, 3)}
    assert flows.notes == (Note.UNIT_MICROSECONDS, Note.ROUNDED)


@pytest.mark.parametrize(
    ("text", "whole", "is_rounded"),
    [
        ("2.5" + ZEROS, 2, True),
        ("2.5" + ZEROS + "1", 3, True),
        ("2.4" + "9" * 40, 2, True),
        ("3." + ZEROS, 3, False),
        ("3." + ZEROS + "1", 3, True),
        ("0." + ZEROS + "1", 0, True),
        ("1000000000000." + ZEROS, 10**12, False),
        ("999999999999.5" + ZEROS + "1", 10**12, True),
    ],
)
def test_durations_of_many_digits_are_rounded_exactly(text: str, whole: int, is_rounded: bool) -> None:
    """Not after they were cut to the digits that some kind of number can hold."""
    flows, _ = read(file(flow("1000", "9000"), flow(text, "0")))
    assert flows.totals == {KEY: Totals(1000 + whole, 10, 2)}
    assert (Note.ROUNDED in flows.notes) == is_rounded


def test_odd_lines_count_twice_as_they_are_read_in_both_units() -> None:
    """Half as many of them as in other files make one rejected."""
    assert read(file(SECONDS_ROW, *[b"x"] * 1_450))[0].quarantined == 1_450
    with pytest.raises(FileRejected, match="1,499 of the first 1,501 lines"):
        read(file(SECONDS_ROW, *[b"x"] * 1_550))


def test_a_duration_just_above_the_limit_is_set_aside() -> None:
    """However far behind the point that shows."""
    _, quarantine = read(file(flow("1000", "9000"), flow("1000000000000." + ZEROS + "1", "0")))
    assert reasons(quarantine) == [(3, "flow_duration is above 10^12 microseconds")]


@pytest.mark.parametrize(
    ("number", "is_proof"),
    [
        ("9.009" + "0" * 14 + "9", True),
        ("9.009" + "0" * 13 + "1", False),
        ("009.009" + "0" * 14 + "9", True),
        ("0.009009" + "0" * 14 + "9e3", True),
        ("0.009009" + "0" * 13 + "1e3", False),
        ("8.991" + "0" * 50, True),
        ("8.990" + "9" * 50, False),
    ],
)
def test_the_first_digits_prove_a_unit(number: str, is_proof: bool) -> None:
    """18 of them, zeros before them aside, to a thousandth; those behind are cut off, and not rounded."""
    for data in (file(flow("1", number)), file(flow(number, "1"))):
        if is_proof:
            assert read(data)[0].unit is Unit.SECONDS
            continue
        with pytest.raises(FileRejected, match="in doubt: no row proves it"):
            read(data)


@pytest.mark.parametrize("backward", ["004.0", "4e0", "0.4E1"])
def test_packets_prove_a_unit_in_any_spelling_of_a_whole_number(backward: str) -> None:
    """As those that are counted."""
    assert read(file(flow("1", "9", 5, backward)))[0].unit is Unit.SECONDS


@pytest.mark.parametrize(
    ("backward", "rate"),
    [
        ("-1", "4"),
        ("4.5", "9.5"),
        ("1000000000001", "1000000000006"),
        ("4.00E+03", "4005"),
        ("x", "9"),
        ("", "9"),
    ],
)
def test_packets_that_are_none_prove_nothing(backward: str, rate: str) -> None:
    """Their row counts all the same: nothing of them is stored."""
    flows, quarantine = read(file(MICRO_ROW, flow("1", rate, 5, backward)))
    assert (flows.totals, quarantine) == ({KEY: Totals(1342, 10, 2)}, b"")
    with pytest.raises(FileRejected, match="in doubt: no row proves it"):
        read(file(flow("1", rate, 5, backward)))


@pytest.mark.parametrize(
    ("most", "other", "unit"),
    [(SECONDS_ROW, MICRO_ROW, Unit.SECONDS), (MICRO_ROW, SECONDS_ROW, Unit.MICROSECONDS)],
)
def test_rows_that_contradict_the_majority_are_set_aside(most: bytes, other: bytes, unit: Unit) -> None:
    """Wherever they stand; rows that prove nothing count in the unit of the file."""
    flows, quarantine = read(file(other, most, SILENT_ROW, most))
    assert (flows.unit, flows.rows, flows.quarantined) == (unit, 4, 1)
    assert reasons(quarantine) == [(2, "flow_duration is in another unit than most rows prove")]
    counted = sum(totals.duration for totals in flows.totals.values())
    assert counted == 7 * unit.value + 2 * 1341


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([SILENT_ROW], "in doubt: no row proves it"),
        ([SECONDS_ROW, MICRO_ROW], r"as many rows prove the one as the other \(1\)"),
        ([flow("0.001341", "6704")], "in doubt: no row proves it"),
        ([flow("0.001341", "inf")], "in doubt: no row proves it"),
        ([flow("-1", "9")], "be counted: flow_duration is negative"),
        ([flow("nan", "9")], "be counted: flow_duration is not a number"),
    ],
)
def test_a_file_without_a_majority_is_rejected(rows: list[bytes], reason: str) -> None:
    """Its durations may be a million times as long."""
    with pytest.raises(FileRejected, match=reason):
        read(file(*rows))


def test_durations_that_a_spreadsheet_rounded_are_set_aside() -> None:
    """3012345 µs became 3.01E+06; such a row proves nothing either. (Found by the oracle in SQL.)"""
    flows, quarantine = read(file(MICRO_ROW, flow("3.01E+06", "2.9877")))
    assert (flows.rows, flows.quarantined) == (2, 1)
    assert reasons(quarantine) == [(3, "flow_duration was rounded by a spreadsheet")]


def test_durations_of_nothing_need_no_unit() -> None:
    """0 is 0 in any unit, and a file without rows has none."""
    flows, _ = read(file(flow("0.0", "0"), flow("0", "0")))
    assert (flows.totals, flows.notes) == ({KEY: Totals(0, 10, 2)}, ())
    assert read(file())[0].rows == 0


def test_what_proves_the_unit_must_be_there() -> None:
    """The reason names what is missing."""
    with pytest.raises(FileRejected, match=r"the header lacks flow_pkts_s, .*; found 'src_ip'"):
        read(lines(header=PYTHON_HEADER.replace(b"flow_pkts_s", b"x")))


def test_such_a_quarantine_can_be_corrected() -> None:
    """It has the header of the tool, and the rows prove their unit again."""
    _, quarantine = read(file(SECONDS_ROW, SECONDS_ROW.replace(b",5,4", b",x,4")))
    assert read(quarantine.replace(b",x,4", b",5,4"))[0].totals == {KEY: Totals(1341, 5, 1)}


FLOWS = st.tuples(
    st.integers(0, 10**9), st.integers(1, 10**5), st.integers(0, 10**5), st.integers(1, 20), st.booleans()
)


@settings(deadline=None)
@given(st.lists(FLOWS, min_size=1, max_size=25), st.sampled_from(Unit), st.integers(1, 30))
def test_every_part_counts_in_the_unit_that_the_whole_file_proves(
    flows: list[tuple[int, int, int, int, bool]], unit: Unit, limit: int
) -> None:
    """Whatever the durations, whether the rate is written or left out: exact sums of rounded durations."""
    rows: list[bytes] = []
    expected: dict[PairDay, Totals] = {}
    proofs = 0
    for tenths, forward, backward, host, is_written in flows:
        exact = Decimal(tenths) / 10  # µs
        rate = (forward + backward) / exact / MICRO if exact and is_written else Decimal(0)
        proofs += bool(rate)
        rows.append(flow(exact / unit.value, f"{float(rate)}", forward, backward, host))
        key = PairDay("10.0.0.1", f"10.0.0.{host}", "2022-12-07")
        before = expected.get(key, Totals())
        duration = before.duration + int(exact.to_integral_value(ROUND_HALF_EVEN))
        expected[key] = Totals(duration, before.packets + forward, before.flows + 1)
    data = file(*rows)
    if not proofs and any(tenths for tenths, *_ in flows):
        with pytest.raises(FileRejected, match="in doubt: no row proves it"):
            read(data)
        return
    first = read_flow_file(BytesIO(data), BytesIO(), limit)
    found: dict[PairDay, Totals] = {}
    for part in each_part(first, lambda: BytesIO(data), limit):
        found |= by_day(part)
    assert found == expected
    assert first.quarantined == 0


SWAPPED = b"src_ip,dst_ip,timestamp,flow_duration,tot_bwd_pkts,tot_fwd_pkts,flow_pkts_s"
IN_DOUBT = "line 3 is another header, which leaves the unit of durations in doubt"
PLAIN = b"Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts"
PLAIN_ROW = b"10.0.0.1,10.0.0.2,07/12/2022,1,1"


@pytest.mark.parametrize(
    "inner", [PYTHON_HEADER + b",x", SWAPPED, PYTHON_HEADER.replace(b"flow_d", b"Flow_D")]
)
@pytest.mark.parametrize("glued", [b"", SECONDS_ROW])
def test_a_header_that_leaves_the_unit_in_doubt_rejects_the_file(inner: bytes, glued: bytes) -> None:
    """Of another width, with the proving columns elsewhere, of another tool; the same again is no matter."""
    assert read(file(SECONDS_ROW, PYTHON_HEADER, SECONDS_ROW))[0].rows == 2
    flows, _ = read(file(SECONDS_ROW, SECONDS_ROW + PYTHON_HEADER, SECONDS_ROW))
    assert (flows.rows, flows.quarantined) == (3, 1)
    with pytest.raises(FileRejected, match=IN_DOUBT):
        read(file(SECONDS_ROW, glued + inner, SECONDS_ROW))


@pytest.mark.parametrize("glued", [b"", PLAIN_ROW])
def test_a_header_of_the_tool_inside_of_another_file_rejects_it(glued: bytes) -> None:
    """Whatever unit the durations below it have, nothing above it tells; even with all columns in place."""
    header = b"src_ip,dst_ip,timestamp,flow_duration,tot_fwd_pkts"
    with pytest.raises(FileRejected, match=IN_DOUBT):
        read(lines(PLAIN_ROW, glued + header, PLAIN_ROW, header=PLAIN))


@pytest.mark.parametrize(
    ("backward", "is_known"),
    [("1.23E+03", False), ("12.3E+03", True), ("01.2E+03", True), ("1.23E+02", True), ("1.230E+03", True)],
)
def test_a_number_that_a_spreadsheet_may_have_rounded_proves_nothing(backward: str, is_known: bool) -> None:
    """One digit, a point and two more with a power that they do not reach; no other spelling of a number."""
    rate = Decimal(backward) + 1
    data = file(b"10.0.0.1,10.0.0.2,07/12/2022,1,%b,1,%b" % (str(rate).encode(), backward.encode()))
    if is_known:
        assert read(data)[0].unit is Unit.SECONDS
    else:
        with pytest.raises(FileRejected, match="no row proves it"):
            read(data)
