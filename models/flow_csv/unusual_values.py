"""Fields, addresses and amounts as few rows spell them: quoted, IPv6, with decimals or an exponent."""

import csv
import re
from decimal import Decimal
from ipaddress import IPv6Address

from models.flow_csv.values import MAX_VALUE, PLAIN_ADDRESS, BadRow, is_number

NUMBER_REMEDY = "write it in digits without separators"
NEGATIVE_REMEDY = "leave the row out unless the right value is known"
RANGE_REMEDY = "make sure that no field is missing before it"

_SOME = rb"[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*"
_GROUPS = re.compile(rb"%b|(?:%b)?::(?:%b)?" % (_SOME, _SOME, _SOME))
_COLONS = 7  # between eight groups
_SPREADSHEET = re.compile(rb"-?\d\.\d\dE\+(?P<exponent>\d\d)")  # as they show large numbers, and save them


def quoted_fields(line: bytes) -> list[bytes]:
    """The fields of one physical line, unquoted as RFC 4180 has it.

    Raises:
        BadRow: a quoted field does not end where a field ends.
    """
    try:
        (fields,) = csv.reader([line.decode("latin-1")], strict=True)
    except csv.Error as error:
        raise BadRow("quotes are not balanced", "remove or double them") from error
    return "\n".join(fields).encode("latin-1").split(b"\n")  # much quicker than each by itself


def is_ipv6(text: bytes) -> bool:
    """Whether a text is an IPv6 address, with a zone or without. `ipaddress` takes four times as long."""
    if b"%" in text:
        text, _, zone = text.partition(b"%")
        if not zone or b"%" in zone or b"/" in zone or not zone.isascii():
            return False
    if b"." in text:  # an IPv4 address in the place of the last two groups
        before, _, last = text.rpartition(b":")
        if not PLAIN_ADDRESS.fullmatch(last):
            return False
        text = before + b":0:0"
    if not _GROUPS.fullmatch(text):
        return False
    colons = text.count(b":")
    if b"::" not in text:
        return colons == _COLONS
    return colons <= _COLONS + (text.startswith(b"::") or text.endswith(b"::"))


def canonical_ipv6(text: bytes) -> str:
    """The canonical text of an IPv6 address."""
    parsed = IPv6Address(text.decode("ascii"))
    if parsed.ipv4_mapped:  # Python 3.13 prints these as the RFC has it; earlier ones do not
        return f"::ffff:{parsed.ipv4_mapped}"
    return str(IPv6Address(int(parsed)))


def check_digits(text: bytes, column: str) -> None:
    """Makes sure that a number has the digits that it had before a spreadsheet saved it.

    Raises:
        BadRow: it may have been another; `column` tells which.
    """
    spreadsheet = _SPREADSHEET.fullmatch(text) if b"+" in text else None
    if spreadsheet and int(spreadsheet["exponent"]) > 2:  # its two decimals do not reach the unit
        raise BadRow(f"{column} was rounded by a spreadsheet", "take all its digits from the original file")


def unusual_amount(text: bytes, column: str) -> int:
    """The whole number that any spelling means; `amount` in `values.py` says more.

    Raises:
        BadRow: it is none, or may have been another before it was rounded; `column` tells which.
    """
    if not is_number(text):
        raise BadRow(f"{column} is not a number", NUMBER_REMEDY)
    check_digits(text, column)
    value = Decimal(text.decode("ascii"))  # exact, and cheap for every exponent the pattern lets through
    if value < 0:
        raise BadRow(f"{column} is negative", NEGATIVE_REMEDY)
    if value > MAX_VALUE:
        raise BadRow(f"{column} is above 10^12", RANGE_REMEDY)
    if value != value.to_integral_value():
        raise BadRow(f"{column} is not a whole number", "write whole microseconds and whole packets")
    return int(value)
