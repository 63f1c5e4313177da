"""What people in the field met: files that are judged as a whole, and quirks of some of their rows."""

from collections.abc import Sequence
from datetime import date, timedelta
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import FileRejected
from models.flow_csv.flow_file import each_part, read_flow_file
from models.flow_csv.headers.columns import V4_HEADER
from models.flow_csv.notes import Note
from models.flow_csv.quarantine import Reason
from models.traffic import PairDay, Totals, by_day
from tests.helpers.flow_files import HEADER, KEY, ROW, lines, read, reasons, row, v4_row

pytestmark = pytest.mark.usefixtures("way")

WIDER = b"Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts,Label,Extra"
PLAIN = b"Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts"
PLAIN_ROW = b"10.0.0.1,10.0.0.2,07/12/2022,1000,3"


def rejection(data: bytes, name: str = "") -> FileRejected:
    """Why a file is rejected."""
    with pytest.raises(FileRejected) as rejected:
        read_flow_file(BytesIO(data), BytesIO(), name=name)
    assert rejected.value.remedy
    return rejected.value


def dated(days: Sequence[str]) -> bytes:
    """A file with a row for each timestamp."""
    return lines(*(row(timestamp=day) for day in days))


# No row that counts


def test_a_file_without_a_row_that_counts_is_rejected_with_the_commonest_reason() -> None:
    """Not silently counted as nothing: it says why, how often and where first. (F5)"""
    data = lines(row(source="x"), *[row(timestamp="09:00.7")] * 1_999, row(duration="-1"))
    assert rejection(data).found == (
        "none of the 2,001 rows can be counted: in 1,999 of them Timestamp is not a date (from line 3 on): "
        "write it day first or as 2022-12-31"
    )


def test_a_quarter_of_the_rows_of_cicflowmeter_may_be_odd() -> None:
    """However long a file is: no real one was met with more than one of fifty."""
    good = b",".join([row(), *[b"12345"] * 85])  # some 600 bytes
    header = b",".join([HEADER, *(b"Column %d" % number for number in range(85))])
    bad = good.replace(row(), row(packets="-1"))
    flows = read(lines(*[bad, good, good, good] * 4000, header=header))[0]
    assert (flows.rows, flows.quarantined) == (16_000, 4_000)


def test_a_longer_file_may_have_more_odd_lines() -> None:
    """Any file some 2,900 short ones, one of 10 MB some 9,600 all over."""
    few, many = [b"x"] * 2_900, [b"x", row() + b" " * 1_000] * 9_600
    assert read(lines(ROW, *few))[0].quarantined == 2_900
    assert read(lines(ROW, *many))[0].quarantined == 9_600
    assert "2,998 of the first 3,000 lines" in str(rejection(lines(ROW, *[b"x"] * 3_000)))


@pytest.mark.parametrize("glue", [b"", b","])
def test_a_line_of_rows_that_lack_their_ends_is_one_odd_line(glue: bytes) -> None:
    """A megabyte of them, quoted or not, is set aside, and the rest counts."""
    for one in (row(), b",".join(b'"%b"' % field for field in row().split(b","))):
        joined = (glue or b",").join([one] * (1_000_000 // (len(one) + 1)))
        assert read(lines(ROW, joined, ROW))[0].quarantined == 1


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (
            [row(duration="-5")],
            "the only row cannot be counted: Flow Duration is negative (line 2): leave the",
        ),
        (
            [b"", row()[:20], row()[:20]],
            "none of the 2 rows can be counted: 4 fields instead of 8 (from line 3 on): complete the row",
        ),
        ([b"\0"], "the only row cannot be counted: NUL byte in the row (line 2): copy"),
    ],
)
def test_the_reason_of_such_a_file_is_told_in_words(rows: list[bytes], reason: str) -> None:
    """With one row, or where all have the same reason."""
    assert rejection(lines(*rows)).found.startswith(reason)


def test_one_row_that_counts_is_enough() -> None:
    """The commonest reason of the others is told, the earliest of several."""
    flows, _ = read(lines(row(packets="x"), row(source="x"), row(source="y"), row(packets="z"), ROW))
    assert flows.commonest == Reason(
        "Tot Fwd Pkts is not a number: write it in digits without separators", 2, 2
    )
    assert (flows.rows, flows.quarantined) == (5, 4)


# The order of dates


def test_month_first_dates_reject_a_file() -> None:
    """Where one date is possible only so and none only day first, the ambiguous ones are wrong, too. (F7)"""
    days = [f"11/{day}/2019 10:00:00 AM" for day in range(8, 16)]
    assert rejection(dated(days)).found == "dates are month first: line 7 has '11/13/2019'"
    assert rejection(lines(*[row(timestamp="11/14/2019 20:01")] * 5)).found.startswith(
        "dates are month first"
    )


def test_a_long_file_of_them_is_told_so_before_it_is_read_to_its_end() -> None:
    """Not as lines that are odd in some way; unless other rows are day first beyond doubt."""
    days = ["11/13/2019"] * 10_000
    assert rejection(dated(days)).found == "dates are month first: line 2 has '11/13/2019'"
    assert rejection(dated(["13/11/2019", *days])).found.startswith("2,")


def test_a_file_of_both_orders_is_counted_day_first() -> None:
    """As CICFlowMeter writes; the odd rows are set aside."""
    flows, quarantine = read(dated(["11/13/2019", "13/11/2019", "11/8/2019"]))
    assert {key.day for key in flows.totals} == {"2019-11-13", "2019-08-11"}
    assert reasons(quarantine) == [(2, "Timestamp is a date only if the month stands first")]


NAMES = ("data-{:%Y%m%d}.csv", "{:%Y-%m-%d}_Flow.csv", "incoming/paris/x_{:%Y_%m_%d}-0123456789abcdef.csv.gz")


@given(st.dates(date(1970, 1, 2), date(2099, 12, 30)), st.sampled_from(NAMES), st.sampled_from("/-."))
def test_a_date_in_the_name_tells_month_first_dates(when: date, name: str, mark: str) -> None:
    """Rows of that day and its neighbours are rejected month first, and counted day first."""
    days = [when + timedelta(days=shift) for shift in (-1, 0, 1)]
    day_first, month_first = (
        dated([form.format(day.day, day.month, day.year, mark=mark) for day in days])
        for form in ("{0}{mark}{1}{mark}{2}", "{1}{mark}{0}{mark}{2}")
    )
    named = name.format(when)
    flows = read_flow_file(BytesIO(day_first), BytesIO(), name=named)
    assert {key.day for key in flows.totals} == {day.isoformat() for day in days}
    read_day_first = {date(day.year, day.day, day.month) for day in days if day.day <= 12}
    if any(day.day > 12 for day in days) or when not in read_day_first:
        assert rejection(month_first, named).found.startswith("dates are month first")
    else:
        assert read_flow_file(BytesIO(month_first), BytesIO(), name=named).quarantined == 0


def test_names_that_agree_or_hold_no_date_change_nothing() -> None:
    """Day first is taken for granted then; numbers that are no dates are not looked at."""
    data = dated(["11/12/2019"])
    assert rejection(data, "data-20191112.csv").found == (
        "dates are month first: read so, they are those of 2019-11-12, the date in the file's name"
    )
    for name in ("", "data.csv", "data-20191211.csv", "x-20191311.csv", "120191112.csv", "data-20200101.csv"):
        assert read_flow_file(BytesIO(data), BytesIO(), name=name).days == ("2019-12-11",)


# Calendars and clocks


@pytest.mark.parametrize("day", ["07/12/2565", "01/01/0001", "31/12/9999", "31/12/1969", "2100-01-01"])
def test_years_of_another_calendar_are_set_aside(day: str) -> None:
    """A Thai calendar, a year 1: what would never be found again. (F11)"""
    flows, quarantine = read(dated(["07/12/2022", day]))
    assert {key.day for key in flows.totals} == {"2022-12-07"}
    assert reasons(quarantine) == [(3, "Timestamp is before 1970 or after 2099")]


def test_days_of_1970_count_with_a_note() -> None:
    """Real files have them: the clock was not set."""
    flows, _ = read(dated(["01/01/1970", "07/12/2022"]))
    assert flows.notes == (Note.CLOCK_NOT_SET,)
    assert read(dated(["07/12/2022"]))[0].notes == ()


@pytest.mark.parametrize(
    "day", ["2017/7/5", "5-7-2017", "5.7.2017", "2017-7-5", "05.07.2017 10:00", "2017/07/05 1"]
)
def test_further_forms_of_dates_are_accepted(day: str) -> None:
    """What other tools make of them. (F12)"""
    assert {key.day for key in read(dated([day, day]))[0].totals} == {"2017-07-05"}


# Fields and headers


def test_a_field_more_than_the_header_may_be_a_decimal_comma() -> None:
    """Only CICFlowMeter's own header has rows of one field more; `1234,5` is not 1234 and 5. (F3)"""
    found = rejection(lines(*[b"10.0.0.1,10.0.0.2,07/12/2022,1234,5,3"] * 3, header=PLAIN)).found
    assert found == (
        "none of the 3 rows can be counted: 6 fields instead of 5 (from line 2 on): "
        "remove commas within values or split joined rows"
    )
    flows, _ = read(lines(v4_row(85), v4_row(85), header=V4_HEADER))
    assert (flows.rows, flows.quarantined, flows.notes) == (2, 0, (Note.ONE_FIELD_MORE,))


@pytest.mark.parametrize("number", [b'"1"', b"1"])
@pytest.mark.parametrize(("header", "one"), [(PLAIN, PLAIN_ROW), (V4_HEADER, v4_row(84)), (HEADER, ROW)])
def test_rows_that_begin_with_a_number_without_a_name_reject_a_file(
    number: bytes, header: bytes, one: bytes
) -> None:
    """As R's write.table leaves them. (F9)"""
    found = rejection(lines(*[number + b"," + one] * 3, header=header)).found
    assert "begin with a number for which the header has no name, as R's write.table writes it" in found


@pytest.mark.parametrize("blank", [b",,,,,,,", b",", b" , ,\t,", b",,,,,,,,,,,,,,"])
def test_rows_of_commas_are_blank_lines(blank: bytes) -> None:
    """Spreadsheets write thousands of them. (F8)"""
    flows, quarantine = read(lines(blank, ROW, blank, blank, ROW, blank))
    assert (flows.totals, flows.rows, quarantine) == ({KEY: Totals(2000, 6, 2)}, 2, b"")
    assert read(blank + b"\n" + lines(ROW))[0].totals == {KEY: Totals(1000, 3, 1)}


@pytest.mark.parametrize(("header", "one"), [(PLAIN, PLAIN_ROW), (HEADER, ROW), (V4_HEADER, v4_row(84))])
@pytest.mark.parametrize("kept", [1.0, 0.7])
def test_a_header_behind_a_row_without_a_line_end_takes_only_that_row(
    header: bytes, one: bytes, kept: float
) -> None:
    """`cat a.csv b.csv` where the first lacks its last line end, or was cut off. (F4)"""
    torn = one[: int(len(one) * kept)]
    data = lines(one, header=header) + torn + lines(one, one, header=header)
    flows, quarantine = read(data)
    assert (flows.rows, flows.totals) == (4, {KEY: Totals(3000, 9, 3)})
    assert reasons(quarantine) == [(3, "a header stands behind this row without a line end")]
    assert quarantine.split(b"\n")[1].startswith(torn + header + b",3,")


def test_a_second_header_of_another_width_is_learned() -> None:
    """Output of several versions in one file, with the five columns at their places. (F13)"""
    wide, narrow = PLAIN_ROW + b",x,y", PLAIN_ROW
    data = lines(narrow, narrow, WIDER, wide, wide, narrow, PLAIN, narrow, wide, WIDER, wide, header=PLAIN)
    flows, quarantine = read(data)
    assert flows.totals == {KEY: Totals(6000, 18, 6)}
    assert reasons(b"\n".join(line for line in quarantine.split(b"\n") if not line.endswith(b"Reason")))
    assert [line.rsplit(b",", 2)[1:] for line in quarantine.split(b"\n") if line.startswith(b"10")] == [
        [b"7", b"5 fields instead of 7: complete the row"],
        [b"10", b"7 fields instead of 5: remove commas within values or split joined rows"],
    ]


def test_a_wider_header_may_be_glued_to_a_row() -> None:
    """Both at once: the row is set aside, the rows below it count."""
    data = lines(PLAIN_ROW, header=PLAIN) + PLAIN_ROW + WIDER + b"\n" + PLAIN_ROW + b",x,y\n"
    flows, quarantine = read(data)
    assert flows.totals == {KEY: Totals(2000, 6, 2)}
    assert flows.quarantined == 1
    assert quarantine.startswith(b"Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts,Quarantine Line")


def test_headers_of_several_widths_are_the_same_in_every_part() -> None:
    """A pass that skips the rows of other pairs does not miss the headers among them."""
    narrow = [b"10.0.0.1,10.0.1.%d,07/12/2022,1,1" % n for n in range(50)]
    wide = [one + b",x,y" for one in narrow]
    data = lines(*narrow, WIDER, *wide, wide[0] + PLAIN, *narrow, header=PLAIN)
    whole = read(data)[0]
    flows = read_flow_file(BytesIO(data), BytesIO(), 10)
    parts: dict[PairDay, Totals] = {}
    for part in each_part(flows, lambda: BytesIO(data), 10):
        parts |= by_day(part)
    assert parts == whole.totals
    assert (flows.rows, flows.quarantined) == (whole.rows, whole.quarantined) == (151, 1)


def test_numbers_that_a_spreadsheet_rounded_are_set_aside() -> None:
    """119999451 µs became 1.20E+08. (F14)"""
    flows, quarantine = read(
        lines(row(duration="1.20E+08"), row(duration="1.19999451E8"), row(packets="1.23E+02"))
    )
    assert flows.totals == {KEY: Totals(119_999_451 + 1000, 3 + 123, 2)}
    assert reasons(quarantine) == [(2, "Flow Duration was rounded by a spreadsheet")]


@pytest.mark.parametrize(
    "inner",
    [WIDER + b"\x14", WIDER + b",Src IP", WIDER + b";" * 9],
)
def test_a_header_inside_that_could_not_stand_first_does_not_spoil_the_quarantine(inner: bytes) -> None:
    """Its rows stand below a plain header then, and can be corrected and read. (Found by fuzzing.)"""
    wide = PLAIN_ROW + b"," * (inner.count(b",") - PLAIN_ROW.count(b","))
    data = lines(PLAIN_ROW, inner, wide, wide.replace(b"1000", b"x"), header=PLAIN)
    flows, rows = read(data)
    assert (flows.totals, flows.quarantined) == ({KEY: Totals(2000, 6, 2)}, 1)
    assert read(rows.replace(b",x,", b",7,"))[0].totals == {KEY: Totals(7, 3, 1)}
