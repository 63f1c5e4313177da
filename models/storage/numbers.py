"""Numbers as DynamoDB gives them: text, whole or not, some with an exponent (`120`, `1.2E+2`)."""

from decimal import Decimal, InvalidOperation

_EXPONENTS = 130  # of what DynamoDB stores, from 1E-130 to 9.99…E+125


def integer(text: str) -> int:
    """The whole number that a text stands for, exactly, however it is written.

    Raises:
        ValueError: it is not whole, or no number of DynamoDB.
    """
    try:
        return int(text)
    except ValueError:
        value = _number(text)
    whole = int(value)
    if whole != value:
        raise ValueError(f"{text!r} is no whole number")
    return whole


def without_exponent(text: str) -> str:
    """The same number, its digits written out.

    Raises:
        ValueError: it is no number of DynamoDB.
    """
    return format(_number(text), "f") if "E" in text.upper() else text


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no number") from None
    if not value.is_finite() or abs(value.adjusted()) > _EXPONENTS:
        raise ValueError(f"{text!r} is no number that DynamoDB stores")
    return value
