"""Fields, addresses and amounts as few rows spell them: quoted, IPv6, with decimals or an exponent."""

import csv
import re
from decimal import Decimal
from ipaddress import IPv6Address, ip_address

from models.flow_csv.values import MAX_VALUE, BadRow, is_number

NUMBER_REMEDY = "write it in digits without separators"
NEGATIVE_REMEDY = "leave the row out unless the right value is known"
RANGE_REMEDY = "make sure that no field is missing before it"

_MAX_ADDRESS = 64  # bytes: the longest IPv6 text has 45, a zone id is an interface name
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
    return [field.encode("latin-1") for field in fields]


def unusual_address(text: bytes, column: str) -> str:
    """The canonical text of any IP address; `address` in `values.py` says more.

    Raises:
        BadRow: it is none; `column` tells which.
    """
    try:
        if len(text) > _MAX_ADDRESS:
            raise ValueError
        parsed = ip_address(text.decode("ascii"))
    except ValueError as error:
        raise BadRow(f"{column} is not an IP address", "write one like 10.0.0.1 or 2001:db8::1") from error
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:  # Python 3.13 prints these as the RFC has it; earlier ones do not
        return f"::ffff:{parsed.ipv4_mapped}"
    return str(IPv6Address(int(parsed)))


def check_digits(text: bytes, column: str) -> None:
    """Makes sure that a number has the digits that it had before a spreadsheet saved it.

    Raises:
        BadRow: it may have been another; `column` tells which.
    """
    spreadsheet = _SPREADSHEET.fullmatch(text)
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
