"""What the five values of a row mean, each value against another way to read it."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import FileRejected
from models.flow_csv.headers.columns import V4_MIN_WIDTH, Columns, Header
from models.flow_csv.headers.header_lines import find_columns, repeated_header
from models.flow_csv.headers.no_header import v4_header
from models.flow_csv.values import (
    MAX_VALUE,
    BadRow,
    MonthFirst,
    amount,
    day,
    split_fields,
)

TIMES = st.sampled_from(["", " 10:57:44", " 01:52:09 PM", " anything", "T10:57:44.123Z"])
YEARS = st.dates(date(1970, 1, 1), date(2099, 12, 31))


@given(YEARS, TIMES, st.sampled_from("/-."))
def test_days_are_read_day_first_or_year_first(when: date, time: str, mark: str) -> None:
    """Padded or not, with any of the separators and any time behind, every date gives the ISO day."""
    year, month, day_of_month = when.year, when.month, when.day
    texts = [f"{day_of_month}{mark}{month}{mark}{year}", f"{day_of_month:02}{mark}{month:02}{mark}{year}"]
    if mark != ".":
        texts += [
            f"{year}{mark}{month}{mark}{day_of_month}",
            f"{year}{mark}{month:02}{mark}{day_of_month:02}",
        ]
    for text in texts:
        assert day((text + time).encode()[:11]).iso == when.isoformat()


@given(YEARS, TIMES, st.sampled_from("/-."))
def test_a_day_tells_whether_it_could_be_another(when: date, time: str, mark: str) -> None:
    """Day and month swapped is another date only where the year is last and the day no more than 12."""
    year_last = day(f"{when.day}{mark}{when.month}{mark}{when.year}{time}".encode()[:11])
    expected = date(when.year, when.day, when.month).isoformat() if when.day <= 12 else ""
    assert (year_last.swapped, year_last.is_day_first) == (expected, when.day > 12)
    assert day(f"{when.isoformat()}{time}".encode()[:11]) == (when.isoformat(), "", False)


@given(YEARS.filter(lambda when: when.day > 12), st.sampled_from("/-."))
def test_a_date_that_is_one_only_month_first_is_told_from_an_impossible_one(when: date, mark: str) -> None:
    """The file is judged by it."""
    with pytest.raises(MonthFirst):
        day(f"{when.month}{mark}{when.day}{mark}{when.year}".encode())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("31/02/2022", "impossible"),
        ("13/13/2022", "impossible"),
        ("00/01/2022", "impossible"),
        ("00/13/2022", "impossible"),
        ("2022-02-30", "impossible"),
        ("2022/13/01", "impossible"),
        ("07/13/2022", "only if the month stands first"),
        ("07/12/2565", "before 1970 or after 2099"),
        ("31/12/1969", "before 1970 or after 2099"),
        ("01/01/2100", "before 1970 or after 2099"),
        ("01/01/0000", "before 1970 or after 2099"),
        ("0001-01-01", "before 1970 or after 2099"),
        ("", "not a date"),
        ("07/12/22", "not a date"),
        ("07/12/20223", "not a date"),
        ("07/12-2022", "not a date"),
        ("2022/12-07", "not a date"),
        ("2022.12.07", "not a date"),
        ("20221207", "not a date"),
        ("12:00:00", "not a date"),
        ("1670371200", "not a date"),
    ],
)
def test_what_is_no_date_is_a_bad_row(text: str, reason: str) -> None:
    """Dates that do not exist, are of another calendar, or whose form would be a guess."""
    with pytest.raises(BadRow, match=reason):
        day(text.encode())


NUMBER_TEXTS = st.one_of(
    st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.integers(0, 2 * MAX_VALUE).map(str),
    st.builds(
        lambda n, e: f"{n // 10**e}.{n % 10**e:0{e}}E{e}", st.integers(0, 2 * MAX_VALUE), st.integers(1, 13)
    ),
)


@given(NUMBER_TEXTS)
def test_numbers_are_exact(text: str) -> None:
    """A whole number in range comes out exactly, however it is written; everything else is a bad row."""
    exact = Fraction(text)
    if exact.denominator == 1 and 0 <= exact <= MAX_VALUE:
        assert amount(text.encode(), "Flow Duration") == exact
    else:
        with pytest.raises(BadRow):
            amount(text.encode(), "Flow Duration")


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("-0", 0), ("-0.0", 0), ("14.0", 14), ("1.2345E7", 12_345_000),
                        ("120E-1", 12), ("1000000000000", 10**12), ("1e12", 10**12), ("0" * 5000 + "7", 7),
                        ("0E999", 0)]
)  # fmt: skip
def test_whole_numbers_are_accepted_in_every_form_of_java(text: str, value: int) -> None:
    """Zero may carry a sign; leading zeros and exponents do not change a value."""
    assert amount(text.encode(), "Flow Duration") == value


@given(st.integers(100, 999), st.integers(0, 99))
def test_what_a_spreadsheet_rounded_is_a_bad_row(digits: int, exponent: int) -> None:
    """One digit, point, two digits, and an exponent that they do not reach: any of the digits may be lost."""
    text = f"{digits // 100}.{digits % 100:02}E+{exponent:02}".encode()
    exact = Fraction(text.decode())
    if exponent > 2:
        with pytest.raises(BadRow, match="Flow Duration was rounded by a spreadsheet"):
            amount(text, "Flow Duration")
    elif exact.denominator == 1:
        assert amount(text, "Flow Duration") == exact


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.19999451E8", 119_999_451), ("1.2e+08", 120_000_000), ("1.20e+08", 120_000_000),
     ("1.20E8", 120_000_000), ("1.2E+08", 120_000_000), ("1.200E+08", 120_000_000),
     ("12.00E+07", 120_000_000), ("1E+08", 100_000_000)],
)  # fmt: skip
def test_other_notations_with_an_exponent_are_exact(text: str, value: int) -> None:
    """Java's, R's and others are no sign of rounding."""
    assert amount(text.encode(), "Flow Duration") == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("-1", "Tot Fwd Pkts is negative"),
        ("-64584.5", "negative"),
        ("1.5", "not a whole number"),
        ("1E-999", "not a whole number"),
        ("1000000000001", "above"),
        ("9E999", "above"),
        ("9" * 100_000, "above"),
        ("9E99999999999", "not a number"),
        ("", "not a number"),
        ("NaN", "not a number"),
        ("Infinity", "not a number"),
        ("1_000", "not a number"),
        ("0x10", "not a number"),
        ("+5", "not a number"),
        ("1 000", "not a number"),
        ("12abc", "not a number"),
        ("٣", "not a number"),
    ],
)
def test_what_is_no_amount_is_a_bad_row(text: str, reason: str) -> None:
    """The reason says which column and what is wrong with it, at once even for monstrous numbers."""
    with pytest.raises(BadRow, match=reason):
        amount(text.encode(), "Tot Fwd Pkts")


def test_quoted_fields_are_unquoted_as_rfc_4180_has_it() -> None:
    """Commas and doubled quotes inside of quotes belong to the field."""
    assert split_fields(b'"a,b",c,"d ""e""",""') == [b"a,b", b"c", b'd "e"', b""]


@pytest.mark.parametrize("line", [b'"a,b', b'a,"b"c,d', b'"'])
def test_unbalanced_quotes_are_a_bad_row(line: bytes) -> None:
    """A quoted field cannot go on in the next line."""
    with pytest.raises(BadRow, match="quotes"):
        split_fields(line)


@pytest.mark.parametrize(
    "names",
    [
        "Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts",
        "Source IP,Destination IP,Timestamp,Flow Duration,Total Fwd Packets",
        " Source IP, Destination IP, Timestamp, Flow Duration, Total Fwd Packets",
        "Source.IP,Destination.IP,Timestamp,Flow.Duration,Tot.Fwd.Packets",
        "Src_IP,Dst_IP,Timestamp,Flow_Duration,Tot_Fwd_Pkts",
        "Src IP,Dst IP,Timestamp,Flow Duration,Total Fwd Packet",
        "src ip,dst ip,timestamp,flow duration,tot fwd pkts",
        "SRC-IP,DST_IP,TIMESTAMP,FLOW_DURATION,TOT FWD PKTS",
        '"Src IP","Dst IP","Timestamp","Flow Duration","Tot Fwd Pkts"',
        "\ufeffSrc IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts",
    ],
)
def test_every_spelling_of_the_columns_is_found(names: str) -> None:
    """CICFlowMeter 3 and 4, their forks and what other tools make of the names, in any case."""
    assert find_columns(names.encode()) == Header(Columns(0, 1, 2, 3, 4), 5)


@given(st.permutations(["Src IP", "Dst IP", "Timestamp", "Flow Duration", "Tot Fwd Pkts", "Label", "x", "x"]))
def test_columns_are_found_wherever_they_stand(names: list[str]) -> None:
    """Their order is free, and other columns may repeat."""
    header = find_columns(",".join(names).encode())
    assert header is not None
    assert [names[place] for place in header.columns] == [
        "Src IP",
        "Dst IP",
        "Timestamp",
        "Flow Duration",
        "Tot Fwd Pkts",
    ]


def test_a_missing_column_is_named_with_what_was_found() -> None:
    """The reason of the rejection suffices to mend the file."""
    with pytest.raises(
        FileRejected, match="column Dst IP is missing in the header; found 'Src IP', 'Timestamp'"
    ):
        find_columns(b"Src IP,Timestamp,Flow Duration,Tot Fwd Pkts")


def test_a_required_column_twice_is_ambiguous() -> None:
    """Two columns that may both be the source address: none is chosen."""
    with pytest.raises(FileRejected, match="2 columns may be Src IP: numbers 1 and 2"):
        find_columns(b"Src IP,Source IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts")


def test_names_of_no_flow_file_are_no_header() -> None:
    """Only then may the line be a row of a file without a header."""
    assert find_columns(b"10.0.0.1,10.0.0.2,x") is None


def test_a_header_inside_of_a_file_is_known_by_its_five_names() -> None:
    """One that lacks a name is a torn line, and a row that mentions a name is a row."""
    header = b"x,Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts"
    assert repeated_header(header) == Header(Columns(1, 2, 3, 4, 5), 6)
    assert repeated_header(header[:-20]) is None
    assert repeated_header(b"1,2,Timestamp") is None


@given(st.integers(V4_MIN_WIDTH, 99))
def test_the_header_for_a_file_without_one_fits_its_rows(width: int) -> None:
    """It has as many names as the rows have fields, and the five where CICFlowMeter 4 has them."""
    header = v4_header(width)
    assert header.count(b",") == width - 1
    assert find_columns(header) == Header(Columns(1, 3, 6, 7, 8), width)
