"""The values of a flow row: its fields, and what addresses, days and amounts mean.

They are strict: what is neither clearly right nor written by some CICFlowMeter is a `BadRow`. How nearly all
rows spell them is read here; `unusual_values.py` reads the rest, and is not loaded before there is some.
"""

import re
from datetime import date
from functools import cache, lru_cache
from types import ModuleType
from typing import NamedTuple

MAX_VALUE = 10**12  # µs or packets of one row: keeps the squares of daily totals far below 38 digits
_MAX_WIDTH = len(str(MAX_VALUE))
DAY_WIDTH = 11  # bytes of a timestamp that decide its day: `dd/MM/yyyy` and the character after it

_DATE_REMEDY = "write it day first or as 2022-12-31"


class BadRow(ValueError):
    """A row that cannot be counted; its text is the reason as it stands in the quarantine.

    Args:
        found: what was found, and in which column. Like the remedy, free of commas, quotes and line ends.
        remedy: what to do about it.
    """

    # Without an __init__ of its own: a bad row is made as quickly as can be, and there may be very many.

    def __str__(self) -> str:
        found, remedy = self.args
        return f"{found}: {remedy}"

    @property
    def found(self) -> str:
        """What was found."""
        return str(self.args[0])


class MonthFirst(BadRow):
    """A row whose date is one only if the month stands first."""


@cache  # an import takes several times as long, even of what is there
def _unusual() -> ModuleType:
    """What reads the rest, loaded when it is needed."""
    from models.flow_csv import unusual_values  # noqa: PLC0415

    return unusual_values


def split_fields(line: bytes) -> list[bytes]:
    """The fields of one physical line, unquoted as RFC 4180 has it.

    Raises:
        BadRow: a quoted field does not end where a field ends.
    """
    if b'"' not in line:
        return line.split(b",")
    fields: list[bytes] = _unusual().quoted_fields(line)
    return fields


def width_of(line: bytes) -> int:
    """How many fields a line has; 0, which no row has, if its quotes are not balanced."""
    try:
        return len(split_fields(line))
    except BadRow:
        return 0


_MAX_ADDRESS = 64  # bytes: the longest IPv6 text has 45, a zone id is an interface name
PLAIN_ADDRESS = re.compile(rb"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!\Z)|\Z)){4}")


def is_address(text: bytes) -> bool:
    """Whether a field is an IP address, blanks around it aside."""
    plain = text.strip()
    return len(plain) <= _MAX_ADDRESS and _is_address(plain)


@lru_cache(maxsize=4096)  # of short texts
def _is_address(text: bytes) -> bool:
    if b":" not in text:
        return PLAIN_ADDRESS.fullmatch(text) is not None
    is_one: bool = _unusual().is_ipv6(text)
    return is_one


def check_addresses(source: bytes, destination: bytes) -> None:
    """Makes sure that two fields without blanks around them are IP addresses.

    Raises:
        BadRow: one is none.
    """
    for text, column in ((source, "Src IP"), (destination, "Dst IP")):
        if len(text) > _MAX_ADDRESS or not _is_address(text):
            raise BadRow(f"{column} is not an IP address", "write one like 10.0.0.1 or 2001:db8::1")


@lru_cache(maxsize=4096)
def address(text: bytes) -> str:
    """The canonical text of an IP address (RFC 5952), whichever Python prints it; a zone id is dropped."""
    if b":" not in text:  # canonical as it is
        return text.decode()
    canonical: str = _unusual().canonical_ipv6(text)
    return canonical


_MONTHS = 12
FIRST_YEAR, LAST_YEAR = 1970, 2099  # a clock that was never set, and far from any calendar that counts higher

_DATE = re.compile(
    rb"(?:(?P<d>\d{1,2})(?P<s>[/.-])(?P<m>\d{1,2})(?P=s)(?P<y>\d{4})"
    rb"|(?P<Y>\d{4})(?P<S>[/-])(?P<M>\d{1,2})(?P=S)(?P<D>\d{1,2}))(?![^ T])"
)


class Day(NamedTuple):
    """The day of a timestamp.

    Attributes:
        iso: ISO 8601.
        swapped: what it would be if month and day changed places; empty if there is no such day, or the
            order is beyond doubt because the year stands first.
        is_day_first: whether it can be read in no other order, although the year stands last.
    """

    iso: str
    swapped: str
    is_day_first: bool


@lru_cache(maxsize=1024)
def day(prefix: bytes) -> Day:
    """The day of the first `DAY_WIDTH` bytes of a timestamp.

    It is read day first, with the year last, or year first, then month and day; behind it may be any time.

    Raises:
        MonthFirst: there is such a date only if the month stands first.
        BadRow: there is no such date, or not in a year that counts.
    """
    match = _DATE.match(prefix)
    if match is None:
        raise BadRow("Timestamp is not a date", _DATE_REMEDY)
    year, month, day_of_month = map(int, filter(None, match.group("Y", "y", "M", "m", "D", "d")))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadRow(f"Timestamp is before {FIRST_YEAR} or after {LAST_YEAR}", "write the Gregorian year")
    iso = _iso(year, month, day_of_month)
    swapped = _iso(year, day_of_month, month) if match["y"] else ""
    if not iso and swapped:
        raise MonthFirst("Timestamp is a date only if the month stands first", _DATE_REMEDY)
    if not iso:
        raise BadRow("Timestamp is an impossible date", "correct its day or month")
    return Day(iso, swapped, is_day_first=bool(match["y"]) and not swapped)


def day_of(when: date, *, is_year_last: bool) -> Day:
    """What `day` says of a date that was read day first, by where its year stands."""
    swapped = _iso(when.year, when.day, when.month) if is_year_last else ""
    return Day(when.isoformat(), swapped, is_day_first=is_year_last and not swapped)


def _iso(year: int, month: int, day_of_month: int) -> str:
    """A date, or nothing if there is none."""
    if not 1 <= month <= _MONTHS:  # told without an error, which takes longer: a day often stands here
        return ""
    try:
        return date(year, month, day_of_month).isoformat()
    except ValueError:
        return ""


_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")


def amount(text: bytes, column: str) -> int:
    """The whole number from 0 to `MAX_VALUE`, also when it is written as `1.2345E7` or `14.0`.

    Raises:
        BadRow: it is none, or may have been another before it was rounded; `column` tells which.
    """
    if len(text) < _MAX_WIDTH and text.isdigit():
        return int(text)
    value: int = _unusual().unusual_amount(text, column)
    return value


def amounts(fields: list[bytes], duration: int, packets: int) -> tuple[int, int]:
    """Duration in µs and packets of a row, which stand in these places; raises BadRow."""
    return amount(fields[duration].strip(), "Flow Duration"), amount(fields[packets].strip(), "Tot Fwd Pkts")


def other_width(width: int, usual: int) -> BadRow:
    """What a row is that has another number of fields than the header."""
    remedy = "complete the row" if width < usual else "remove commas within values or split joined rows"
    return BadRow(f"{width} field{'s' if width != 1 else ''} instead of {usual}", remedy)


def begins_with_date(text: bytes) -> bool:
    """Whether a timestamp has the form of those that have a day; there may be no such day."""
    return _DATE.match(text) is not None


def is_number(text: bytes) -> bool:
    """Whether a field has the form of a number; it may be negative, too large or not whole."""
    return _NUMBER.fullmatch(text) is not None
